"""Keyed hashes of addresses: an erased address is known again when somebody names it, and cannot be read back."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256

from lifeloop.store.transaction import Tx

NAME = "erased"
SIGN = "~"
"""What a mark begins with; no address does."""


def key_of(tx: Tx, name: str = NAME) -> bytes | None:
    """Return the project's key of a name; None while there is none: for erased people, nobody was ever erased."""
    rows = tx.ask("SELECT value FROM project_key WHERE name = :name", name=name)
    return bytes.fromhex(rows[0].value) if rows else None


def keep_key(tx: Tx, made: bytes, name: str = NAME) -> bytes:
    """Return the project's key of a name, which is the given one if there was none."""
    if (known := key_of(tx, name)) is not None:
        return known
    tx.run(
        "INSERT INTO project_key (name, value) VALUES (:name, :value) ON CONFLICT (name) DO NOTHING",
        name=name,
        value=made.hex(),
    )
    found = key_of(tx, name)
    if found is None:
        raise LookupError("the key was written and is not there")
    return found


def plain(address: str) -> str:
    """Return an address as it is compared: in small letters, as both databases make them (ASCII only)."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in address.strip())


def mark(key: bytes, text: str) -> str:
    """Return what stands for an address or an id."""
    return SIGN + hmac.new(key, plain(text).encode(), sha256).hexdigest()


def erased_channels(tx: Tx, key: bytes, addresses: Mapping[int, Iterable[str]]) -> list[tuple[int, str]]:
    """Return customer and channel wherever an address is suppressed by its mark alone."""
    owners: dict[str, list[int]] = {}
    for who, theirs in addresses.items():
        for address in theirs:
            owners.setdefault(mark(key, address), []).append(who)
    rows = tx.ask(
        f"SELECT address, channel FROM suppression WHERE {tx.among('address', 'marks', 'text')}", marks=list(owners)
    )
    return [(who, row.channel) for row in rows for who in owners[row.address]]
