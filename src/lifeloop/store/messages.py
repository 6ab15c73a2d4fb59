"""The outbox, which is the ledger too: written, gated, handed over, settled, answered.

The claims and the fenced writes stand in ``outgoing``; they are called from here, so that there is one door.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.values import Record
from lifeloop.store import customers, enrollments, looks, months
from lifeloop.store.ledger import READ, RECEIPTS, find, of_run, read
from lifeloop.store.outgoing import (
    NEVER_AGAIN,
    claim_ready,
    count_ready,
    halted,
    has_lost,
    load_gate_facts,
    mark,
    resolve,
    settle,
    sweep,
    uncertain,
)
from lifeloop.store.transaction import Tx, dump, note
from lifeloop.store.values import Attempt, Message, NewMessage, Receipt

__all__ = [
    "add",
    "answer",
    "attempts",
    "cancel_behind",
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
    "status": "text",
    "made_at": "bigint",
    "next_at": "bigint",
}
_CANCEL = (
    "UPDATE message SET reason = CASE WHEN status IN ('ready', 'held') THEN :reason ELSE reason END,"
    " next_at = CASE WHEN status = 'ready' THEN NULL ELSE next_at END,"
    " expires_at = CASE WHEN status IN ('ready', 'held') THEN expires_at ELSE CAST(:never AS bigint) END,"
    " status = CASE WHEN status IN ('ready', 'held') THEN 'cancelled' ELSE status END"
)
_NOT_OVER = " AND status IN ('ready', 'held', 'attempting', 'uncertain')"
_OPEN_ASK = (
    "m.kind = 'ask' AND m.answered_at IS NULL AND EXISTS (SELECT 1 FROM enrollment AS r WHERE r.id = m.enrollment_id"
    " AND r.status = 'waiting' AND r.node = m.node AND r.visit = m.visit)"
)


def add(tx: Tx, rows: Sequence[NewMessage], now: Instant) -> int:
    """Write messages; those already there are ignored. Returns how many are new."""
    ids = tx.journey_ids([row.journey for row in rows])
    new = tx.insert_new("message", _COLUMNS, [_row(row, ids[row.journey], now) for row in rows])
    looks.soon_by_messages(tx, [row.id for row in rows])
    return new


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
    only, values = months.within(tx, "id", first)
    tx.run(
        f"UPDATE message SET {', '.join(f'{what}_at = coalesce({what}_at, r.{what})' for what in RECEIPTS)}"
        f" FROM {tx.table({'message': 'text'} | dict.fromkeys(RECEIPTS, 'bigint'))} WHERE id = r.message{only}",
        rows=[first[id_] for id_ in sorted(first)],
        **values,
    )
    looks.soon_by_messages(tx, list(first))
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
    """Questions that wait for a person, oldest first; not those whose run has gone on or ended without an answer.

    How the mail that asks fared does not matter: a question can be answered in other ways, too.
    """
    named = "" if who is None else " AND m.name = :who"
    rows = tx.ask(f"{READ} WHERE {_OPEN_ASK}{named} ORDER BY m.made_at, m.id", **({"who": who} if named else {}))
    return tuple(read(row) for row in rows)


def is_open_ask(tx: Tx, message_id: str) -> bool:
    """Tell whether a question still waits for a person."""
    return bool(tx.ask(f"SELECT 1 FROM message AS m WHERE {_OPEN_ASK} AND m.id = :id", id=message_id))


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
    which = f" WHERE {tx.among('enrollment_id', 'runs')}"
    return _cancel(tx, which, runs=list(run_ids), reason=reason)


def cancel_behind(tx: Tx, last: Mapping[int, int], reason: str) -> int:
    """These runs ended at a visit: as ``cancel_runs``, for what they decided after it."""
    which = f" FROM {tx.table({'run': 'bigint', 'last': 'integer'})} WHERE enrollment_id = r.run AND visit > r.last"
    rows = [{"run": run, "last": visit} for run, visit in sorted(last.items())]
    return _cancel(tx, which, rows=rows, reason=reason)


def _cancel(tx: Tx, which: str, **values: Any) -> int:
    gone = tx.ask(f"{_CANCEL}{which}{_NOT_OVER} RETURNING id", never=NEVER_AGAIN, **values)
    looks.soon_by_messages(tx, [row.id for row in gone])
    return len(gone)


def attempts(tx: Tx, message_id: str) -> tuple[Attempt, ...]:
    """Every try of one message, in order."""
    rows = tx.ask("SELECT * FROM attempt WHERE message_id = :id ORDER BY fence", id=message_id)
    return tuple(Attempt(row.message_id, row.fence, row.at, row.outcome, row.reason, row.raw) for row in rows)


def _row(row: NewMessage, journey_id: int, now: Instant) -> tuple[Any, ...]:
    id_, kind, run, customer, _, node, visit, name, due_at, channel, topic, counts, expires_at, data = row
    body = note(data) if data else None
    about = (id_, kind, run, customer, journey_id, node, visit, name, channel, topic, counts)
    return (*about, due_at, expires_at, body, "ready", now, due_at)
