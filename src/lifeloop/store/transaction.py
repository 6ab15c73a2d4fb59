"""One open transaction: every function of the store takes it first.

Batches travel as one parameter: rows as a JSON array that the database turns into a table, ids as an array. So
the number of statements never depends on the size of a batch. Statements go to the driver itself: SQLAlchemy opens
connections, begins and commits, but its way of running a text costs five to ten times what the text costs.
"""

from __future__ import annotations

import json
import re
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Rows = Sequence[Any]
"""What a statement returned: tuples whose values have the names of their columns."""

T = TypeVar("T")
_COLUMN = re.compile(r'value ->> \d+ AS "(\w+)"')
_PARAMETER = re.compile(r"(?<![:\w]):(\w+)(?!:)")


class Tx:
    """A connection inside a transaction. Only the store looks inside."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.postgres = connection.dialect.name == "postgresql"
        self._open_cursor = connection.connection.cursor
        self._driver_error = connection.dialect.loaded_dbapi.Error
        self._journeys: dict[str, int] = {}

    def run(self, sql: str, **values: Any) -> int:
        """Run one statement; returns how many rows it touched."""
        return self._execute(sql, values, _touched)

    def ask(self, sql: str, **values: Any) -> Rows:
        """Run one statement and return its rows."""
        return self._execute(sql, values, _rows)

    def table(self, columns: Mapping[str, str], name: str = "rows") -> str:
        """Return SQL for the batch in ``:rows`` as a table ``r`` with these columns and PostgreSQL types."""
        if self.postgres:
            typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            return f"json_to_recordset(CAST(:{name} AS json)) AS r({typed})"
        read = ", ".join(f'value ->> {place} AS "{column}"' for place, column in enumerate(columns))
        return f"(SELECT {read} FROM json_each(:{name})) AS r"

    def among(self, column: str, name: str, kind: str = "bigint") -> str:
        """Return SQL for "this column is one of the values in that parameter"."""
        if self.postgres:
            return f"{column} = ANY(CAST(:{name} AS {kind}[]))"
        return f"{column} IN (SELECT value FROM json_each(:{name}))"

    def json(self, column: str) -> str:
        """Return SQL that makes a text of a batch the JSON of a table."""
        return f"CAST({column} AS jsonb)" if self.postgres else column

    def locked(self, clause: str) -> str:
        """Return a locking clause where there is something to lock: SQLite has one writer, who locks everything."""
        return clause if self.postgres else ""

    def journey_ids(self, names: Sequence[str]) -> dict[str, int]:
        """Return the small numbers of these journeys; asked once in a transaction. Unknown names are a mistake."""
        if not all(name in self._journeys for name in names):
            self._journeys = {row.name: row.id for row in self.ask("SELECT id, name FROM journey")}
        unknown = [name for name in names if name not in self._journeys]
        if unknown:
            raise UnknownJourneyError(unknown[0])
        return {name: self._journeys[name] for name in names}

    def _execute(self, sql: str, values: Mapping[str, Any], read: Callable[[Any], T]) -> T:
        cursor = self._open_cursor()
        try:
            cursor.execute(_for_psycopg(sql) if self.postgres else sql, self._bind(sql, values))
            return read(cursor)
        except self._driver_error as problem:
            raise self._named(sql, problem) from problem
        finally:
            cursor.close()

    def _named(self, sql: str, problem: Exception) -> BaseException:
        """Return an error of either driver as SQLAlchemy names it; a connection that broke is not used again."""
        connection = self.connection
        driver, dialect = connection.connection.dbapi_connection, connection.dialect
        broke = dialect.is_disconnect(problem, driver, None)  # type: ignore[arg-type]  # any driver's
        if broke:
            connection.invalidate(problem)
        return DBAPIError.instance(
            sql, {}, problem, self._driver_error, hide_parameters=True, connection_invalidated=broke, dialect=dialect
        )

    def _bind(self, sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._value(sql, name, value) for name, value in values.items()}

    def _value(self, sql: str, name: str, value: Any) -> Any:
        if name == "rows":
            return json.dumps(value if self.postgres else _in_order(sql, value), ensure_ascii=False)
        if isinstance(value, list | tuple | frozenset | set):
            return list(value) if self.postgres else json.dumps(list(value), ensure_ascii=False)
        return value


def _in_order(sql: str, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Return a batch as lists in the order of its table: SQLite reads them in half the time of named values."""
    columns = _columns_in(sql)
    return [[row.get(column) for column in columns] for row in rows]


@lru_cache(maxsize=4096)
def _columns_in(sql: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_COLUMN.findall(sql)))


def _touched(cursor: Any) -> int:
    return int(cursor.rowcount)


def _rows(cursor: Any) -> Rows:
    return list(map(_shape(tuple([column[0] for column in cursor.description])), cursor.fetchall()))


@lru_cache(maxsize=1024)
def _shape(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024  # known only here
    made: Callable[[Sequence[Any]], Any] = row._make
    return made


@lru_cache(maxsize=4096)
def _for_psycopg(sql: str) -> str:
    """Return a statement with ``:name`` as psycopg writes it; SQLite understands it as it is."""
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


class UnknownJourneyError(LookupError):
    """A journey that was never published."""

    def __init__(self, name: str) -> None:
        super().__init__(f'the journey "{name}" has not been published yet')


def dump(value: Any) -> str:
    """Return JSON text: small, and the same for the same value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=dict, allow_nan=False)


def load(value: Any) -> Any:
    """Return the value of a JSON column; PostgreSQL's driver has read it already, SQLite gives text."""
    return json.loads(value) if isinstance(value, str) else value
