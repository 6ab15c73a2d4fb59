"""Both databases, each test on tables of its own: SQLite in a file, PostgreSQL in a schema that is dropped after."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from lifeloop.engine.values import State
from lifeloop.store import customers, enrollments, journeys, messages
from lifeloop.store.opening import Store, open_store
from lifeloop.store.transaction import Tx
from lifeloop.store.values import CustomerRow, NewMessage, NewRun, PlanRow

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


@dataclass
class World:
    """A store with one journey, ``renewal``, and what tests need again and again."""

    store: Store
    plan: str = "plan-1"

    def customers(self, count: int) -> list[int]:
        rows = [CustomerRow(f"c{number}", {"email": f"c{number}@example.com"}) for number in range(count)]
        with self.store.transaction() as tx:
            ids = customers.upsert(tx, rows, 0).ids
        return [ids[row.key] for row in rows]

    def runs(self, ids: Sequence[int], **state: object) -> list[int | None]:
        known = {"node": "wait-1", "due_at": 100, "started_at": 50} | state
        with self.store.transaction() as tx:
            return list(enrollments.add(tx, [NewRun(id_, "renewal", self.plan, State(**known)) for id_ in ids]))

    def message(self, run: int | None, customer: int, **more: object) -> NewMessage:
        known = {
            "id": f"m-{customer}",
            "kind": "mail",
            "run_id": run,
            "customer_id": customer,
            "journey": "renewal",
            "node": "send-1",
            "visit": 1,
            "name": "renewal/offer",
            "due_at": 100,
            "channel": "email",
            "topic": "offers",
        }
        return NewMessage(**(known | more))

    def ready(self, count: int) -> list[NewMessage]:
        people = self.customers(count)
        rows = [self.message(run, who) for run, who in zip(self.runs(people), people, strict=True)]
        with self.store.transaction() as tx:
            assert messages.add(tx, rows, 90) == count
        return rows


@pytest.fixture
def world(store: Store) -> World:
    with store.transaction() as tx:
        journeys.publish(tx, {"renewal": PlanRow("renewal", "plan-1", "{}")}, 0)
    return World(store)


@pytest.fixture(scope="session")
def postgres_schemas(request: pytest.FixtureRequest) -> Callable[[], AbstractContextManager[str]]:
    """Empty schemas for fixtures that live longer than one test."""
    return lambda: postgres_schema(request.getfixturevalue("postgres_server"))
