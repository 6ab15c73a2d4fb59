"""Rows of the outbox read back as messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lifeloop.store.transaction import Tx, load
from lifeloop.store.values import Message, Receipt

RECEIPTS: tuple[Receipt, ...] = ("opened", "clicked", "replied", "bounced", "delivered", "complained")
READ = (
    "SELECT m.*, c.key, j.name AS journey, p.digest AS plan FROM message m JOIN customer c ON c.id = m.customer_id"
    " JOIN journey j ON j.id = m.journey_id LEFT JOIN enrollment e ON e.id = m.enrollment_id"
    " LEFT JOIN plan p ON p.id = e.plan_id"
)
_SAME = tuple(
    name for name in Message.__dataclass_fields__ if name not in ("run_id", "counts", "data", "answer", "receipts")
)


def find(tx: Tx, ids: Sequence[str]) -> dict[str, Message]:
    """Messages by id, earliest due first."""
    rows = tx.ask(f"{READ} WHERE {tx.among('m.id', 'ids', 'text')} ORDER BY m.next_at, m.id", ids=list(ids))
    return {row.id: read(row) for row in rows}


def by_provider(tx: Tx, provider_ids: Sequence[str]) -> dict[str, str]:
    """Our ids of messages by what their providers call them; where one name stands for several, none of them."""
    rows = tx.ask(
        f"SELECT provider_id, min(id) AS id FROM message WHERE {tx.among('provider_id', 'ids', 'text')}"
        " AND provider_id IS NOT NULL GROUP BY provider_id HAVING count(*) = 1",
        ids=sorted(set(provider_ids)),
    )
    return {row.provider_id: row.id for row in rows}


def of_run(tx: Tx, run_id: int) -> tuple[Message, ...]:
    """All messages of one run, oldest first."""
    rows = tx.ask(f"{READ} WHERE m.enrollment_id = :run ORDER BY m.made_at, m.visit, m.id", run=run_id)
    return tuple(read(row) for row in rows)


def read(row: Any) -> Message:
    """Make a message of a row of ``READ``."""
    return Message(
        **{name: getattr(row, name) for name in _SAME},
        run_id=row.enrollment_id,
        counts=bool(row.counts),
        data=load(row.data) if row.data else {},
        answer=load(row.answer) if row.answer else None,
        receipts={what: at for what in RECEIPTS if (at := getattr(row, f"{what}_at")) is not None},
    )


def topics(tx: Tx, customer_id: int) -> tuple[str, ...]:
    """All topics that were ever written to somebody about."""
    rows = tx.ask("SELECT DISTINCT topic FROM message WHERE customer_id = :id ORDER BY topic", id=customer_id)
    return tuple(row.topic for row in rows if row.topic)


def starting_with(tx: Tx, customer_id: int, start: str) -> str | None:
    """The message of somebody whose id begins so; None when it was forgotten."""
    rows = tx.ask(
        "SELECT id FROM message WHERE customer_id = :who AND substr(id, 1, :length) = :start ORDER BY id LIMIT 1",
        who=customer_id,
        length=len(start),
        start=start,
    )
    return str(rows[0].id) if rows else None
