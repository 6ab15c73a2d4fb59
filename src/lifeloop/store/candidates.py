"""Who may enter, and from when: added, re-timed, claimed, and gone once decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.values import Candidate
from lifeloop.store import claims
from lifeloop.store.transaction import Tx, note
from lifeloop.store.transaction import load as load_json
from lifeloop.store.values import EVERYBODY, CandidateRow, NewCandidate, Shard

_COLUMNS = {
    "journey_id": "integer",
    "customer_id": "bigint",
    "due_at": "bigint",
    "trigger": "text",
    "subject": "text",
    "start": "text",
    "event_seq": "bigint",
    "object_key": "text",
}
_KEY = ("customer_id", "journey_id", "trigger", "subject")
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)
_UNIQUE = ", ".join(f'"{name}"' for name in _KEY)


def add(tx: Tx, rows: Sequence[NewCandidate]) -> int:
    """Write candidates; those already known are ignored. Returns how many are new."""
    return _insert(tx, _rows(tx, rows), f"ON CONFLICT ({_UNIQUE}) DO NOTHING")


def retime(tx: Tx, rows: Sequence[NewCandidate]) -> None:
    """Write date starts: the moment of a known one is replaced."""
    last = {(row.candidate.journey, row.customer_id, row.candidate.trigger, row.subject): row for row in rows}
    _insert(
        tx,
        _rows(tx, list(last.values())),
        f"ON CONFLICT ({_UNIQUE}) DO UPDATE SET due_at = excluded.due_at, start = excluded.start,"
        " event_seq = excluded.event_seq, object_key = excluded.object_key",
    )


def remove(tx: Tx, keys: Sequence[tuple[str, int, str, str]]) -> None:
    """Forget ``(journey, customer_id, trigger, subject)``.

    First found, then deleted: in one statement PostgreSQL, before it has counted a young table, compares all with all.
    """
    ids = tx.journey_ids([key[0] for key in keys])
    found = tx.ask(
        # CROSS JOIN: SQLite goes through the batch and looks each key up, and never the other way round.
        f"SELECT k.id FROM {tx.table({name: _COLUMNS[name] for name in _KEY})} CROSS JOIN candidate k"
        " WHERE r.customer_id = k.customer_id AND r.journey_id = k.journey_id"
        ' AND r."trigger" = k."trigger" AND r.subject = k.subject',
        rows=[
            {"customer_id": customer, "journey_id": ids[journey], "trigger": trigger, "subject": subject}
            for journey, customer, trigger, subject in keys
        ],
    )
    delete(tx, [row.id for row in found])


def claim_due(
    tx: Tx,
    journeys: Sequence[str] | None,
    now: Instant,
    limit: int,
    shard: Shard = EVERYBODY,
    *,
    customer: str | None = None,
    picked: claims.Picked = claims.ANY,
) -> tuple[CandidateRow, ...]:
    """Take those whose moment has come, earliest first, with their customers' locks. Paused journeys have none."""
    ids = claims.claim(tx, "candidate", now, limit, claims.Which(journeys, shard, customer=customer, picked=picked))
    return load(tx, ids) if ids else ()


def count_due(
    tx: Tx, journeys: Sequence[str] | None, now: Instant, shard: Shard = EVERYBODY, *, customer: str | None = None
) -> int:
    """How many may enter now."""
    return claims.count(tx, "candidate", now, claims.Which(journeys, shard, customer=customer))


def load(tx: Tx, ids: Sequence[int | str]) -> tuple[CandidateRow, ...]:
    """Candidates by id, earliest first."""
    return _load(tx, "k.id", ids)


def _load(tx: Tx, column: str, ids: Sequence[int | str]) -> tuple[CandidateRow, ...]:
    rows = tx.ask(
        "SELECT k.*, j.name AS journey, c.key FROM candidate k JOIN journey j ON j.id = k.journey_id"
        f" JOIN customer c ON c.id = k.customer_id WHERE {tx.among(column, 'ids')} ORDER BY k.due_at, k.id",
        ids=list(ids),
    )
    return tuple(_read(row) for row in rows)


def of_customer(tx: Tx, customer_id: int, journey: str | None = None) -> tuple[CandidateRow, ...]:
    """Where one customer may enter, the earliest first."""
    some = "" if journey is None else " AND j.name = :journey"
    rows = tx.ask(
        "SELECT k.id FROM candidate k JOIN journey j ON j.id = k.journey_id"
        f" WHERE k.customer_id = :customer{some} ORDER BY k.due_at, k.id",
        customer=customer_id,
        **({} if journey is None else {"journey": journey}),
    )
    return load(tx, [row.id for row in rows])


def of_customers(tx: Tx, ids: Sequence[int]) -> tuple[CandidateRow, ...]:
    """Where some customers may enter, the earliest first."""
    return _load(tx, "k.customer_id", ids)


def delete(tx: Tx, ids: Sequence[int]) -> None:
    """They were decided."""
    tx.run(f"DELETE FROM candidate WHERE {tx.among('id', 'ids')}", ids=list(ids))


def _insert(tx: Tx, rows: Sequence[tuple[Any, ...]], known: str) -> int:
    """Write rows of ``_COLUMNS`` each in the way that is the shortest there; ``known``: what to do with one we have."""
    if not tx.postgres:
        return tx.feed(f"INSERT INTO candidate ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))}) {known}", rows)
    return tx.run(
        f"INSERT INTO candidate ({_NAMES}) SELECT {_NAMES} FROM {tx.table(_COLUMNS)} {known}",
        rows=[dict(zip(_COLUMNS, row, strict=True)) for row in rows],
    )


def _rows(tx: Tx, rows: Sequence[NewCandidate]) -> list[tuple[Any, ...]]:
    ids = tx.journey_ids(list({row.candidate.journey for row in rows}))
    return [_row(ids[row.candidate.journey], row) for row in rows]


def _row(journey_id: int, row: NewCandidate) -> tuple[Any, ...]:
    """Return the values of ``_COLUMNS``."""
    one = row.candidate
    start = note(one.start) if one.start else None
    return journey_id, row.customer_id, one.due_at, one.trigger, row.subject, start, one.event_seq, one.object_key


def _read(row: Any) -> CandidateRow:
    start = load_json(row.start) if row.start else {}
    candidate = Candidate(row.journey, row.due_at, row.trigger, start, row.event_seq, row.object_key)
    return CandidateRow(row.id, row.customer_id, row.key, row.subject, candidate)
