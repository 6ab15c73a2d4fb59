"""The inbox of facts: written once, in the order we learned them."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import AddedEvents, EventRow, StoredEvent


def add(tx: Tx, rows: Sequence[EventRow], now: Instant) -> AddedEvents:
    """Write events under their customers' locks; a known id is a duplicate, or a conflict if its body differs."""
    raise NotImplementedError


def after(tx: Tx, seq: int, limit: int) -> tuple[StoredEvent, ...]:
    """Events learned after that one, in order."""
    raise NotImplementedError
