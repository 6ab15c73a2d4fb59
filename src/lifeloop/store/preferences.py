"""How often a customer wants to hear from us, in their own words: less often, or not at all for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.store import customers
from lifeloop.store.transaction import Tx

Pace = Literal["weekly"]


@dataclass(frozen=True, slots=True)
class Wish:
    """``pace`` None: as often as the project says. ``paused_until``: nothing that needs consent before it."""

    pace: Pace | None = None
    paused_until: Instant | None = None


AS_IT_COMES = Wish()


def of_customers(tx: Tx, ids: Sequence[int]) -> Mapping[int, Wish]:
    """Wishes of those who have any."""
    rows = tx.ask(
        f"SELECT customer_id, pace, paused_until FROM preference WHERE {tx.among('customer_id', 'ids')}", ids=list(ids)
    )
    return {row.customer_id: Wish(row.pace, row.paused_until) for row in rows}


def of_customer(tx: Tx, customer_id: int) -> Wish:
    """Wishes of one."""
    return of_customers(tx, [customer_id]).get(customer_id, AS_IT_COMES)


def save(tx: Tx, customer_id: int, wish: Wish, now: Instant) -> None:
    """Write what they wish, under their lock, and look again at all that waits for them: it may leave sooner."""
    customers.lock(tx, [customer_id])
    tx.run(
        'INSERT INTO preference (customer_id, pace, paused_until, "at") VALUES (:id, :pace, :until, :now)'
        " ON CONFLICT (customer_id) DO UPDATE SET pace = excluded.pace, paused_until = excluded.paused_until,"
        " at = excluded.at",
        id=customer_id,
        pace=wish.pace,
        until=wish.paused_until,
        now=now,
    )
    tx.run(
        "UPDATE enrollment SET due_at = :now WHERE customer_id = :id AND status = 'waiting' AND due_at > :now",
        id=customer_id,
        now=now,
    )
    tx.run(
        "UPDATE message SET next_at = :now WHERE customer_id = :id AND status = 'ready' AND next_at > :now",
        id=customer_id,
        now=now,
    )
