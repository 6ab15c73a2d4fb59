"""Letting go of history that is older than a project keeps it, a few rows at a time."""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store import looks, months
from lifeloop.store.ledger import RECEIPTS
from lifeloop.store.suspects import REASON
from lifeloop.store.transaction import Tx

OPEN = "('ready', 'attempting', 'uncertain', 'held')"
OF_MESSAGE = ("rendered", "attempt", "hit", "lookup")
"""Tables whose rows go with the message that they point at."""
_MOMENTS = ("made", "sent", "reserved", "answered", *RECEIPTS)


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


def forget_messages(tx: Tx, before: Instant, limit: int) -> int:
    """Delete messages that were over before then, with everything of them; that their runs were there stays known."""
    locked = tx.locked("FOR UPDATE OF m SKIP LOCKED")
    rows = tx.ask(
        # An id names the month in which its run fell due, before anything was said: later months need no look.
        f"SELECT m.id FROM message m WHERE m.id < {months.bound('message', months.after(months.month_of(before)))}"
        f" AND m.made_at < :before AND NOT ({message_stays('m')}) LIMIT :limit {locked}",
        before=before,
        limit=limit,
        aside=REASON,
    )
    ids = [row.id for row in rows]
    looks.soon_by_messages(tx, ids)
    with tx.pointing_at_months():
        for table, key in (*((name, "message_id") for name in OF_MESSAGE), ("message", "id")):
            only, values = months.between(tx, key, ids)
            tx.run(f"DELETE FROM {table} WHERE {tx.among(key, 'ids', 'text')}{only}", ids=ids, **values)
    return len(ids)


def message_stays(m: str) -> str:
    """Return SQL for: something may still happen to message ``m``, or was heard of it since ``:before``.

    Whoever is in a journey, or is set aside in one (``:aside``), keeps what it said. What is reported of a message
    goes first, and by itself: until then a report that comes twice is known.
    """
    heard = " OR ".join(f"coalesce({m}.{what}_at, 0) >= :before" for what in _MOMENTS)
    return (
        f"{m}.status IN {OPEN} OR {heard}"
        f" OR EXISTS (SELECT 1 FROM enrollment e WHERE e.id = {m}.enrollment_id"
        " AND (e.status = 'waiting' OR e.reason = :aside))"
        f" OR EXISTS (SELECT 1 FROM report r WHERE r.message_id = {m}.id)"
        f' OR EXISTS (SELECT 1 FROM hit t WHERE t.message_id = {m}.id AND t."at" >= :before)'
    )


def _delete_pairs(tx: Tx, table: str, keys: tuple[str, str], which: str, before: Instant, limit: int) -> int:
    return tx.run(f"DELETE FROM {table} WHERE ({', '.join(keys)}) IN ({which})", before=before, limit=limit)
