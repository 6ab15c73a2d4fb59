"""A database file that may not grow any more: it is said, nothing is lost, and it goes on once there is room."""

from __future__ import annotations

import pytest
from sqlalchemy import event

from lifeloop.store import customers
from lifeloop.store.opening import StoreFull, open_store
from lifeloop.store.values import CustomerRow


def test_a_full_disk_loses_nothing_and_is_no_mistake_of_a_run(tmp_path) -> None:
    store, most = open_store(f"sqlite:///{tmp_path / 'small.db'}"), [0]
    store.migrate()

    def add(first: int, count: int) -> None:
        rows = [CustomerRow(f"c{number}", {"note": "x" * 1000}) for number in range(first, first + count)]
        with store.transaction() as tx:
            customers.upsert(tx, rows, 0)

    event.listen(store.engine, "begin", lambda connection: connection.exec_driver_sql(limit(most[0])))
    add(0, 10)
    with store.reading() as tx:
        (row,) = tx.ask("PRAGMA page_count")
    most[0] = row.page_count + 5
    with pytest.raises(StoreFull, match="no room left for the database"):
        add(10, 1000)
    with store.reading() as tx:
        assert tx.ask("SELECT count(*) AS number FROM customer")[0].number == 10
    most[0] = 0
    add(10, 1000)
    with store.reading() as tx:
        assert tx.ask("SELECT count(*) AS number FROM customer")[0].number == 1010
        assert tx.ask("PRAGMA integrity_check")[0].integrity_check == "ok"
    store.close()


def limit(pages: int) -> str:
    return f"PRAGMA max_page_count = {pages or 1_000_000}"
