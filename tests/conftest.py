"""Both databases, each test on tables of its own: SQLite in a file, PostgreSQL in a schema that is dropped after."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from lifeloop.store.opening import Store, open_store
from lifeloop.store.transaction import Tx

POSTGRES = os.environ.get("LIFELOOP_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/test")
NUMBERS = count(1)


def postgres_dsn() -> str:
    return make_url(POSTGRES).set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """The test server; without one the PostgreSQL half is left out loudly, and on CI that is a failure."""
    try:
        with psycopg.connect(postgres_dsn(), connect_timeout=3):
            return postgres_dsn()
    except psycopg.OperationalError as problem:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"!!! NO POSTGRESQL: half of the store is NOT tested ({POSTGRES}): {problem}")


@contextmanager
def postgres_schema(dsn: str) -> Iterator[str]:
    """An empty schema, and the URL that uses it."""
    name = f"lifeloop_{os.getpid()}_{next(NUMBERS)}"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
        try:
            yield f"{dsn}?options=-csearch_path%3D{name}"
        finally:
            connection.execute(f"DROP SCHEMA {name} CASCADE")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """Makes as many empty databases as a test wants, of one kind."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield lambda: f"sqlite:///{tmp_path / f'store{next(NUMBERS)}.db'}"
        else:
            server = request.getfixturevalue("postgres_server")
            yield lambda: stack.enter_context(postgres_schema(server))


@pytest.fixture
def empty(fresh_url: Callable[[], str]) -> Iterator[Store]:
    store = open_store(fresh_url())
    yield store
    store.close()


@pytest.fixture
def store(empty: Store) -> Store:
    empty.migrate()
    return empty


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
