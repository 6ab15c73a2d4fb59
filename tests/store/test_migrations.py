"""Tables made from scratch are the tables that migrations make."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from lifeloop.store.migrations import TooNewError
from lifeloop.store.opening import Store, open_store
from lifeloop.store.tables import METADATA

POSTGRES_SHAPE = """
SELECT table_name || '.' || column_name, data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '-')
  FROM information_schema.columns WHERE table_schema = current_schema()
UNION ALL SELECT tablename || ' index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL SELECT conrelid::regclass || ' constraint ' || conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = current_schema()::regnamespace
UNION ALL SELECT 'function ' || proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
"""


def clauses(sql: str) -> list[str]:
    """The parts of a statement without their order, which SQLAlchemy does not promise for constraints."""
    return sorted(re.sub(r"[(),]", ", ", sql).replace("\n", " ").split())


def shape(store: Store) -> dict[str, list[str]]:
    question = POSTGRES_SHAPE if store.postgres else "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"
    with store.reading() as tx:
        schema = tx.ask("SELECT current_schema() AS name")[0].name if store.postgres else ""
        rows = {name: clauses(sql.replace(f"{schema}.", "")) for name, sql in tx.ask(question)}
    return {name: sql for name, sql in rows.items() if "alembic_version" not in name}


def test_the_tables_from_scratch_are_the_migrated_tables(fresh_url: Callable[[], str]) -> None:
    migrated, scratch = open_store(fresh_url()), open_store(fresh_url())
    migrated.migrate()
    with scratch.engine.begin() as connection:
        METADATA.create_all(connection)
    assert shape(migrated) == shape(scratch)
    assert len(shape(migrated)) >= 30
    migrated.close()
    scratch.close()


def test_migrating_twice_changes_nothing(store: Store) -> None:
    before = shape(store)
    store.migrate()
    assert shape(store) == before


def test_several_may_migrate_at_once(empty: Store) -> None:
    threads = [threading.Thread(target=empty.migrate) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with empty.reading() as tx:
        assert [row.name for row in tx.ask("SELECT name FROM switch ORDER BY name")] == ["kill", "restored"]


def test_a_newer_database_is_refused(store: Store) -> None:
    with store.transaction() as tx:
        tx.run("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(TooNewError, match="newer version of Lifeloop"):
        store.migrate()


def test_sqlite_keeps_what_was_promised(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store.migrate()
    with store.engine.connect() as connection:
        pragmas = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20_000}
    store.close()


def test_a_transaction_on_sqlite_takes_the_write_lock_at_once(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = open_store(f"sqlite:///{path}")
    store.migrate()
    with store.transaction() as tx:
        tx.ask("SELECT 1")  # it has only read so far
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()
    with store.reading():
        other = sqlite3.connect(path, timeout=0, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.close()
    store.close()


@pytest.mark.postgres
def test_a_transaction_on_postgres_is_read_committed_with_a_lock_timeout(postgres_server: str) -> None:
    store = open_store(postgres_server)
    with store.transaction() as tx:
        assert tx.ask("SHOW transaction_isolation")[0][0] == "read committed"
        assert tx.ask("SHOW lock_timeout")[0][0] == "10s"
    with store.reading() as tx, pytest.raises(Exception, match="read-only"):
        tx.run("CREATE TABLE forbidden (id int)")
    store.close()


@pytest.mark.postgres
def test_another_isolation_is_refused(postgres_server: str) -> None:
    store = open_store(postgres_server)
    store.engine = store.engine.execution_options(isolation_level="REPEATABLE READ")
    with pytest.raises(RuntimeError, match="read committed"), store.transaction():
        pass
    store.close()
