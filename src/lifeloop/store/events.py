"""The inbox of facts: written once, in the order we learned them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store import customers
from lifeloop.store.transaction import Rows, Tx, dump, load
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
    again = [place for place, row in enumerate(rows) if _id(row) not in new or first[_id(row)] != place]
    if not again:
        return AddedEvents(tuple(sorted(new.values(), key=_seq)))
    known = _digests(tx, [key for key in first if key not in new])
    known |= {key: digest(rows[first[key]]) for key in new}
    conflicts = tuple(place for place in again if not _is_same(rows[place], known[_id(rows[place])]))
    duplicates = tuple(place for place in again if place not in conflicts)
    return AddedEvents(tuple(sorted(new.values(), key=_seq)), duplicates, conflicts)


def digest(row: EventRow) -> int:
    """Return 63 bits of what an event says, without the time where that is only our guess."""
    return digest_for(row, row.customer_id, guessed_at=row.guessed_at)


def digest_for(row: EventRow, customer_id: int, *, guessed_at: bool) -> int:
    """Return the digest of the same event if it had happened to that customer."""
    return _digest(customer_id, row.name, None if guessed_at else row.at, dump(row.data))


def _digest(customer_id: int, name: str, at: Instant | None, body: str) -> int:
    """Return the digest of ``[customer_id, name, at, data]`` as JSON, put together of what is JSON already."""
    said = f"[{customer_id},{_quoted(name)},{'null' if at is None else at},{body}]"
    return int.from_bytes(blake2b(said.encode(), digest_size=8).digest()) >> 1


@lru_cache(maxsize=4096)
def _quoted(name: str) -> str:
    return dump(name)


def _is_same(row: EventRow, known: int) -> bool:
    """Tell whether an event says what is known; one whose time was a guess then may have one that is certain now."""
    return known in (digest(row), digest_for(row, row.customer_id, guessed_at=True))


def _seq(event: StoredEvent) -> int:
    return event.seq


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
    values = [_values(number, row) for number, row in enumerate(rows)]
    made = _insert_in_one(tx, values, now) if tx.postgres else _insert_alone(tx, values, now)
    seqs = {(row.source, row.message_id): row.seq for row in made}
    return {
        _id(row): StoredEvent(
            seqs[_id(row)], row.customer_id, row.name, row.at, row.data, row.source, row.message_id, now
        )
        for row in rows
        if _id(row) in seqs
    }


def _insert_in_one(tx: Tx, values: Sequence[tuple[Any, ...]], now: Instant) -> Rows:
    return tx.ask(
        "INSERT INTO event (source, message_id, customer_id, name, at, received_at, digest, data)"
        f" SELECT r.source, r.message_id, r.customer_id, r.name, r.at, :now, r.digest, {tx.json('r.body')}"
        f" FROM {tx.table(_COLUMNS)} WHERE true ORDER BY r.n"
        " ON CONFLICT (source, message_id) DO NOTHING RETURNING seq, source, message_id",
        rows=[dict(zip(_COLUMNS, row, strict=True)) for row in values],
        now=now,
    )


def _insert_alone(tx: Tx, values: Sequence[tuple[Any, ...]], now: Instant) -> Rows:
    """Write as SQLite does it fastest, row by row: nobody else writes now, so what is newer than before is ours."""
    before = tx.ask("SELECT coalesce(max(seq), 0) AS seq FROM event")[0].seq
    tx.feed(
        "INSERT INTO event (source, message_id, customer_id, name, at, digest, data, received_at)"
        f" VALUES (?, ?, ?, ?, ?, ?, ?, {int(now)}) ON CONFLICT (source, message_id) DO NOTHING",
        [row[1:] for row in values],
    )
    return tx.ask("SELECT seq, source, message_id FROM event WHERE seq > :before ORDER BY seq", before=before)


def _values(number: int, row: EventRow) -> tuple[Any, ...]:
    """Return the values of ``_COLUMNS``."""
    body = dump(row.data)
    digest = _digest(row.customer_id, row.name, None if row.guessed_at else row.at, body)
    return number, row.source, row.message_id, row.customer_id, row.name, row.at, digest, body


def _digests(tx: Tx, keys: Sequence[Id]) -> dict[Id, int]:
    if not keys:
        return {}
    rows = tx.ask(
        f"SELECT e.source, e.message_id, e.digest FROM {tx.table({'source': 'text', 'message_id': 'text'})}"
        " JOIN event e ON e.source = r.source AND e.message_id = r.message_id",
        rows=[{"source": source, "message_id": message_id} for source, message_id in keys],
    )
    return {(row.source, row.message_id): row.digest for row in rows}
