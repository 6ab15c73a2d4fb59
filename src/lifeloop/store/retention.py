"""Letting go of history that is older than a project keeps it, a few rows at a time."""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store import looks
from lifeloop.store.transaction import Tx

OPEN = "('ready', 'attempting', 'uncertain', 'held')"


def forget_texts(tx: Tx, before: Instant, limit: int) -> int:
    """Delete messages word for word that were handed over before then; that they were sent stays known."""
    return tx.run(
        "DELETE FROM rendered WHERE message_id IN"
        ' (SELECT message_id FROM rendered WHERE "at" < :before ORDER BY "at" LIMIT :limit)',
        before=before,
        limit=limit,
    )


def forget_events(tx: Tx, before: Instant, limit: int) -> int:
    """Delete events that came before then, unless a journey that somebody is in, or may enter, can still read them."""
    gone = tx.ask(
        "DELETE FROM event WHERE seq IN (SELECT v.seq FROM event v WHERE v.received_at < :before"
        ' AND v."at" < :before AND NOT EXISTS (SELECT 1 FROM candidate k WHERE k.customer_id = v.customer_id'
        " AND k.event_seq = v.seq) AND NOT EXISTS (SELECT 1 FROM enrollment e"
        " WHERE e.customer_id = v.customer_id AND e.status = 'waiting' AND e.started_at <= v.received_at)"
        " ORDER BY v.seq LIMIT :limit) RETURNING customer_id",
        before=before,
        limit=limit,
    )
    looks.soon(tx, [row.customer_id for row in gone])
    return len(gone)


def forget_attempts(tx: Tx, before: Instant, limit: int) -> int:
    """Delete tries made before then of messages that are settled."""
    return _delete_pairs(
        tx,
        "attempt",
        ("message_id", "fence"),
        f"SELECT a.message_id, a.fence FROM attempt a JOIN message m ON m.id = a.message_id"
        f' WHERE a."at" < :before AND m.status NOT IN {OPEN} LIMIT :limit',
        before,
        limit,
    )


def forget_visits(tx: Tx, before: Instant, limit: int) -> int:
    """Delete the steps of runs that ended before then; that they ran, and how they ended, stays known."""
    return _delete_pairs(
        tx,
        "visit",
        ("enrollment_id", "seq"),
        "SELECT v.enrollment_id, v.seq FROM enrollment e JOIN visit v ON v.enrollment_id = e.id"
        " WHERE e.status <> 'waiting' AND e.since < :before LIMIT :limit",
        before,
        limit,
    )


def _delete_pairs(tx: Tx, table: str, keys: tuple[str, str], which: str, before: Instant, limit: int) -> int:
    return tx.run(f"DELETE FROM {table} WHERE ({', '.join(keys)}) IN ({which})", before=before, limit=limit)
