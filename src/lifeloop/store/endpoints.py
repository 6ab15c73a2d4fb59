"""Outside systems that do not take what they are given, and the calls that nobody took."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from operator import attrgetter

from lifeloop.clock import Instant
from lifeloop.store import ledger
from lifeloop.store.endpoint_tables import FAILED_CALL
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Message


@dataclass(frozen=True, slots=True)
class EndpointRow:
    """A connection in trouble. ``disabled_at``: since when nothing is sent there; None: it is still tried."""

    name: str
    failing_since: Instant
    reason: str
    disabled_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for one connection: calls that are tried again by themselves, and those that wait for a person."""

    retrying: int = 0
    next_at: Instant | None = None
    failed: int = 0


def troubled(tx: Tx) -> dict[str, EndpointRow]:
    """Return the connections in trouble, by name; it is empty as a rule."""
    rows = tx.ask("SELECT name, failing_since, reason, disabled_at FROM endpoint ORDER BY name")
    return {row.name: EndpointRow(*row) for row in rows}


def note(tx: Tx, rows: Sequence[EndpointRow]) -> None:
    """Write who is in trouble; what began earlier stays, and so does a decision to send nothing more."""
    columns = {"name": "text", "since": "bigint", "why": "text", "off": "bigint"}
    tx.run(
        "INSERT INTO endpoint (name, failing_since, reason, disabled_at) SELECT r.name, r.since, r.why, r.off"
        f" FROM {tx.table(columns)} WHERE true ON CONFLICT (name) DO UPDATE SET reason = CASE WHEN"
        " endpoint.disabled_at IS NULL THEN excluded.reason ELSE endpoint.reason END,"
        " disabled_at = coalesce(endpoint.disabled_at, excluded.disabled_at)",
        rows=[
            {"name": row.name, "since": row.failing_since, "why": row.reason, "off": row.disabled_at}
            for row in sorted(rows, key=attrgetter("name"))
        ],
    )


def forget(tx: Tx, names: Collection[str], *, disabled: bool = False) -> None:
    """These are well again; ``disabled``: also those that nothing is sent to, because a person says so."""
    some = "" if disabled else " AND disabled_at IS NULL"
    tx.run(f"DELETE FROM endpoint WHERE {tx.among('name', 'names', 'text')}{some}", names=sorted(names))


def backlogs(tx: Tx) -> dict[str, Backlog]:
    """Return what waits by connection, for those that have something."""
    waiting = tx.ask(
        "SELECT name, count(*) AS many, min(next_at) AS first FROM message"
        " WHERE next_at IS NOT NULL AND kind = 'call' AND tries > 0 GROUP BY name"
    )
    failed = tx.ask(f"SELECT name, count(*) AS many FROM message WHERE {FAILED_CALL} GROUP BY name")
    found: dict[str, Backlog] = {}
    for row in waiting:
        had = found.get(_connection(row.name), Backlog())
        first = row.first if had.next_at is None else min(had.next_at, row.first)
        found[_connection(row.name)] = Backlog(had.retrying + row.many, first)
    for row in failed:
        had = found.get(_connection(row.name), Backlog())
        found[_connection(row.name)] = Backlog(had.retrying, had.next_at, had.failed + row.many)
    return found


def failed(tx: Tx, connection: str | None, limit: int) -> tuple[Message, ...]:
    """Return calls that wait for a person, the oldest first."""
    some = "" if connection is None else " AND name LIKE :start ESCAPE '\\'"
    start = {} if connection is None else {"start": connection.replace("_", r"\_").replace("%", r"\%") + ".%"}
    rows = tx.ask(
        f"SELECT id FROM message WHERE {FAILED_CALL}{some} ORDER BY made_at, id LIMIT :limit", limit=limit, **start
    )
    found = ledger.find(tx, [row.id for row in rows])
    return tuple(found[row.id] for row in rows)


def starting_with(tx: Tx, start: str) -> tuple[Message, ...]:
    """Return the calls that wait for a person and whose id begins so."""
    rows = tx.ask(f"SELECT id FROM message WHERE {FAILED_CALL} AND id LIKE :start LIMIT 2", start=f"{start}%")
    return tuple(ledger.find(tx, [row.id for row in rows]).values())


def try_again(tx: Tx, ids: Sequence[str], now: Instant) -> int:
    """Let calls leave again, as if for the first time and under the same id; returns how many."""
    return tx.run(
        "UPDATE message SET status = 'ready', next_at = :now, tries = 0, reason = 'tried again by hand'"
        f" WHERE {FAILED_CALL} AND {tx.among('id', 'ids', 'text')}",
        ids=sorted(ids),
        now=now,
    )


def _connection(name: str) -> str:
    return name.partition(".")[0]
