"""The outbox, which is the ledger too: written, gated, handed over, settled, answered.

The claims and the fenced writes stand in ``outgoing``; they are called from here, so that there is one door.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.values import Record
from lifeloop.store import customers, enrollments
from lifeloop.store.ledger import READ, RECEIPTS, find, of_run, read
from lifeloop.store.outgoing import (
    NEVER_AGAIN,
    claim_ready,
    count_ready,
    halted,
    has_lost,
    load_gate_facts,
    mark,
    release_held,
    resolve,
    settle,
    sweep,
    uncertain,
)
from lifeloop.store.transaction import Tx, dump
from lifeloop.store.values import Attempt, Message, NewMessage, Receipt

__all__ = [
    "add",
    "answer",
    "attempts",
    "cancel_runs",
    "claim_ready",
    "count_ready",
    "find",
    "halted",
    "has_lost",
    "load_gate_facts",
    "mark",
    "of_customer",
    "of_run",
    "open_asks",
    "ready_before",
    "receipt",
    "release_held",
    "resolve",
    "settle",
    "sweep",
    "uncertain",
]

_COLUMNS = {
    "id": "text",
    "kind": "text",
    "enrollment_id": "bigint",
    "customer_id": "bigint",
    "journey_id": "integer",
    "node": "text",
    "visit": "integer",
    "name": "text",
    "channel": "text",
    "topic": "text",
    "counts": "boolean",
    "due_at": "bigint",
    "expires_at": "bigint",
    "data": "text",
}
_NAMES = ", ".join(_COLUMNS)


def add(tx: Tx, rows: Sequence[NewMessage], now: Instant) -> int:
    """Write messages; those already there are ignored. Returns how many are new."""
    ids = tx.journey_ids([row.journey for row in rows])
    made = tx.ask(
        f"INSERT INTO message ({_NAMES}, status, made_at, next_at)"
        f" SELECT {', '.join(f'r.{name}' for name in _COLUMNS)}, 'ready', :now, r.due_at"
        f" FROM {tx.table(_COLUMNS)} WHERE true ON CONFLICT (id) DO NOTHING RETURNING id",
        rows=[_row(row, ids[row.journey]) for row in rows],
        now=now,
    )
    return len(made)


def latest(tx: Tx, pairs: Sequence[tuple[int, str]]) -> dict[tuple[int, str], str]:
    """The id of the latest message of that name that left for that customer, where there is one."""
    rows = tx.ask(
        f"SELECT m.customer_id, m.name, m.id FROM message m JOIN {tx.table({'who': 'bigint', 'name': 'text'})}"
        " ON m.customer_id = r.who AND m.name = r.name WHERE m.kind = 'mail' AND m.sent_at IS NOT NULL"
        " ORDER BY m.sent_at, m.made_at",
        rows=[{"who": customer, "name": name} for customer, name in sorted(set(pairs))],
    )
    return {(row.customer_id, row.name): row.id for row in rows}


def receipt(tx: Tx, rows: Sequence[tuple[str, Receipt, Instant]]) -> tuple[Message, ...]:
    """Note that messages were opened, clicked, replied to or bounced; the first time stays."""
    first: dict[str, dict[str, Any]] = {}
    for id_, what, at in sorted(rows, key=lambda row: -row[2]):
        first.setdefault(id_, {"message": id_})[what] = at
    tx.run(
        f"UPDATE message SET {', '.join(f'{what}_at = coalesce({what}_at, r.{what})' for what in RECEIPTS)}"
        f" FROM {tx.table({'message': 'text'} | dict.fromkeys(RECEIPTS, 'bigint'))} WHERE id = r.message",
        rows=[first[id_] for id_ in sorted(first)],
    )
    return tuple(find(tx, list(first)).values())


def answer(tx: Tx, rows: Sequence[tuple[str, Record, Instant]]) -> tuple[Message, ...]:
    """Write answers of calls and asks and wake their runs; an answered one keeps its first answer.

    Returns those that were answered by this.
    """
    asked = find(tx, [id_ for id_, _, _ in rows])
    customers.lock(tx, [message.customer_id for message in asked.values()])
    written = tx.ask(
        f"UPDATE message SET answer = r.body, answered_at = r.moment"
        f" FROM {tx.table({'message': 'text', 'body': 'text', 'moment': 'bigint'})}"
        " WHERE id = r.message AND answered_at IS NULL RETURNING id, enrollment_id, answered_at",
        rows=[{"message": id_, "body": dump(data), "moment": at} for id_, data, at in sorted(rows, key=itemgetter(0))],
    )
    runs = [row.enrollment_id for row in written if row.enrollment_id is not None]
    if runs:
        enrollments.wake_runs(tx, runs, max(row.answered_at for row in written))
    return tuple(find(tx, [row.id for row in written]).values())


def open_asks(tx: Tx, who: str | None = None) -> tuple[Message, ...]:
    """Questions that wait for a person, oldest first; not those whose run has gone on or ended without an answer."""
    named = "" if who is None else " AND m.name = :who"
    rows = tx.ask(
        f"{READ} WHERE m.kind = 'ask' AND m.status = 'sent' AND m.answered_at IS NULL{named}"
        " AND EXISTS (SELECT 1 FROM enrollment AS r WHERE r.id = m.enrollment_id AND r.status = 'waiting'"
        " AND r.node = m.node AND r.visit = m.visit) ORDER BY m.sent_at, m.id",
        **({"who": who} if named else {}),
    )
    return tuple(read(row) for row in rows)


def ready_before(tx: Tx, journeys: Sequence[str], moment: Instant, limit: int) -> tuple[Message, ...]:
    """Messages of these journeys, resting or not, that may leave before a moment, the earliest first."""
    rows = tx.ask(
        f"{READ} WHERE {tx.among('j.name', 'names', 'text')} AND m.next_at < :moment ORDER BY m.next_at, m.id"
        " LIMIT :limit",
        names=list(journeys),
        moment=moment,
        limit=limit,
    )
    return tuple(read(row) for row in rows)


def of_customer(tx: Tx, customer_id: int, limit: int) -> tuple[Message, ...]:
    """Messages to one customer, the newest first."""
    rows = tx.ask(
        f"{READ} WHERE m.customer_id = :customer ORDER BY coalesce(m.sent_at, m.made_at) DESC, m.visit DESC, m.id"
        " LIMIT :limit",
        customer=customer_id,
        limit=limit,
    )
    return tuple(read(row) for row in rows)


def cancel_runs(tx: Tx, run_ids: Sequence[int], reason: str) -> int:
    """These runs ended: what was not handed over yet is not, and what is under way is not tried a second time."""
    return tx.run(
        "UPDATE message SET reason = CASE WHEN status IN ('ready', 'held') THEN :reason ELSE reason END,"
        " next_at = CASE WHEN status = 'ready' THEN NULL ELSE next_at END,"
        " expires_at = CASE WHEN status IN ('ready', 'held') THEN expires_at ELSE CAST(:never AS bigint) END,"
        " status = CASE WHEN status IN ('ready', 'held') THEN 'cancelled' ELSE status END"
        f" WHERE {tx.among('enrollment_id', 'runs')} AND status IN ('ready', 'held', 'attempting', 'uncertain')",
        runs=list(run_ids),
        reason=reason,
        never=NEVER_AGAIN,
    )


def attempts(tx: Tx, message_id: str) -> tuple[Attempt, ...]:
    """Every try of one message, in order."""
    rows = tx.ask("SELECT * FROM attempt WHERE message_id = :id ORDER BY fence", id=message_id)
    return tuple(Attempt(row.message_id, row.fence, row.at, row.outcome, row.reason, row.raw) for row in rows)


def _row(row: NewMessage, journey_id: int) -> dict[str, Any]:
    columns = {name: getattr(row, name) for name in _COLUMNS if name not in ("enrollment_id", "journey_id", "data")}
    data = dump(row.data) if row.data else None
    return {**columns, "enrollment_id": row.run_id, "journey_id": journey_id, "data": data}
