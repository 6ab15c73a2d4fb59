"""Keys that let other systems write to us. Only their digests are here, so nobody can read a key out of a database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class WriteKeyRow:
    """One key. ``digest``: SHA-256, in hex; ``hint``: its last letters. ``expires_at`` past: it opens nothing.

    ``origins``: web pages that may use it from a browser. ``rate``: events a second; None: as many as come.
    ``signing``: ``env.NAME`` of the secret that every body must be signed with; None: none need be.
    """

    name: str
    digest: str
    hint: str
    scopes: tuple[str, ...]
    made_at: Instant
    origins: tuple[str, ...] = ()
    rate: int | None = None
    signing: str | None = None
    expires_at: Instant | None = None


def add(tx: Tx, row: WriteKeyRow) -> None:
    """Write a key."""
    tx.run(
        "INSERT INTO write_key (name, digest, hint, scopes, origins, rate, signing, made_at, expires_at)"
        " VALUES (:name, :digest, :hint, :scopes, :origins, :rate, :signing, :made_at, :expires_at)",
        name=row.name,
        digest=row.digest,
        hint=row.hint,
        scopes=" ".join(row.scopes),
        origins=" ".join(row.origins),
        rate=row.rate,
        signing=row.signing,
        made_at=row.made_at,
        expires_at=row.expires_at,
    )


def rows(tx: Tx) -> tuple[WriteKeyRow, ...]:
    """All keys, also those that open nothing any more, in the order in which they were made."""
    return tuple(_read(row) for row in tx.ask("SELECT * FROM write_key ORDER BY id"))


def expire(tx: Tx, name: str, at: Instant) -> int:
    """Let the keys of a name end then, unless they end before; returns how many that concerned."""
    return tx.run(
        "UPDATE write_key SET expires_at = :at WHERE name = :name AND (expires_at IS NULL OR expires_at > :at)",
        name=name,
        at=at,
    )


def _read(row: Any) -> WriteKeyRow:
    return WriteKeyRow(
        name=row.name,
        digest=row.digest,
        hint=row.hint,
        scopes=tuple(row.scopes.split()),
        made_at=row.made_at,
        origins=tuple(row.origins.split()),
        rate=row.rate,
        signing=row.signing,
        expires_at=row.expires_at,
    )
