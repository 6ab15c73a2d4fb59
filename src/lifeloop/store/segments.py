"""Who is in which segment, and who joined or left."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.journey.condition import Condition
from lifeloop.store.conditions import Reading
from lifeloop.store.transaction import Tx


def refresh(
    tx: Tx, segment: str, condition: Condition, reading: Reading, *, customer_ids: Sequence[int] | None = None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Work out a segment in SQL; returns who joined and who left since the last time."""
    raise NotImplementedError


def members(tx: Tx, segment: str) -> tuple[int, ...]:
    """Who is in it."""
    raise NotImplementedError


def select(tx: Tx, condition: Condition, reading: Reading, *, after: int = 0, limit: int = 1000) -> tuple[int, ...]:
    """Customers for whom a condition holds, paged by id."""
    raise NotImplementedError
