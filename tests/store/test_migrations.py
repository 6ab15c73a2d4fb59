"""Tables made from scratch are the tables that migrations make."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, Row, text

from lifeloop.store import messages
from lifeloop.store.migrations import TooNewError, config
from lifeloop.store.months import KEYS
from lifeloop.store.opening import Store, open_store
from lifeloop.store.tables import METADATA

POSTGRES_SHAPE = """
SELECT table_name || '.' || column_name, data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '-')
  FROM information_schema.columns WHERE table_schema = current_schema()
UNION ALL SELECT tablename || ' index ' || coalesce(whole.relname, indexname),
                 replace(indexdef, indexname, coalesce(whole.relname, indexname))
  FROM pg_indexes LEFT JOIN pg_inherits ON inhrelid = to_regclass(indexname)
  LEFT JOIN pg_class whole ON whole.oid = inhparent WHERE schemaname = current_schema()
UNION ALL SELECT relname || ' lies', coalesce(pg_get_partkeydef(oid), pg_get_expr(relpartbound, oid))
  FROM pg_class WHERE relnamespace = current_schema()::regnamespace
   AND (relkind = 'p' OR relkind = 'r' AND relispartition)
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


def test_the_tables_from_scratch_are_the_migrated_tables(bare_url: Callable[[], str]) -> None:
    migrated, scratch = open_store(bare_url()), open_store(bare_url())
    migrated.migrate()
    with scratch.engine.begin() as connection:
        METADATA.create_all(connection)
    assert shape(migrated) == shape(scratch)
    assert len(shape(migrated)) >= 30
    migrated.close()
    scratch.close()


def test_the_tables_that_tests_start_from_are_the_migrated_tables(store: Store, empty: Store) -> None:
    empty.migrate()
    assert shape(store) == shape(empty)


FILLED = """
INSERT INTO journey (id, name, published_at) VALUES (1, 'renewal', 0);
INSERT INTO plan (id, journey_id, digest, body, made_at) VALUES (1, 1, 'plan-1', '{}', 0);
UPDATE journey SET plan_id = 1;
INSERT INTO customer (key, data, created_at, updated_at) SELECT 'c' || n, '{}', 0, 0 FROM generate_series(1, 300) n;
INSERT INTO enrollment (customer_id, due_at, since, since_seq, started_at, journey_id, plan_id, status, node, entry_key,
  subject) SELECT id, 900, 0, 0, 0, 1, 1, 'waiting', 'wait-1', 'e', 's' FROM customer;
INSERT INTO message (id, customer_id, enrollment_id, due_at, made_at, next_at, journey_id, counts, kind, status, node,
  name, channel, topic) SELECT lpad(to_hex(id * 839), 6, '0') || repeat('7', 26), customer_id, id, 5, 5, 5, 1, true,
  'mail', 'ready', 'send-1', 'renewal/offer', 'email', 'offers' FROM enrollment;
UPDATE message SET id = 'ffff' || substr(id, 5) WHERE customer_id = 300;
INSERT INTO attempt (message_id, fence, at, outcome, raw) SELECT id, 1, 5, 'uncertain', '{}' FROM message;
INSERT INTO rendered (message_id, at, address, sender, subject, html, text_part, headers)
  SELECT id, 5, 'a', 'b', 'c', 'd', 'e', '{}' FROM message;
INSERT INTO hit (message_id, what, at, by) SELECT id, 'click', 5, 'person' FROM message;
INSERT INTO visit (enrollment_id, seq, at, what) SELECT id, 65536, 5, 'sent' FROM enrollment
"""


@pytest.mark.postgres
def test_what_was_there_before_months_stays_where_it_is(postgres_schemas) -> None:
    with postgres_schemas() as url, closing(open_store(url)) as store:
        with store.engine.begin() as connection:
            settings = config()
            settings.attributes["connection"] = connection
            command.upgrade(settings, "0010")
            connection.exec_driver_sql(FILLED)
            before = {table: content(connection, table) for table in KEYS}
            files = {table: connection.scalar(text(f"SELECT pg_relation_filenode('{table}')")) for table in KEYS}
        store.migrate()
        with store.engine.begin() as connection:
            assert {table: content(connection, table) for table in KEYS} == before
            for table in KEYS:
                part = text(f"SELECT pg_relation_filenode('{table}_before')")
                assert connection.scalar(part) == files[table], "no row was copied"
                assert len(content(connection, f"{table}_default")) == (table != "visit"), (
                    "an id that looks like a month"
                )
            pointing = "SELECT count(*) FROM pg_constraint WHERE confrelid = to_regclass('message') AND conparentid = 0"
            assert connection.scalar(text(pointing)) == 3
        with store.transaction() as tx:
            assert len(messages.claim_ready(tx, 5, 1000)) == 300
            (gone,) = messages.find(tx, ["ffff" + before["message"][-1].id[4:]]).values()
            assert gone.customer_id == 300


def content(connection: Connection, table: str) -> list[Row[Any]]:
    return list(connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2")))  # noqa: S608


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
