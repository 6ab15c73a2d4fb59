"""Whole months of history that go at once on PostgreSQL: nothing is read row by row, and the disk is free again.

A month goes when it lies before what the project keeps and hardly anything in it must stay. What must, by the same
rule by which rows go one by one, is put into the default partition: a text that left after midnight on the last day
of its month, the visits of somebody who still waits. With a month of messages goes all that points at them.
"""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store import looks, months
from lifeloop.store.retention import OF_MESSAGE, OPEN, message_stays
from lifeloop.store.suspects import REASON
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
    "message": message_stays("h"),
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

    Nobody can write to the month from the look that says what stays until it is gone.
    """
    table, left = months.table_of(name), f"SELECT h.* FROM {name} h WHERE {STAYS[months.table_of(name)]}"
    if not months.alone(tx) or not tx.ask("SELECT to_regclass(:name) AS is_there", name=name)[0].is_there:
        return None
    rows = _worth_it(tx, name, left, before)
    if rows is None:
        return None
    tx.run(f"LOCK TABLE {name} IN SHARE MODE")
    tx.run(f"CREATE TEMPORARY TABLE kept ON COMMIT DROP AS {left}", before=before, aside=REASON)
    if table == "message":
        _drop_messages(tx, name)
    else:
        tx.run(f"DROP TABLE {name}")
    kept = tx.run(f"INSERT INTO {table} SELECT * FROM kept")
    for child in OF_MESSAGE if table == "message" else ():
        tx.run(f"INSERT INTO {child} SELECT * FROM kept_{child}")
    return rows - kept


def _worth_it(tx: Tx, name: str, left: str, before: Instant) -> int | None:
    """Return how many rows a month has; None: too many of them stay. Nobody is held up by this look."""
    question = f"SELECT count(*) AS n FROM ({left} LIMIT :most) AS rest"
    kept = tx.ask(question, before=before, aside=REASON, most=MOST_STAY + 1)[0].n
    rows = int(tx.ask(f"SELECT count(*) AS n FROM {name}")[0].n) if kept <= MOST_STAY else 0
    return None if kept * ONE_IN > rows else rows


def _drop_messages(tx: Tx, name: str) -> None:
    """Drop a month of messages and what points at them; what points at ``kept`` ones is put beside them.

    PostgreSQL lets a table go that others point at only once nothing points at any of its rows. So from here on
    nobody can: who wants to waits.
    """
    tx.run(f"LOCK TABLE {name} IN EXCLUSIVE MODE")
    looks.soon_by_table(tx, name)
    month = int(name[-6:])
    within = f"message_id >= {months.bound('message', month)}"
    within += f" AND message_id < {months.bound('message', months.after(month))}"
    for child in OF_MESSAGE:
        tx.run(
            f"CREATE TEMPORARY TABLE kept_{child} ON COMMIT DROP AS SELECT c.* FROM {child} c WHERE {within}"
            " AND EXISTS (SELECT 1 FROM kept k WHERE k.id = c.message_id)"
        )
        if child in months.KEYS:
            tx.run(f"DROP TABLE IF EXISTS {months.named(child, month)}")
        tx.run(f"DELETE FROM {child} WHERE {within}")
    tx.run(f"ALTER TABLE message DETACH PARTITION {name}")
    tx.run(f"DROP TABLE {name}")
