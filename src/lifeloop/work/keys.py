"""Write keys: made and shown once, exchanged with an overlap, taken back; and known again by their digest alone."""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from time import monotonic
from typing import Literal, get_args

from lifeloop.clock import Instant
from lifeloop.store import write_keys
from lifeloop.store.write_keys import WriteKeyRow
from lifeloop.work.workspace import Workspace

Scope = Literal["track", "identify", "answer", "admin"]
"""What a key may do: send events; say who customers are and what they have; answer questions; all of it."""
SCOPES: tuple[Scope, ...] = get_args(Scope)
USUAL: tuple[Scope, ...] = ("track", "identify")
LETTERS = string.digits + string.ascii_letters
LENGTH = 22
"""Letters drawn for a key: 131 bits, which nobody tries out."""
HINT = 4
FRESH = 1.0
"""Seconds for which what is known of keys is believed: a key taken back opens nothing after them."""


class KeyExists(ValueError):  # noqa: N818  # it reads as what it says
    """There is a key of that name already."""


class NoSuchKey(LookupError):  # noqa: N818  # the same
    """There is no key of that name that still opens anything."""


def add(
    space: Workspace,
    name: str,
    *,
    scopes: Sequence[Scope] = USUAL,
    origins: Sequence[str] = (),
    rate: int | None = None,
    signing: str | None = None,
) -> str:
    """Make a key and return it: this is the only time that anybody sees it.

    Raises:
        KeyExists: one of that name is in use; to exchange it is another act.
    """
    key, now = _drawn(space), space.clock.now()
    row = WriteKeyRow(name, digest_of(key), key[-HINT:], tuple(scopes), now, tuple(origins), rate, signing)
    with space.store.transaction() as tx:
        if any(one.name == name and _opens(one, now) for one in write_keys.rows(tx)):
            raise KeyExists(name)
        write_keys.add(tx, row)
    return key


def rotate(space: Workspace, name: str, until: Instant) -> str:
    """Make a new key of that name and return it; the ones before it hold ``until`` then.

    Raises:
        NoSuchKey: there is none to exchange.
    """
    key, now = _drawn(space), space.clock.now()
    with space.store.transaction() as tx:
        present = [one for one in write_keys.rows(tx) if one.name == name and _opens(one, now)]
        if not present:
            raise NoSuchKey(name)
        write_keys.expire(tx, name, until)
        fresh = replace(present[-1], digest=digest_of(key), hint=key[-HINT:], made_at=now, expires_at=None)
        write_keys.add(tx, fresh)
    return key


def revoke(space: Workspace, name: str) -> int:
    """Let all keys of a name open nothing any more; returns how many did.

    Raises:
        NoSuchKey: there was none.
    """
    with space.store.transaction() as tx:
        count = write_keys.expire(tx, name, space.clock.now())
    if not count:
        raise NoSuchKey(name)
    return count


def listed(space: Workspace) -> tuple[WriteKeyRow, ...]:
    """Return all keys there are and were, without what they are."""
    with space.store.reading() as tx:
        return write_keys.rows(tx)


def digest_of(key: str) -> str:
    """Return what stands for a key. It is random and long, so that one quick hash is enough."""
    return sha256(key.encode()).hexdigest()


def allows(row: WriteKeyRow, scope: Scope) -> bool:
    """Tell whether a key may do that."""
    return scope in row.scopes or "admin" in row.scopes


@dataclass(slots=True)
class Ring:
    """The keys that open something now, by digest, as they were a moment ago."""

    space: Workspace
    _known: Mapping[str, WriteKeyRow] = field(default_factory=dict)
    _found: dict[str, WriteKeyRow] = field(default_factory=dict)
    """Keys that were found since they were read, by themselves: one that is sent all the time is hashed once."""
    _read_at: float = -FRESH  # never yet

    @property
    def age(self) -> float:
        """Seconds since the keys were read."""
        return monotonic() - self._read_at

    def refresh(self) -> None:
        """Read the keys again."""
        began, now = monotonic(), self.space.clock.now()
        self._known = {row.digest: row for row in listed(self.space) if _opens(row, now)}
        self._found = {}
        self._read_at = began

    def find(self, key: str) -> WriteKeyRow | None:
        """Return a key that opens something. Digests are looked up, so time says nothing about what is right."""
        before = self._found  # taken before what is known: keys read meanwhile come with an empty one
        found = before.get(key) or self._known.get(digest_of(key))
        if found is not None:
            before[key] = found
        return found

    def origins(self) -> frozenset[str]:
        """Return the web pages that may use any key."""
        return frozenset(origin for row in self._known.values() for origin in row.origins)


def _drawn(space: Workspace) -> str:
    word = "live" if space.catalogue.environment == "production" else "test"
    return f"wk_{word}_{''.join(secrets.choice(LETTERS) for _ in range(LENGTH))}"


def _opens(row: WriteKeyRow, now: Instant) -> bool:
    return row.expires_at is None or now < row.expires_at
