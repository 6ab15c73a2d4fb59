"""Both databases, each test on tables of its own: SQLite in a file, PostgreSQL in a schema that is dropped after."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from secrets import token_hex
from shutil import copyfile

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import event
from sqlalchemy.engine import make_url

from lifeloop.store.opening import Store, open_store
from lifeloop.store.transaction import Tx

POSTGRES = os.environ.get("LIFELOOP_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
NUMBERS, DROPPED = count(1), count(1)
RUN = token_hex(6)
"""Of this process alone: what a killed one left behind, with a number that comes again, is in nobody's way."""
SWEEP = (
    "VACUUM (SKIP_LOCKED) pg_attribute, pg_attrdef, pg_class, pg_constraint, pg_depend, pg_index, pg_sequence,"
    " pg_statistic, pg_trigger, pg_type"
)
SWEPT = 25
"""Schemas after which a server's own tables are swept: each leaves 1,200 dead rows, and not every server does."""

# A busy machine is no defect: how long making an example takes says nothing about the code under test.
settings.register_profile("lifeloop", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lifeloop")


def postgres_dsn() -> str:
    return make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The test server; without one the PostgreSQL half is left out loudly, and on CI that is a failure."""
    try:
        with psycopg.connect(postgres_dsn(), connect_timeout=60):
            return postgres_dsn()
    except psycopg.OperationalError as problem:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"!!! NO POSTGRESQL: half of the store is NOT tested ({POSTGRES}): {problem}")


@contextmanager
def postgres_schema(dsn: str, tables: str = "") -> Iterator[str]:
    """A schema with these tables, empty without; and the URL that uses it."""
    name = f"lifeloop_{RUN}_{next(NUMBERS)}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}; SET search_path = {name}; {tables}")
        try:
            yield f"{dsn}?options=-csearch_path%3D{name}"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE")
            if next(DROPPED) % SWEPT == 0:
                connection.execute(SWEEP)


@pytest.fixture(scope="session")
def postgres_tables(postgres_server: str) -> str:
    """What migrating an empty schema says to PostgreSQL: said again in one go it takes a third of the time."""
    said: list[str] = []
    with postgres_schema(postgres_server) as url:
        store = open_store(url)
        event.listen(store.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
        store.migrate()
        store.close()
    return ";".join(sql for sql in said if not sql.lstrip().startswith("SELECT"))


@pytest.fixture(scope="session")
def sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database with nothing in it, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "store.db"
    store = open_store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> str:
    """Which kind of database the test is about."""
    return str(request.param)


@pytest.fixture
def bare_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes as many databases without any table as a test wants, of one kind."""
    with ExitStack() as stack:
        if database == "sqlite":
            yield lambda: f"sqlite:///{tmp_path / f'store{next(NUMBERS)}.db'}"
        else:
            server = request.getfixturevalue("postgres_server")
            yield lambda: stack.enter_context(postgres_schema(server))


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes as many migrated databases with nothing in them as a test wants, of one kind."""
    with ExitStack() as stack:
        if database == "sqlite":
            tables = request.getfixturevalue("sqlite_tables")
            yield lambda: f"sqlite:///{copyfile(tables, tmp_path / f'store{next(NUMBERS)}.db')}"
        else:
            server, said = request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_tables")
            yield lambda: stack.enter_context(postgres_schema(server, said))


@pytest.fixture
def empty(bare_url: Callable[[], str]) -> Iterator[Store]:
    store = open_store(bare_url())
    yield store
    store.close()


@pytest.fixture
def store(fresh_url: Callable[[], str]) -> Iterator[Store]:
    store = open_store(fresh_url())
    yield store
    store.close()


@pytest.fixture
def counted() -> Callable[[Store], AbstractContextManager[list[str]]]:
    """Collects the statements that reach a database."""
    return _counted


@contextmanager
def _counted(store: Store) -> Iterator[list[str]]:
    seen: list[str] = []
    run = Tx._execute

    def note(tx: Tx, sql: str, *more: object) -> object:
        if tx.connection.engine.pool is store.engine.pool:
            seen.append(sql)
        return run(tx, sql, *more)

    Tx._execute = note
    try:
        yield seen
    finally:
        Tx._execute = run


@pytest.fixture(scope="session")
def postgres_schemas(request: pytest.FixtureRequest) -> Callable[[], AbstractContextManager[str]]:
    """Empty schemas for fixtures that live longer than one test."""
    return lambda: postgres_schema(request.getfixturevalue("postgres_server"))
