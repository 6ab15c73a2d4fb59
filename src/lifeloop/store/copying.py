"""Whole databases, table by table, into another: as a stream, in constant memory, the rows summed up on both sides.

Keys, and with them the derived ids of messages, stay as they are. What differs between the two kinds of database is
made the same on the way: JSON, yes and no, and the counters that give out the next key.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from sqlalchemy import JSON, Boolean, Table, inspect

from lifeloop.store.tables import METADATA
from lifeloop.store.transaction import Tx, dump

AT_ONCE = 500
"""Rows in memory: few, because a rendered mail may be large."""
_LARGE = 1e15
"""From here on databases write a number of JSON in different ways."""

Told = Callable[[str, int], None]
"""Hears of progress: the table, and how many more of its rows are done."""


@dataclass(slots=True)
class Sum:
    """Counts rows and adds up their digests: the same for the same rows in any order."""

    rows: int = 0
    digest: int = 0

    def add(self, row: Sequence[Any]) -> None:
        """One row more."""
        self.rows += 1
        self.digest = (self.digest + _digest(row)) % (1 << 128)


def is_bare(tx: Tx) -> bool:
    """Tell whether a database has no tables of ours."""
    return not inspect(tx.connection).has_table("switch")


def counts(tx: Tx) -> dict[str, int]:
    """Return how many rows each table holds, those that others point to first."""
    return {name: int(tx.ask(f"SELECT count(*) AS n FROM {name}")[0].n) for name in _names()}


def lock(tx: Tx) -> None:
    """Let nobody write until the transaction ends; on SQLite that is so already."""
    if tx.postgres:
        tx.run(f"LOCK TABLE {', '.join(_names())} IN EXCLUSIVE MODE")


def empty(tx: Tx) -> None:
    """Delete everything."""
    for name in reversed(_names()):
        tx.run(f"DELETE FROM {name}")


def copy(old: Tx, new: Tx, told: Told) -> dict[str, Sum]:
    """Write all rows into empty tables, and return their sums by table."""
    sums = {table.name: _copy(old, new, table, told) for table in METADATA.sorted_tables}
    for table in METADATA.sorted_tables:
        if table.autoincrement_column is not None:
            _count_on(new, table, max(_counter(old, table), _counter(new, table)))
    return sums


def sums(tx: Tx, told: Told) -> dict[str, Sum]:
    """Return the sums of all tables."""
    found = {}
    for table in METADATA.sorted_tables:
        found[table.name] = summed = Sum()
        for _ in _rows(tx, table, summed, told):
            pass
    return found


def _copy(old: Tx, new: Tx, table: Table, told: Told) -> Sum:
    summed = Sum()
    new.insert(table.name, table.columns.keys(), _rows(old, table, summed, told))
    return summed


def _rows(tx: Tx, table: Table, summed: Sum, told: Told) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a table as either database takes them."""
    put_right = {
        place: _SAME[kind] for place, column in enumerate(table.columns) if (kind := type(column.type)) in _SAME
    }
    for batch in tx.stream(f"SELECT {_columns(tx, table)} FROM {table.name}", AT_ONCE):
        for values in batch:
            row = list(values)
            for place, same in put_right.items():
                row[place] = same(row[place])
            summed.add(row)
            yield tuple(row)
        told(table.name, len(batch))


def _columns(tx: Tx, table: Table) -> str:
    as_text = {column.name for column in table.columns if tx.postgres and isinstance(column.type, JSON)}
    names = [column.name for column in table.columns]
    return ", ".join(f'CAST("{name}" AS text)' if name in as_text else f'"{name}"' for name in names)


def _digest(row: Sequence[Any]) -> int:
    return int.from_bytes(blake2b(repr(tuple(row)).encode(), digest_size=16).digest())


def _same_json(text: str) -> str:
    return dump(json.loads(text, parse_float=_same_number))


def _same_number(text: str) -> float | int:
    value = float(text)
    return int(Decimal(text)) if abs(value) >= _LARGE else value or 0.0


_SAME: dict[type, Callable[[Any], Any]] = {
    JSON: _same_json,
    Boolean: lambda value: None if value is None else bool(value),
}


def _counter(tx: Tx, table: Table) -> int:
    """Return the highest key that was ever given out, of rows that are gone, too, where the database knows."""
    if tx.postgres:
        (row,) = tx.ask(f"SELECT last_value AS n, is_called FROM {_sequence(tx, table)}")
        return int(row.n) if row.is_called else 0
    return max(
        (int(row.n) for row in tx.ask("SELECT seq AS n FROM sqlite_sequence WHERE name = :name", name=table.name)),
        default=_highest(tx, table),
    )


def _highest(tx: Tx, table: Table) -> int:
    given = [(table.name, _key(table)), *([("alias", "former_id")] if table.name == "customer" else [])]
    return max(int(tx.ask(f"SELECT coalesce(max({key}), 0) AS n FROM {name}")[0].n) for name, key in given)


def _count_on(tx: Tx, table: Table, last: int) -> None:
    last = max(last, _highest(tx, table))
    if not last:
        return
    if tx.postgres:
        tx.ask(f"SELECT setval('{_sequence(tx, table)}', :last)", last=last)
    elif table.dialect_options["sqlite"]["autoincrement"]:
        tx.run("DELETE FROM sqlite_sequence WHERE name = :name", name=table.name)
        tx.run("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)", name=table.name, last=last)


def _sequence(tx: Tx, table: Table) -> str:
    return str(tx.ask("SELECT pg_get_serial_sequence(:table, :key) AS name", table=table.name, key=_key(table))[0].name)


def _key(table: Table) -> str:
    column = table.autoincrement_column
    if column is None:
        raise LookupError(f"{table.name} gives out no keys")
    return column.name


def _names() -> list[str]:
    return [table.name for table in METADATA.sorted_tables]
