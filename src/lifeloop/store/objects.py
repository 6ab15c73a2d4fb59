"""The things of customers: contracts, orders, subscriptions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Change, ObjectRow, StoredObject


def upsert(tx: Tx, rows: Sequence[ObjectRow], now: Instant) -> tuple[Change, ...]:
    """Write things, merged by key, and tell what changed."""
    raise NotImplementedError


def delete(tx: Tx, keys: Sequence[tuple[int, str, str]], now: Instant) -> tuple[Change, ...]:
    """Remove ``(customer_id, kind, key)``; every attribute became unknown."""
    raise NotImplementedError


def of_customers(tx: Tx, ids: Sequence[int], kinds: Collection[str] | None = None) -> tuple[StoredObject, ...]:
    """All things of these customers."""
    raise NotImplementedError
