"""What pages and commands show: one customer's story, and counts."""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import JourneyCounts, TimelineItem


def of_customer(
    tx: Tx, customer_id: int, *, before: Instant | None = None, limit: int = 200
) -> tuple[TimelineItem, ...]:
    """Everything about one customer, newest first."""
    raise NotImplementedError


def counts(tx: Tx) -> tuple[JourneyCounts, ...]:
    """Where people and messages are, per journey."""
    raise NotImplementedError
