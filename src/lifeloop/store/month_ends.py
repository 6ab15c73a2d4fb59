"""Whole months of history that go at once on PostgreSQL: nothing is read row by row, and the disk is free again.

A month goes when it lies before what the project keeps and hardly anything in it must stay. What must, by the same
rule by which rows go one by one, is put into the default partition: a text that left after midnight on the last day
of its month, the visits of somebody who still waits.
"""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store import months
from lifeloop.store.retention import OPEN
from lifeloop.store.transaction import Tx

MOST_STAY = 5000
"""Rows of a month that may stay: they are written anew while others wait."""
ONE_IN = 10
"""At most so large a part of a month may stay, or it is not worth it."""
STAYS = {
    "rendered": 'h."at" >= :before',
    "attempt": 'h."at" >= :before'
    f" OR EXISTS (SELECT 1 FROM message m WHERE m.id = h.message_id AND m.status IN {OPEN})",
    "visit": "EXISTS (SELECT 1 FROM enrollment e WHERE e.id = h.enrollment_id"
    " AND (e.status = 'waiting' OR e.since >= :before))",
}
"""Which rows of a month ``h`` must stay."""


def over(tx: Tx, table: str, before: Instant) -> list[str]:
    """Return the months of a table that lie before then, the oldest first."""
    if not tx.postgres:
        return []
    rows = tx.ask(
        "SELECT c.relname AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
        " WHERE inhparent = to_regclass(:table) AND c.relname ~ '_[0-9]{6}$' AND c.relname < :first ORDER BY 1",
        table=table,
        first=months.named(table, months.month_of(before)),
    )
    return [row.name for row in rows]


def let_go(tx: Tx, name: str, before: Instant) -> int | None:
    """Drop a month that ``over`` named; returns how many rows went. None: too much stays, or somebody else is at it.

    Nobody can write to the month from the look at it until it is gone.
    """
    table, stays = months.table_of(name), STAYS[months.table_of(name)]
    if not months.alone(tx) or not tx.ask("SELECT to_regclass(:name) AS is_there", name=name)[0].is_there:
        return None
    tx.run(f"LOCK TABLE {name} IN SHARE MODE")
    left = f"SELECT h.* FROM {name} h WHERE {stays}"
    kept = tx.ask(f"SELECT count(*) AS n FROM ({left} LIMIT :most) AS rest", before=before, most=MOST_STAY + 1)[0].n
    rows = tx.ask(f"SELECT count(*) AS n FROM {name}")[0].n if kept <= MOST_STAY else 0
    if kept * ONE_IN > rows:
        return None
    tx.run(f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS {left}", before=before)
    tx.run(f"DROP TABLE {name}")
    tx.run(f"INSERT INTO {table} SELECT * FROM kept")
    return int(rows - kept)
