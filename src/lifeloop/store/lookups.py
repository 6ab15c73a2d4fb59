"""Questions that were asked of providers about messages whose answer was lost, and what came of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Asked:
    """The ``nth`` question about a message (from 1). ``said`` None: no answer was written."""

    message_id: str
    nth: int
    at: Instant
    said: str | None = None


def latest(tx: Tx, ids: Sequence[str]) -> dict[str, Asked]:
    """The last question about each of these messages, where there was one."""
    return {asked.message_id: asked for asked in of_messages(tx, ids)}


def of_messages(tx: Tx, ids: Sequence[str]) -> tuple[Asked, ...]:
    """Every question about some messages, in order."""
    rows = tx.ask(
        f"SELECT * FROM lookup WHERE {tx.among('message_id', 'ids', 'text')} ORDER BY message_id, nth", ids=list(ids)
    )
    return tuple(Asked(row.message_id, row.nth, row.at, row.said) for row in rows)


def claim(tx: Tx, rows: Sequence[Asked]) -> frozenset[str]:
    """Note that these are asked now; returns those messages that nobody else asks about at the same time."""
    made = tx.ask(
        f'INSERT INTO lookup (message_id, nth, "at") SELECT r.message_id, r.nth, r."at"'
        f" FROM {tx.table({'message_id': 'text', 'nth': 'integer', 'at': 'bigint'})} WHERE true"
        " ORDER BY r.message_id ON CONFLICT (message_id, nth) DO NOTHING RETURNING message_id",
        rows=[{"message_id": row.message_id, "nth": row.nth, "at": row.at} for row in rows],
    )
    return frozenset(row.message_id for row in made)


def answer(tx: Tx, rows: Sequence[Asked]) -> None:
    """Write what came of questions."""
    tx.run(
        f"UPDATE lookup SET said = r.word FROM {tx.table({'message': 'text', 'number': 'integer', 'word': 'text'})}"
        " WHERE message_id = r.message AND nth = r.number",
        rows=[{"message": row.message_id, "number": row.nth, "word": row.said} for row in rows],
    )


def disprove(tx: Tx, ids: Sequence[str], reason: str) -> None:
    """Tries of these messages that may have arrived are known not to have: they may be made again."""
    tx.run(
        "UPDATE attempt SET outcome = 'not_accepted', reason = :reason"
        f" WHERE outcome = 'uncertain' AND {tx.among('message_id', 'ids', 'text')}",
        ids=list(ids),
        reason=reason,
    )


def forget(tx: Tx, before: Instant) -> None:
    """Let go of questions asked before then."""
    tx.run('DELETE FROM lookup WHERE "at" < :before', before=before)
