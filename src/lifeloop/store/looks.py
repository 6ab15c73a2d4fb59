"""Whose membership of which segment must be worked out again, and when. Nobody else is ever looked at.

Whoever changes what a segment reads works it out in the same transaction, or marks it here in the same transaction;
so nothing is lost to commits that come in another order than their numbers. Time is a mark too: one row per customer
and segment says when the clock may change the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store import customers
from lifeloop.store.transaction import Tx

AGAIN = "ON CONFLICT (segment, customer_id) DO UPDATE SET due_at ="


def soon(tx: Tx, customer_ids: Sequence[int]) -> None:
    """Mark customers: something happened that any segment may read."""
    _mark(tx, f"SELECT DISTINCT s.name, c.id FROM segment s, customer c WHERE {tx.among('c.id', 'ids')}", customer_ids)


def soon_by_messages(tx: Tx, message_ids: Sequence[str]) -> None:
    """Mark the customers of messages that became other than they were, where a segment reads messages."""
    which = tx.among("m.id", "ids", "text")
    _mark(
        tx,
        "SELECT DISTINCT s.name, m.customer_id FROM segment s, message m"
        f" WHERE s.asks_messages = 1 AND m.kind = 'mail' AND {which}",
        message_ids,
    )


def soon_by_table(tx: Tx, name: str) -> None:
    """Mark everybody whose messages lie in a month that goes, where a segment reads messages."""
    which = f"SELECT DISTINCT s.name, m.customer_id FROM segment s, {name} m"
    _insert(tx, f"{which} WHERE s.asks_messages = 1 AND m.kind = 'mail'")


def claim(tx: Tx, now: Instant, limit: int) -> dict[str, tuple[int, ...]]:
    """Take marks that are due, with their customers' locks, and strike them off; returns whom to ask, by segment."""
    due = tx.ask(
        "SELECT segment, customer_id FROM segment_look WHERE due_at <= :now ORDER BY due_at LIMIT :limit"
        f" {tx.locked('FOR UPDATE SKIP LOCKED')}",
        now=now,
        limit=limit,
    )
    free = customers.lock_free(tx, [row.customer_id for row in due]) if due else frozenset()
    found: dict[str, list[int]] = {}
    for row in due:
        if row.customer_id in free:
            found.setdefault(row.segment, []).append(row.customer_id)
    for segment, ids in found.items():
        tx.run(
            f"DELETE FROM segment_look WHERE segment = :segment AND {tx.among('customer_id', 'ids')}",
            segment=segment,
            ids=ids,
        )
    return {segment: tuple(sorted(ids)) for segment, ids in sorted(found.items())}


def _mark(tx: Tx, which: str, ids: Sequence[int] | Sequence[str]) -> None:
    if ids:
        _insert(tx, which, ids=list(ids))


def _insert(tx: Tx, which: str, **values: Any) -> None:
    tx.run(
        f"INSERT INTO segment_look (segment, customer_id, due_at) SELECT w.*, 0 FROM ({which}) AS w"
        f" WHERE true ORDER BY 1, 2 {AGAIN} 0",
        **values,
    )
