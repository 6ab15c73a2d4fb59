"""One open transaction: every function of the store takes it first.

Batches travel as one parameter: rows as a JSON array that the database turns into a table, ids as an array. So
the number of statements never depends on the size of a batch. Where rows are only written, by the thousand, they go
the shortest way there is: one prepared statement fed with tuples on SQLite, ``COPY`` on PostgreSQL. Statements go to
the driver itself: SQLAlchemy opens connections, begins and commits, but its way of running a text costs five to ten
times what the text costs.
"""

from __future__ import annotations

import json
import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

Rows = Sequence[Any]
"""What a statement returned: tuples whose values have the names of their columns."""

CLOSED = "lifeloop takes no writes here: "
"""How a database begins its refusal that was moved away (``lifeloop.store.closing``)."""

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
        self.stirred: set[str] = set()
        """Journeys that this transaction gave something to do; the store tells them after the commit."""

    def run(self, sql: str, **values: Any) -> int:
        """Run one statement; returns how many rows it touched."""
        return self._execute(sql, lambda cursor: _touched(self._start(cursor, sql, values)))

    def ask(self, sql: str, **values: Any) -> Rows:
        """Run one statement and return its rows."""
        return self._execute(sql, lambda cursor: _rows(self._start(cursor, sql, values)))

    def stream(self, sql: str, at_once: int) -> Iterator[Sequence[Sequence[Any]]]:
        """Run one statement and give its rows so many at a time: never all of them are in memory."""
        cursor = self._open_cursor("stream") if self.postgres else self._open_cursor()
        try:
            cursor.execute(sql)
            while rows := cursor.fetchmany(at_once):
                yield rows
        except self._driver_error as problem:
            raise self._named(sql, problem) from problem
        finally:
            cursor.close()

    def feed(self, sql: str, rows: Iterable[Sequence[Any]]) -> int:
        """Run one statement of SQLite for each of these rows, with ``?`` for values; returns how many it touched."""
        return self._execute(sql, lambda cursor: _touched(cursor.executemany(sql, rows)))

    def insert(self, table: str, columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> None:
        """Write rows as they come, values in the order of the columns. One that breaks a key is an error."""
        if self.postgres:
            self._copy(table, columns, rows)
        else:
            self.feed(f"INSERT INTO {table} {_shape_of(columns)}", rows)  # our own words

    def insert_new(self, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> int:
        """Write rows, but none that breaks a unique key; returns how many. ``columns``: with PostgreSQL's types.

        ``COPY`` is twice as fast as any ``INSERT`` and cannot leave a row out, which is hardly ever needed: then it
        is taken back, and the rows go the slow way.
        """
        if not self.postgres:
            return self.feed(f"INSERT INTO {table} {_shape_of(columns)} ON CONFLICT DO NOTHING", rows)
        self.run("SAVEPOINT before_copy")
        try:
            self._copy(table, columns, rows)
        except IntegrityError:
            self.run("ROLLBACK TO SAVEPOINT before_copy")
            return self._insert_those_that_fit(table, columns, rows)
        self.run("RELEASE SAVEPOINT before_copy")
        return len(rows)

    def _insert_those_that_fit(self, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> int:
        return self.run(
            f"INSERT INTO {table} ({_listed(columns)}) SELECT {_listed(columns)} FROM {self.table(columns)}"
            " ON CONFLICT DO NOTHING",
            rows=[dict(zip(columns, row, strict=True)) for row in rows],
        )

    def _copy(self, table: str, columns: Iterable[str], rows: Iterable[Sequence[Any]]) -> None:
        sql = f"COPY {table} ({_listed(columns)}) FROM STDIN"
        self._execute(sql, lambda cursor: _write(cursor.copy(sql), rows))

    @contextmanager
    def pointing_at_months(self) -> Iterator[None]:
        """Write rows that point at rows which lie by month.

        PostgreSQL would make a plan of its own for each of them, to see that what it points at is there: ten times
        the cost of looking.
        """
        if self.postgres:
            self.run("SET LOCAL plan_cache_mode = force_generic_plan")
        yield
        if self.postgres:
            self.run("SET LOCAL plan_cache_mode = auto")

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

    def _start(self, cursor: Any, sql: str, values: Mapping[str, Any]) -> Any:
        return cursor.execute(_for_psycopg(sql) if self.postgres else sql, self._bind(sql, values))

    def _execute(self, sql: str, work: Callable[[Any], T]) -> T:
        cursor = self._open_cursor()
        try:
            return work(cursor)
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


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _shape_of(columns: Iterable[str]) -> str:
    return f"({_listed(columns)}) VALUES ({', '.join('?' for _ in columns)})"


def _write(copying: Any, rows: Iterable[Sequence[Any]]) -> None:
    with copying as copy:
        for row in rows:
            copy.write_row(row)


def _touched(cursor: Any) -> int:
    return int(cursor.rowcount)


def _rows(cursor: Any) -> Rows:
    return list(map(_shape(tuple([column[0] for column in cursor.description])), cursor.fetchall()))


@lru_cache(maxsize=1024)
def _shape(names: tuple[str, ...]) -> Callable[[Sequence[Any]], Any]:
    row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024  # known only here
    # What ``_make`` does besides, counting the values, the driver has done; without it no Python runs for each row.
    return partial(tuple.__new__, row)


@lru_cache(maxsize=4096)
def _for_psycopg(sql: str) -> str:
    """Return a statement with ``:name`` as psycopg writes it; SQLite understands it as it is."""
    return _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))


class UnknownJourneyError(LookupError):
    """A journey that was never published."""

    def __init__(self, name: str) -> None:
        super().__init__(f'the journey "{name}" has not been published yet')


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=dict, allow_nan=False, check_circular=False
)


_WRITER = msgspec.json.Encoder(enc_hook=dict, order="deterministic")
_READER = msgspec.json.Decoder()


def dump(value: Any) -> str:
    """Return JSON text: small, and the same for the same value in every version, so that it can be digested."""
    return _ENCODER.encode(value)


def note(value: Any) -> str:
    """Return JSON text that nobody but ``load`` will read: ten times as fast as ``dump``."""
    return _WRITER.encode(value).decode()


def load(value: Any) -> Any:
    """Return the value of a JSON column; PostgreSQL's driver has read it already, SQLite gives text."""
    return _READER.decode(value) if isinstance(value, str) else value
