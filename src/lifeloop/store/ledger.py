"""Rows of the outbox read back as messages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store import months
from lifeloop.store.transaction import Tx, load
from lifeloop.store.values import Message, Receipt

RECEIPTS: tuple[Receipt, ...] = ("opened", "clicked", "replied", "bounced", "delivered", "complained")
_ELSEWHERE = {
    "run_id": "m.enrollment_id",
    "key": "c.key",
    "journey": "j.name",
    "plan": "p.digest",
    "receipts": "NULL",
}
_NAMED = ", ".join(f"{_ELSEWHERE.get(name, f'm.{name}')} AS {name}" for name in Message._fields)
READ = (
    f"SELECT {_NAMED}, {', '.join(f'm.{what}_at' for what in RECEIPTS)} FROM message m"
    " JOIN customer c ON c.id = m.customer_id"
    " JOIN journey j ON j.id = m.journey_id LEFT JOIN enrollment e ON e.id = m.enrollment_id"
    " LEFT JOIN plan p ON p.id = e.plan_id"
)
_WIDTH = len(Message._fields)


def find(tx: Tx, ids: Sequence[str]) -> dict[str, Message]:
    """Messages by id, earliest due first."""
    only, values = months.between(tx, "m.id", ids)
    which = f"WHERE {tx.among('m.id', 'ids', 'text')}{only}"
    rows = tx.ask(f"{READ} {which} ORDER BY m.next_at, m.id", ids=list(ids), **values)
    return {row.id: read(row) for row in rows}


def by_provider(tx: Tx, provider_ids: Sequence[str]) -> dict[str, str]:
    """Our ids of messages by what their providers call them; where one name stands for several, none of them."""
    rows = tx.ask(
        f"SELECT provider_id, min(id) AS id FROM message WHERE {tx.among('provider_id', 'ids', 'text')}"
        " AND provider_id IS NOT NULL GROUP BY provider_id HAVING count(*) = 1",
        ids=sorted(set(provider_ids)),
    )
    return {row.provider_id: row.id for row in rows}


def latest_to(tx: Tx, channel: str, customer_ids: Collection[int], since: Instant) -> dict[int, str]:
    """The id of the latest message to each of these customers on a channel that left since then, where there is one."""
    rows = tx.ask(
        f"SELECT m.customer_id, m.id FROM message m WHERE {tx.among('m.customer_id', 'ids')} AND m.channel = :channel"
        " AND m.kind = 'mail' AND m.sent_at >= :since ORDER BY m.sent_at, m.made_at, m.id",
        ids=sorted(customer_ids),
        channel=channel,
        since=since,
    )
    return {row.customer_id: row.id for row in rows}


def of_run(tx: Tx, run_id: int) -> tuple[Message, ...]:
    """All messages of one run, oldest first."""
    rows = tx.ask(f"{READ} WHERE m.enrollment_id = :run ORDER BY m.made_at, m.visit, m.id", run=run_id)
    return tuple(read(row) for row in rows)


def read(row: Any) -> Message:
    """Make a message of a row of ``READ``."""
    found = Message._make(row[:_WIDTH])
    return found._replace(
        counts=bool(found.counts),
        data=load(found.data) if found.data else {},
        answer=load(found.answer) if found.answer else None,
        receipts={what: at for what, at in zip(RECEIPTS, row[_WIDTH:], strict=True) if at is not None},
    )


def topics(tx: Tx, customer_id: int) -> tuple[str, ...]:
    """All topics that were ever written to somebody about."""
    rows = tx.ask("SELECT DISTINCT topic FROM message WHERE customer_id = :id ORDER BY topic", id=customer_id)
    return tuple(row.topic for row in rows if row.topic)


def named(tx: Tx, customer_id: int, part: str) -> str | None:
    """The message of somebody whose id ends so, or begins so, as older links say it; None when it was forgotten."""
    rows = tx.ask(
        "SELECT id FROM message WHERE customer_id = :who AND :part IN (substr(id, length(id) - :letters + 1),"
        " substr(id, 1, :letters)) ORDER BY id LIMIT 1",
        who=customer_id,
        letters=len(part),
        part=part,
    )
    return str(rows[0].id) if rows else None
