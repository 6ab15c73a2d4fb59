"""Other runs and messages of the same customers: who may want the same moment, and who is putting something right."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Rival:
    """A run on its way, or a message that is ready (``message``: its id). ``rests``: its journey is paused."""

    customer_id: int
    plan: str
    node: str | None
    due_at: Instant
    run_id: int | None = None
    reached: bool = False
    rests: bool = False
    message: str | None = None


def running(tx: Tx, customers: Sequence[int], journeys: Collection[str]) -> tuple[Rival, ...]:
    """Return the runs on their way of these customers in some journeys."""
    rows = tx.ask(
        "SELECT e.id, e.customer_id, e.node, e.due_at, e.converted_at, j.paused_at, p.digest FROM enrollment e"
        " JOIN journey j ON j.id = e.journey_id JOIN plan p ON p.id = e.plan_id"
        f" WHERE {tx.among('e.customer_id', 'ids')} AND e.status = 'waiting' AND {tx.among('j.name', 'names', 'text')}"
        " ORDER BY e.id",
        ids=sorted(set(customers)),
        names=sorted(journeys),
    )
    return tuple(
        Rival(
            row.customer_id,
            row.digest,
            row.node,
            row.due_at,
            run_id=row.id,
            reached=row.converted_at is not None,
            rests=row.paused_at is not None,
        )
        for row in rows
    )


def decided(tx: Tx, customers: Sequence[int], journeys: Collection[str]) -> tuple[Rival, ...]:
    """Return the messages of some journeys to these customers that are ready and that gaps and limits count."""
    rows = tx.ask(
        "SELECT m.id, m.customer_id, m.node, m.next_at, p.digest FROM message m"
        " JOIN journey j ON j.id = m.journey_id JOIN enrollment e ON e.id = m.enrollment_id"
        f" JOIN plan p ON p.id = e.plan_id WHERE {tx.among('m.customer_id', 'ids')} AND m.status = 'ready'"
        f" AND m.kind = 'mail' AND m.counts AND j.paused_at IS NULL AND {tx.among('j.name', 'names', 'text')}"
        " ORDER BY m.id",
        ids=sorted(set(customers)),
        names=sorted(journeys),
    )
    return tuple(Rival(row.customer_id, row.digest, row.node, row.next_at, message=row.id) for row in rows)
