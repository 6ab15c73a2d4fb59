"""What the inbox page asks of the place where mails are kept, and the store as that place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from lifeloop.store import customers, inbox
from lifeloop.store.opening import Store
from lifeloop.store.values import InboxFilter, InboxLine, InboxPerson, InboxTally, Rendered


class Mailbox(Protocol):
    """Kept mails, to be looked through. Nothing here changes anything."""

    def search(self, wanted: InboxFilter, *, offset: int, limit: int) -> Sequence[InboxLine]:
        """Return a stretch of the mails that fit, newest first."""
        ...

    def count(self, wanted: InboxFilter) -> int:
        """Return how many fit."""
        ...

    def find(self, message_id: str) -> tuple[InboxLine, Rendered] | None:
        """Return one mail as it was handed over."""
        ...

    def tally(self, wanted: InboxFilter) -> Sequence[InboxTally]:
        """Return how many fit, by day, journey and step."""
        ...

    def people(self, limit: int) -> Sequence[InboxPerson]:
        """Return customers whose mail is worth looking at, most journeys first."""
        ...

    def names(self, keys: Collection[str]) -> Mapping[str, str]:
        """Return how customers are called, by key."""
        ...


class StoredMailbox:
    """The store's ``rendered`` rows. Every question is a short transaction that only reads."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def search(self, wanted: InboxFilter, *, offset: int, limit: int) -> Sequence[InboxLine]:
        """Return a stretch of the mails that fit, newest first."""
        with self._store.reading() as tx:
            return inbox.search(tx, wanted, offset=offset, limit=limit)

    def count(self, wanted: InboxFilter) -> int:
        """Return how many fit."""
        with self._store.reading() as tx:
            return inbox.count(tx, wanted)

    def find(self, message_id: str) -> tuple[InboxLine, Rendered] | None:
        """Return one mail as it was handed over."""
        with self._store.reading() as tx:
            return inbox.find(tx, message_id)

    def tally(self, wanted: InboxFilter) -> Sequence[InboxTally]:
        """Return how many fit, by day, journey and step."""
        with self._store.reading() as tx:
            return inbox.tally(tx, wanted)

    def people(self, limit: int) -> Sequence[InboxPerson]:
        """Return customers whose mail is worth looking at, most journeys first."""
        with self._store.reading() as tx:
            return inbox.people(tx, limit)

    def names(self, keys: Collection[str]) -> Mapping[str, str]:
        """Return first and last name where they are known, else the key."""
        with self._store.reading() as tx:
            found = customers.find_keys(tx, sorted(keys))
        named = {key: _full_name(customer.data) for key, customer in found.items()}
        return {key: named.get(key) or key for key in keys}


def _full_name(data: Mapping[str, object]) -> str:
    parts = (data.get("first_name"), data.get("last_name"))
    return " ".join(part for part in parts if isinstance(part, str) and part)
