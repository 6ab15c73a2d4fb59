"""A claim reads the front of an index, however much is waiting."""

from __future__ import annotations

import pytest

from lifeloop.store import claims
from lifeloop.store.values import Shard


@pytest.mark.parametrize("table", ["candidate", "enrollment", "message"])
def test_claims_walk_the_index_of_what_is_due(world, counted, table: claims.Due) -> None:
    which = claims.Which(shard=Shard(1, 4))
    with counted(world.store) as seen, world.store.transaction() as tx:
        claims.claim(tx, table, 100, 10, which)
    statement = next(sql for sql in seen if f"FROM {table}" in sql)
    with world.store.transaction() as tx:
        if world.store.postgres:
            tx.run("SET LOCAL enable_seqscan = off")
            filled = statement.replace("%(", ":").replace(")s", "").replace("%%", "%")
            rows = tx.ask(f"EXPLAIN {filled}", journey=1, now=100, limit=10, count=4, index=1)
        else:
            rows = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (1, 100, 4, 1, 10)).all()
    plan = "\n".join(str(row) for row in rows)
    assert f"{table}_due" in plan
    assert "SCAN" not in plan or world.store.postgres


def test_a_store_that_nobody_published_to_has_nothing_due(store) -> None:
    with store.transaction() as tx:
        assert claims.claim(tx, "enrollment", 100, 10, claims.Which()) == []
        assert claims.count(tx, "message", 100, claims.Which()) == 0
