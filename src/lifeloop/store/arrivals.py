"""Ids of what arrived that is no event, and what came again under an id that stood for something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx

KEPT = 30 * 86_400
"""Seconds that ids and refusals are known: longer than anybody tries again."""
LONGEST = 32 * 1024
"""Letters of what was refused that are kept to be looked at."""
Id = tuple[str, str]
"""Source and message id."""
_ARRIVAL = {"n": "integer", "source": "text", "message_id": "text", "digest": "bigint"}
_REFUSAL = {
    "source": "text",
    "message_id": "text",
    "digest": "bigint",
    "customer": "text",
    "name": "text",
    "body": "text",
}


@dataclass(frozen=True, slots=True)
class NewRefusal:
    """What is refused, to write. ``customer``: the id the company gave, of somebody who is known."""

    source: str
    message_id: str
    digest: int
    customer: str
    name: str
    body: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused: under which id, whom it was about, what it said, when first, and how often since."""

    source: str
    message_id: str
    customer: str
    name: str
    at: Instant
    times: int
    body: str


def add(tx: Tx, rows: Sequence[tuple[Id, int]], now: Instant) -> dict[Id, int]:
    """Write ids with the digests of what they stand for; returns what was there already, as it was."""
    made = tx.ask(
        "INSERT INTO arrival (source, key, digest, received_at)"
        f" SELECT r.source, r.message_id, r.digest, :now FROM {tx.table(_ARRIVAL)} WHERE true"
        " ORDER BY r.source, r.message_id, r.n ON CONFLICT (source, key) DO NOTHING RETURNING source, key",
        rows=[
            {"n": number, "source": source, "message_id": message_id, "digest": digest}
            for number, ((source, message_id), digest) in enumerate(rows)
        ],
        now=now,
    )
    new = {(row.source, row.key) for row in made}
    known = [id_ for id_, _ in rows if id_ not in new]
    return _digests(tx, known) if known else {}


def refuse(tx: Tx, rows: Sequence[NewRefusal], now: Instant) -> None:
    """Keep what was refused; the same again is counted."""
    once = {(row.source, row.message_id, row.digest): row for row in rows}
    tx.run(
        'INSERT INTO refusal (source, message_id, digest, customer_id, name, "at", times, body)'
        " SELECT r.source, r.message_id, r.digest, c.id, r.name, :now, 1, r.body"
        f" FROM {tx.table(_REFUSAL)} JOIN customer c ON c.key = r.customer WHERE true"
        " ON CONFLICT (source, message_id, digest) DO UPDATE SET times = refusal.times + 1",
        rows=[{name: getattr(row, name) for name in _REFUSAL} | {"body": row.body[:LONGEST]} for row in once.values()],
        now=now,
    )


def refused(tx: Tx, limit: int) -> tuple[Refusal, ...]:
    """Return what was refused, the newest first."""
    rows = tx.ask(
        'SELECT f.source, f.message_id, c.key, f.name, f."at", f.times, f.body FROM refusal f'
        ' JOIN customer c ON c.id = f.customer_id ORDER BY f."at" DESC, f.source, f.message_id LIMIT :limit',
        limit=limit,
    )
    return tuple(Refusal(*row) for row in rows)


def forget(tx: Tx, now: Instant) -> None:
    """Let go of what is older than anybody tries again."""
    tx.run("DELETE FROM arrival WHERE received_at < :then", then=now - KEPT)
    tx.run('DELETE FROM refusal WHERE "at" < :then', then=now - KEPT)


def _digests(tx: Tx, ids: Sequence[Id]) -> dict[Id, int]:
    rows = tx.ask(
        f"SELECT a.source, a.key, a.digest FROM {tx.table({'source': 'text', 'message_id': 'text'})}"
        " JOIN arrival a ON a.source = r.source AND a.key = r.message_id",
        rows=[{"source": source, "message_id": message_id} for source, message_id in ids],
    )
    return {(row.source, row.key): row.digest for row in rows}
