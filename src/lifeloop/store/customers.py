"""Customers: written in batches, merged, and what changed told back."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Assign, Change, Customer, CustomerRow, Upserted


def upsert(tx: Tx, rows: Sequence[CustomerRow], now: Instant) -> Upserted:
    """Write customers by key and tell what changed; locks them in order of id."""
    raise NotImplementedError


def set_data(tx: Tx, assigns: Sequence[Assign], now: Instant) -> tuple[Change, ...]:
    """Carry out the engine's ``SetData`` effects, on customers and objects, in a batch."""
    raise NotImplementedError


def find(tx: Tx, ids: Sequence[int]) -> dict[int, Customer]:
    """Customers by the store's id."""
    raise NotImplementedError


def find_keys(tx: Tx, keys: Sequence[str]) -> dict[str, Customer]:
    """Customers by their own key."""
    raise NotImplementedError


def find_email(tx: Tx, email: str) -> tuple[Customer, ...]:
    """Customers with that address, whatever its case."""
    raise NotImplementedError


def lock(tx: Tx, ids: Sequence[int]) -> None:
    """Take the customers' locks in order of id, waiting for them; every writer about a customer does."""
    raise NotImplementedError


def count(tx: Tx) -> int:
    """How many there are."""
    raise NotImplementedError


def page(tx: Tx, after: int, limit: int) -> tuple[Customer, ...]:
    """The next customers by id: for batches over everybody."""
    raise NotImplementedError
