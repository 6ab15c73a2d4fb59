"""The inbox of facts: written once, in the order we learned them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store import customers
from lifeloop.store.transaction import Tx, dump, load
from lifeloop.store.values import AddedEvents, EventRow, StoredEvent

Id = tuple[str, str]
"""Source and message id."""

_COLUMNS = {
    "n": "integer",
    "source": "text",
    "message_id": "text",
    "customer_id": "bigint",
    "name": "text",
    "at": "bigint",
    "digest": "bigint",
    "body": "text",
}
_READ = "seq, customer_id, name, at, data, source, message_id, received_at"


def add(tx: Tx, rows: Sequence[EventRow], now: Instant) -> AddedEvents:
    """Write events under their customers' locks; a known id is a duplicate, or a conflict if its body differs.

    Under the lock the order of ``seq`` is the order of commits, so nobody can miss an event of one customer.
    """
    customers.lock(tx, [row.customer_id for row in rows])
    first: dict[Id, int] = {}
    for place, row in enumerate(rows):
        first.setdefault(_id(row), place)
    new = _insert(tx, [rows[place] for place in first.values()], now)
    known = _digests(tx, [key for key in first if key not in new])
    known |= {key: digest(rows[first[key]]) for key in new}
    again = [row for place, row in enumerate(rows) if _id(row) not in new or first[_id(row)] != place]
    return AddedEvents(
        tuple(sorted(new.values(), key=lambda event: event.seq)),
        tuple(row for row in again if digest(row) == known[_id(row)]),
        tuple(row for row in again if digest(row) != known[_id(row)]),
    )


def digest(row: EventRow) -> int:
    """Return 63 bits of what an event says, without the time where that is only our guess."""
    said = [row.customer_id, row.name, None if row.guessed_at else row.at, row.data]
    return int.from_bytes(blake2b(dump(said).encode(), digest_size=8).digest()) >> 1


def after(tx: Tx, seq: int, limit: int) -> tuple[StoredEvent, ...]:
    """Events learned after that one, in order."""
    question = f"SELECT {_READ} FROM event WHERE seq > :seq ORDER BY seq LIMIT :limit"
    return tuple(_read(row) for row in tx.ask(question, seq=seq, limit=limit))


def find(tx: Tx, source: str, message_id: str) -> StoredEvent | None:
    """One event by its own id."""
    question = f"SELECT {_READ} FROM event WHERE source = :source AND message_id = :message_id"
    rows = tx.ask(question, source=source, message_id=message_id)
    return _read(rows[0]) if rows else None


def of_customer(tx: Tx, customer_id: int, limit: int) -> tuple[StoredEvent, ...]:
    """What happened to one customer, in order; only the newest."""
    question = f"SELECT {_READ} FROM event WHERE customer_id = :customer ORDER BY at DESC, seq DESC LIMIT :limit"
    rows = tx.ask(question, customer=customer_id, limit=limit)
    return tuple(_read(row) for row in reversed(rows))


def named(tx: Tx, customer_id: int, name: str) -> tuple[StoredEvent, ...]:
    """All events of one name of one customer, as we learned them."""
    question = f"SELECT {_READ} FROM event WHERE customer_id = :customer AND name = :name ORDER BY seq"
    return tuple(_read(row) for row in tx.ask(question, customer=customer_id, name=name))


def _id(row: EventRow) -> Id:
    return row.source, row.message_id


def _read(row: Any) -> StoredEvent:
    data = load(row.data)
    return StoredEvent(row.seq, row.customer_id, row.name, row.at, data, row.source, row.message_id, row.received_at)


def _insert(tx: Tx, rows: Sequence[EventRow], now: Instant) -> dict[Id, StoredEvent]:
    made = tx.ask(
        "INSERT INTO event (source, message_id, customer_id, name, at, received_at, digest, data)"
        f" SELECT r.source, r.message_id, r.customer_id, r.name, r.at, :now, r.digest, {tx.json('r.body')}"
        f" FROM {tx.table(_COLUMNS)} WHERE true ORDER BY r.n"
        " ON CONFLICT (source, message_id) DO NOTHING RETURNING seq, source, message_id",
        rows=[_row(number, row) for number, row in enumerate(rows)],
        now=now,
    )
    seqs = {(row.source, row.message_id): row.seq for row in made}
    return {
        _id(row): StoredEvent(
            seqs[_id(row)], row.customer_id, row.name, row.at, row.data, row.source, row.message_id, now
        )
        for row in rows
        if _id(row) in seqs
    }


def _row(number: int, row: EventRow) -> dict[str, Any]:
    return {
        "n": number,
        "source": row.source,
        "message_id": row.message_id,
        "customer_id": row.customer_id,
        "name": row.name,
        "at": row.at,
        "digest": digest(row),
        "body": dump(row.data),
    }


def _digests(tx: Tx, keys: Sequence[Id]) -> dict[Id, int]:
    if not keys:
        return {}
    rows = tx.ask(
        f"SELECT e.source, e.message_id, e.digest FROM {tx.table({'source': 'text', 'message_id': 'text'})}"
        " JOIN event e ON e.source = r.source AND e.message_id = r.message_id",
        rows=[{"source": source, "message_id": message_id} for source, message_id in keys],
    )
    return {(row.source, row.message_id): row.digest for row in rows}
