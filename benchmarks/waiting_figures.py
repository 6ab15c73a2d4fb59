"""A table of millions who wait: how many bytes each of them takes, and how long it takes to claim those who are due.

The database itself makes the rows, in the real table with all of its indexes: half of them fall due in the order in
which they entered, the other half scattered over the table. Only those who will be claimed have a customer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

import psycopg
from measure import Figure
from shop import FIRST, database, small_project, workspace
from sqlalchemy.engine import make_url

from lifeloop.store import enrollments
from lifeloop.store.opening import Store

CLAIMED = 1000
GOAL = 10**7
"""The goal of a claim is said for so many beside a tenth of them; fewer are told without a verdict."""
ROUNDS = 7
STRIDE = 7_919
"""A prime: who waits at place ``n`` falls due at ``n * STRIDE`` modulo their number, far from their neighbours."""

_ROWS = """
INSERT INTO enrollment (customer_id, due_at, deadline, since, since_seq, started_at, visit, journey_id, plan_id,
  status, node, entry_key, subject)
SELECT n, due, due, {first}, 0, {first}, 1, j.id, j.plan_id, 'waiting', 'wait-1', '', ''
FROM (
  SELECT n, {first} + CASE WHEN n % 2 = 0 THEN n ELSE (n * CAST({stride} AS bigint)) % {size} END AS due FROM {numbers}
) AS waiting
JOIN journey j ON j.name = CASE WHEN n % 2 = 0 THEN 'steps' ELSE 'letters' END ORDER BY n
"""
_CUSTOMERS = """
INSERT INTO customer (id, key, data, created_at, updated_at)
SELECT customer_id, customer_id, '{{}}', 0, 0 FROM enrollment WHERE due_at < {first} + {many}
"""


def figures(store: str, folder: Path, few: int, many: int) -> Iterator[Figure]:
    """``many`` waiting beside ``few``, claimed in turns."""
    project = small_project(folder / f"waiting-{store}")
    with ExitStack() as opened:
        stores = [_waiting(opened, store, folder, project, size) for size in (many, few)]
        for size, one in zip((many, few), stores, strict=True):
            what = f"bytes of one of {size:,} who wait"
            yield Figure(what, store, _bytes(one) / size, "bytes", goal=f"bytes, {store}" if size == many else "")
        for order, journey in (("ordered", "steps"), ("scattered", "letters")):
            pairs = [tuple(_claim(one, journey) for one in stores) for _ in range(ROUNDS)]
            took, ratio = median(large for large, _ in pairs), median(large / small for large, small in pairs)
            what = f"1,000 due of {many:,}, {order}"
            yield Figure(
                what, store, 1000 * took, "ms", f"of {few:,}", ratio, f"claim, {order}" if many >= GOAL else ""
            )


def _waiting(opened: ExitStack, store: str, folder: Path, project: Path, size: int) -> Store:
    url = opened.enter_context(database(store, folder))
    space = opened.enter_context(workspace(project, url))
    _fill(store, url, size)
    return space.store


def _fill(store: str, url: str, size: int) -> None:
    values = {"first": FIRST, "stride": STRIDE, "size": size, "many": 4 * ROUNDS * CLAIMED}
    if store == "SQLite":
        numbers = f"(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {size}) SELECT n FROM c)"  # noqa: S608
        lite = sqlite3.connect(make_url(url).database or "")
        lite.execute(_ROWS.format(numbers=numbers, **values))
        lite.execute(_CUSTOMERS.format(**values))
        lite.commit()
        lite.execute("ANALYZE")
        lite.close()
        return
    with psycopg.connect(url) as postgres:
        postgres.execute("ALTER TABLE enrollment DROP CONSTRAINT enrollment_customer_id_fkey")
        postgres.execute(_ROWS.format(numbers=f"generate_series(1, {size}) AS g(n)", **values))
        postgres.execute(_CUSTOMERS.format(**values))
        postgres.commit()
        postgres.autocommit = True
        postgres.execute("VACUUM ANALYZE enrollment")
        postgres.execute("VACUUM ANALYZE customer")


def _bytes(store: Store) -> int:
    with store.reading() as tx:
        if tx.postgres:
            return int(tx.ask("SELECT pg_total_relation_size('enrollment') AS size")[0].size)
        return int(tx.ask("SELECT sum(pgsize) AS size FROM dbstat WHERE name LIKE '%enrollment%'")[0].size)


def _claim(store: Store, journey: str) -> float:
    """Claim a thousand and let them wait again, for long: the next time it is others."""
    with store.transaction() as tx:
        began = perf_counter()
        runs = enrollments.claim_due(tx, [journey], FIRST + 10**9, CLAIMED)
        took = perf_counter() - began
        assert len(runs) == CLAIMED
        later = f"UPDATE enrollment SET due_at = due_at + {10**9} WHERE {tx.among('id', 'ids')}"  # noqa: S608
        tx.run(later, ids=[run.id for run in runs])
    return took
