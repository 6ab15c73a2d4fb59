"""History by month on PostgreSQL: where a row lies follows from its key, so every look-up by key reads one month.

A message's id begins with the month in which its run fell due, a run's number with the month in which it began. Tries
and texts lie where their message's id says, visits where their run's number says. So keys stay unique across all
months, and what points at them goes on pointing. What fits no month lies in the default partition: nothing is ever
refused for want of a month. SQLite keeps one table of each kind, under the same ids.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx

KEYS = {"message": "id", "attempt": "message_id", "rendered": "message_id", "visit": "enrollment_id"}
"""The tables that lie by month, those that others point to first, and the column that says where a row lies."""
AHEAD = 2
"""Months that are made before they begin."""
MARK = "ff"
"""Begins the ids that name a month. Older ids are 32 hex digits of chance, of which 255 in 256 sort before it."""
FIRST = 202611
"""No id named a month before."""
RUNS = 10**9
"""A run's number is its month, as 202611, times this, plus a number of its own."""
LOCK_TIMEOUT = "300ms"
"""Shorter than PostgreSQL's patience with two that wait for each other: we give way first, and come again."""
_ONE_AT_A_TIME = 1_120_261_201
_MONTHS = 12
_DAY = 86_400


def month_of(at: Instant) -> int:
    """Return the month of an instant in UTC, as 202611."""
    return _month_of_day(at // _DAY)


@lru_cache(maxsize=4096)
def _month_of_day(day: int) -> int:
    date = datetime.fromtimestamp(day * _DAY, UTC)
    return date.year * 100 + date.month


def after(month: int, count: int = 1) -> int:
    """Return the month so many months later."""
    year, number = divmod(month // 100 * _MONTHS + month % 100 - 1 + count, _MONTHS)
    return year * 100 + number + 1


def id_in(month: int, rest: str) -> str:
    """Return the id of a message of that month: as long as ``rest``, of which the end is left out."""
    return (_mark(month) + rest)[: len(rest)]


def ahead(tx: Tx, now: Instant) -> list[str]:
    """Return the tables of this month and the next ones that are not there yet."""
    if not tx.postgres:
        return []
    first = month_of(now)
    names = [named(table, after(first, count)) for count in range(AHEAD + 1) for table in KEYS]
    rows = tx.ask(
        "SELECT name FROM unnest(CAST(:names AS text[])) WITH ORDINALITY AS wanted (name, place)"
        " WHERE to_regclass(name) IS NULL ORDER BY place",
        names=names,
    )
    return [row.name for row in rows]


def make(tx: Tx, name: str) -> bool:
    """Make one of the tables that ``ahead`` names; False: somebody else just did, or rows of that month lie elsewhere.

    Nothing is moved: what the default partition already holds of a month stays there, and the month goes without.
    """
    table, month = table_of(name), int(name[-6:])
    if not alone(tx) or not _is_free(tx, table, month):
        return False
    bounds = f"FROM ({bound(table, month)}) TO ({bound(table, after(month))})"
    tx.run(f"CREATE TABLE {name} PARTITION OF {table} FOR VALUES {bounds}")
    return True


def uncounted(tx: Tx) -> list[str]:
    """Return the tables that have months and whose rows PostgreSQL has not counted as a whole for a day.

    By itself it counts each month alone, and then plans joins with all of them by guess.
    """
    if not tx.postgres:
        return []
    rows = tx.ask(
        "SELECT s.relname AS name FROM pg_stat_user_tables s WHERE s.relid = ANY(CAST(:tables AS regclass[]))"
        " AND coalesce(s.last_analyze, '-infinity') < now() - interval '1 day'"
        " AND (SELECT count(*) FROM pg_inherits WHERE inhparent = s.relid) > 1 ORDER BY 1",
        tables=list(KEYS),
    )
    return [row.name for row in rows]


def count_rows(tx: Tx, tables: Collection[str]) -> None:
    """Let PostgreSQL count the rows of these tables, unless somebody else does."""
    if tables and alone(tx):
        tx.run(f"ANALYZE {', '.join(tables)}")


def make_room(old: Tx, new: Tx) -> None:
    """Make the months that another database's rows lie in, before they are copied into this one."""
    (said,) = old.ask("SELECT min(made_at) AS first, max(made_at) AS last FROM message")
    if not new.postgres or said.last is None:
        return
    month = max(month_of(said.first), FIRST)
    while month <= month_of(said.last):
        for table in KEYS:
            make(new, named(table, month))
        month = after(month)
    for table, key in KEYS.items():
        first = bound(table, FIRST)
        if old.ask(f"SELECT 1 FROM {table} WHERE {key} < {first} LIMIT 1"):
            before = f"{table}_before PARTITION OF {table} FOR VALUES FROM (MINVALUE) TO ({first})"
            new.run(f"CREATE TABLE IF NOT EXISTS {before}")


def begin(tx: Tx, now: Instant) -> None:
    """Let new runs be numbered by this month, once it is made. A clock that goes back changes nothing: numbers grow."""
    if tx.postgres:
        tx.ask(
            "SELECT setval(name, :first) FROM (SELECT pg_get_serial_sequence('enrollment', 'id') AS name) AS own"
            " WHERE coalesce(pg_sequence_last_value(name), 0) < :first AND to_regclass(:visits) IS NOT NULL",
            first=month_of(now) * RUNS,
            visits=named("visit", month_of(now)),
        )


def between(tx: Tx, column: str, ids: Collection[str]) -> tuple[str, dict[str, Any]]:
    """Return what to add to a WHERE that names these ids, and its values: other months are not even looked at."""
    if not tx.postgres or not ids:
        return "", {}
    return f" AND {column} BETWEEN :lowest AND :highest", {"lowest": min(ids), "highest": max(ids)}


def within(tx: Tx, column: str, ids: Collection[str]) -> tuple[str, dict[str, Any]]:
    """Return what to add to a WHERE that joins these ids, and its values.

    PostgreSQL cannot tell from a join which months it needs, and would ask every one for every row.
    """
    only, values = between(tx, column, ids)
    return (f" AND {tx.among(column, 'within', 'text')}{only}", {"within": list(ids), **values}) if only else ("", {})


def named(table: str, month: int) -> str:
    """Return the name of a month of a table."""
    return f"{table}_{month}"


def table_of(name: str) -> str:
    """Return the table that a month belongs to."""
    return name.rpartition("_")[0]


def bound(table: str, month: int) -> str:
    """Return the first key of a month, as SQL."""
    return str(month * RUNS) if table == "visit" else f"'{_mark(month)}'"


def _mark(month: int) -> str:
    return f"{MARK}{month:06}"


def alone(tx: Tx) -> bool:
    """Tell whether nobody else makes months or lets them go, until the commit; who waits for a lock gives way soon.

    Nobody else in this schema: another project may live in another one of the same database.
    """
    tx.run(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    question = "SELECT pg_try_advisory_xact_lock(:number, hashtext(current_schema())) AS mine"
    return bool(tx.ask(question, number=_ONE_AT_A_TIME)[0].mine)


def _is_free(tx: Tx, table: str, month: int) -> bool:
    key, low, high = KEYS[table], bound(table, month), bound(table, after(month))
    rows = tx.ask(
        f"SELECT to_regclass(:name) IS NULL AND NOT EXISTS (SELECT 1 FROM {table}_default"
        f" WHERE {key} >= {low} AND {key} < {high}) AS free",
        name=named(table, month),
    )
    return bool(rows[0].free)
