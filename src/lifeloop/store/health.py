"""What can be asked of a live database cheaply: versions, clock, and rows in states that should not last."""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Health:
    """Counts of what an operator must know; zero is well, except for ``mails``."""

    version: str
    write_ahead: bool
    """SQLite only: readers do not wait for the writer."""
    clock: Instant | None
    """What the database's own clock says; None where it has none of its own."""
    waiting_without_time: int
    overdue: int
    """Runs and messages of journeys that do not rest, due for longer than ``since``."""
    lost: int
    """Messages whose lease is over: their process died and nobody has settled them."""
    uncertain: int
    held: int
    failed: int
    astray: int
    """Messages that runs on their way decided to say and that are not in the outbox, or the other way round.

    Of runs that are over the history may be gone already.
    """
    mails: int
    """Messages that are in the outbox."""


def look(tx: Tx, now: Instant, *, overdue_after: int, lost_after: int) -> Health:
    """Return the state of a database."""
    (row,) = tx.ask(_COUNTS, overdue=now - overdue_after, lost=now - lost_after)
    version, write_ahead, clock = _postgres(tx) if tx.postgres else _sqlite(tx)
    return Health(
        version=version,
        write_ahead=write_ahead,
        clock=clock,
        waiting_without_time=row.timeless,
        overdue=row.late_runs + row.late_messages,
        lost=row.lost,
        uncertain=row.uncertain,
        held=row.held,
        failed=row.failed,
        astray=abs(row.sends - row.outbox),
        mails=row.mails,
    )


def handing_over(tx: Tx, now: Instant) -> tuple[str, ...]:
    """Which processes hold messages that they are handing over."""
    rows = tx.ask("SELECT DISTINCT owner FROM message WHERE lease_until > :now ORDER BY owner", now=now)
    return tuple(row.owner for row in rows)


def in_motion(tx: Tx) -> tuple[int, int]:
    """How many people wait for something, and of how many messages the outcome is not known yet."""
    (row,) = tx.ask(
        "SELECT (SELECT count(*) FROM enrollment WHERE status = 'waiting') AS waiting,"
        " (SELECT count(*) FROM message WHERE lease_until IS NOT NULL) AS leaving"
    )
    return row.waiting, row.leaving


_AWAKE = "journey_id IN (SELECT id FROM journey WHERE paused_at IS NULL)"
_COUNTS = f"""SELECT
 (SELECT count(*) FROM enrollment WHERE status = 'waiting' AND due_at IS NULL) AS timeless,
 (SELECT count(*) FROM enrollment WHERE due_at < :overdue AND {_AWAKE}) AS late_runs,
 (SELECT count(*) FROM message WHERE next_at < :overdue AND {_AWAKE}) AS late_messages,
 (SELECT count(*) FROM message WHERE lease_until < :lost) AS lost,
 (SELECT count(*) FROM message WHERE status = 'uncertain') AS uncertain,
 (SELECT count(*) FROM message WHERE status = 'held') AS held,
 (SELECT count(*) FROM enrollment WHERE status = 'failed') AS failed,
 (SELECT count(*) FROM visit v JOIN enrollment e ON e.id = v.enrollment_id
  WHERE e.status = 'waiting' AND v.what = 'sent') AS sends,
 (SELECT count(*) FROM message m JOIN enrollment e ON e.id = m.enrollment_id
  WHERE e.status = 'waiting' AND m.kind = 'mail') AS outbox,
 (SELECT count(*) FROM message WHERE kind = 'mail') AS mails"""


def _postgres(tx: Tx) -> tuple[str, bool, Instant | None]:
    (row,) = tx.ask(
        "SELECT current_setting('server_version') AS version,"
        " CAST(extract(epoch FROM clock_timestamp()) AS bigint) AS at"
    )
    return f"PostgreSQL {row.version.split(' ')[0]}", True, row.at


def _sqlite(tx: Tx) -> tuple[str, bool, Instant | None]:
    version = tx.ask("SELECT sqlite_version() AS version")[0].version
    mode = tx.ask("PRAGMA journal_mode")[0].journal_mode
    return f"SQLite {version}", mode == "wal", None
