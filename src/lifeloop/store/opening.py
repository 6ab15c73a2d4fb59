"""Opening a database: which kind it is, how its transactions begin, and bringing its tables up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, InterfaceError
from sqlalchemy.pool import StaticPool

from lifeloop.store.functions import teach_sqlite
from lifeloop.store.migrations import upgrade
from lifeloop.store.transaction import CLOSED, Tx

BUSY_SECONDS = 20
LOCK_TIMEOUT = "10s"
ADDRESSES = "addresses begin with sqlite:/// or postgresql://"
LOCKED = frozenset({"40001", "40P01", "55P03"})
"""PostgreSQL's words for: out of turn, waited for each other, waited too long."""

DISK_FULL = "53100"


class StoreUnreachable(ConnectionError):  # noqa: N818  # named for what it says
    """The database does not answer. ``url`` names it, without its password."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"the database {url} does not answer: {reason}")
        self.url = url


class StoreClosed(StoreUnreachable):
    """The database was moved away and takes no writes any more. ``why``: where to."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(url, why)
        self.args = (f"the database {url} takes no writes any more: {why}",)


class StoreFull(StoreUnreachable):
    """There is no room for more. Nothing of the transaction was written; it can be tried again once there is room."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "")
        self.args = (f"there is no room left for the database {url}: nothing is lost, and it goes on once there is",)


class StoreBusy(Exception):  # noqa: N818  # named for what it says
    """The database would not do it now: somebody held a lock too long, or two waited for each other. Try again."""


def open_store(url: str, *, throwaway: bool = False, once: bool = False) -> Store:
    """Open ``sqlite:///path.db`` or ``postgresql://…``; nothing is created before ``migrate``.

    ``throwaway``: the data can be made again, as a demo's can, so the database need not wait for the disk. ``once``:
    every row is read once, in its order, so there is nothing to keep in memory.
    """
    try:
        address = make_url(url)
    except ArgumentError:  # what cannot be read may hold a password anywhere: not repeated
        raise StoreUnreachable("(not an address)", ADDRESSES) from None
    if address.get_backend_name() == "postgresql":
        return Store(_postgres(url, throwaway=throwaway))
    if address.drivername not in ("sqlite", "sqlite+pysqlite"):
        raise StoreUnreachable(address.render_as_string(), ADDRESSES)
    return Store(_sqlite(url, in_memory=address.database in (None, "", ":memory:"), throwaway=throwaway, once=once))


class Store:
    """One database. ``transaction`` writes, ``reading`` reads; both give the ``Tx`` that all functions take first."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.url = engine.url.render_as_string()
        self.postgres = engine.dialect.name == "postgresql"
        self.stir: Callable[[Iterable[str]], None] | None = None
        """Told after a commit which journeys it gave something to do; whoever hears it must not take long."""

    def is_there(self) -> bool:
        """Tell whether there is a database; looking into a file that is not there would make it."""
        return self.postgres or Path(self.engine.url.database or "").is_file()

    def migrate(self) -> None:
        """Bring the tables up to date; several may call it at once."""
        with self._begin(reading=False) as connection:
            upgrade(connection)

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Write: commits at the end, rolls back on an exception.

        On SQLite it begins with BEGIN IMMEDIATE, so that a transaction that reads first can always write. On
        PostgreSQL it must be READ COMMITTED: what is read after a lock was taken is then newer than the lock.
        """
        with self._begin(reading=False) as connection:
            if self.postgres:
                _prepare(connection)
            tx = Tx(connection)
            yield tx
        if tx.stirred and self.stir is not None:
            self.stir(tx.stirred)

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """Read one snapshot: takes no lock and changes nothing."""
        with self._begin(reading=True) as connection:
            yield Tx(connection)

    def analyze(self) -> None:
        """Let the database count its rows, so that it plans by what is there now: after much was written at once."""
        with self._begin(reading=False) as connection:
            connection.exec_driver_sql(_analyze_ours(connection) if self.postgres else "PRAGMA optimize=0x10002")

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()

    @contextmanager
    def _begin(self, *, reading: bool) -> Iterator[Connection]:
        options: dict[str, Any] = {"lifeloop_reading": reading}
        if reading and self.postgres:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        try:
            with self._connected(options) as connection, connection.begin():
                yield connection
        except DBAPIError as problem:
            if problem.connection_invalidated:
                raise StoreUnreachable(self.url, "the connection broke") from problem
            if _is_full(problem):
                raise StoreFull(self.url) from problem
            if CLOSED in str(problem.orig):
                raise StoreClosed(self.url, _first_line(problem).partition(CLOSED)[2]) from problem
            if _is_locked(problem):
                raise StoreBusy(_first_line(problem)) from problem
            raise

    def _connected(self, options: dict[str, Any]) -> Connection:
        try:
            return self.engine.connect().execution_options(**options)
        except (DatabaseError, InterfaceError) as problem:  # also a file that is no database
            raise StoreUnreachable(self.url, _first_line(problem)) from problem


def _analyze_ours(connection: Connection) -> str:
    """Name our tables, in one order: a bare ANALYZE counts everybody's, and two of those wait for each other."""
    ours = (
        "SELECT quote_ident(relname) FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
        " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname"
    )
    return f"ANALYZE {', '.join(connection.exec_driver_sql(ours).scalars())}"


def _is_locked(problem: DBAPIError) -> bool:
    state = getattr(problem.orig, "sqlstate", None)
    return state in LOCKED if state else "is locked" in str(problem.orig)


def _is_full(problem: DBAPIError) -> bool:
    return getattr(problem.orig, "sqlstate", None) == DISK_FULL or "disk is full" in str(problem.orig)


def _first_line(problem: DBAPIError) -> str:
    return (str(problem.orig).strip().splitlines() or [type(problem).__name__])[0]


def _postgres(url: str, *, throwaway: bool) -> Engine:
    address = make_url(url).set(drivername="postgresql+psycopg")
    engine = create_engine(
        address, isolation_level="READ COMMITTED", pool_pre_ping=True, max_overflow=20, hide_parameters=True
    )
    if throwaway:
        event.listen(engine, "connect", _hurry_postgres)
    return engine


def _hurry_postgres(connection: Any, _record: object) -> None:
    connection.execute("SET synchronous_commit = off")
    connection.commit()


def _prepare(connection: Connection) -> None:
    question = text("SELECT set_config('lock_timeout', :most, true), current_setting('transaction_isolation')")
    _, isolation = connection.execute(question, {"most": LOCK_TIMEOUT}).one()
    if isolation != "read committed":
        raise RuntimeError(f"a writing transaction must be read committed, this one is {isolation}")


def _sqlite(url: str, *, in_memory: bool, throwaway: bool, once: bool) -> Engine:
    kept: dict[str, Any] = {"poolclass": StaticPool} if in_memory else {}
    arguments = {"check_same_thread": False, "timeout": BUSY_SECONDS}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True, **kept)
    event.listen(engine, "connect", _set_up)
    if throwaway:
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    if once:
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA cache_size = -2048"))
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up(connection: Any, _record: object) -> None:
    teach_sqlite(connection)
    connection.isolation_level = None  # the driver begins nothing by itself: we do
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "wal_autocheckpoint = 10000", "cache_size = -24576"):
        connection.execute(f"PRAGMA {pragma}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] not in ("wal", "memory"):
        connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("lifeloop_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
