"""A claim reads the front of an index, however much is waiting."""

from __future__ import annotations

import pytest

from lifeloop.engine.values import State
from lifeloop.store import claims, enrollments, journeys
from lifeloop.store.values import NewRun, PlanRow, Shard


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
    assert (f"{table}_due" in plan) or (f"{table}_default_journey_id_next_at_idx" in plan)
    assert "SCAN" not in plan or world.store.postgres


def test_a_store_that_nobody_published_to_has_nothing_due(store) -> None:
    with store.transaction() as tx:
        assert claims.claim(tx, "enrollment", 100, 10, claims.Which()) == []
        assert claims.count(tx, "message", 100, claims.Which()) == 0


def crowds(world, **sizes: int) -> None:
    """Lets so many be due in each of these journeys, those of the first for the longest time."""
    with world.store.transaction() as tx:
        journeys.publish(tx, {name: PlanRow(name, f"plan-{name}", "{}") for name in sizes}, 0)
    people = world.customers(max(sizes.values()))
    with world.store.transaction() as tx:
        for late, (name, size) in enumerate(sizes.items()):
            state = State(node="wait-1", due_at=50 + late, started_at=10)
            enrollments.add(tx, [NewRun(who, name, f"plan-{name}", state) for who in people[:size]])


def test_a_huge_journey_keeps_no_small_one_waiting(world) -> None:
    crowds(world, huge=3000, small=50)
    with world.store.transaction() as tx:
        runs = enrollments.claim_due(tx, None, 100, 500)
    assert len({run.id for run in runs}) == 500
    assert sum(run.journey == "small" for run in runs) == 50


def test_a_batch_is_full_whoever_has_something_due(world) -> None:
    crowds(world, huge=600, middle=200, nobody=1)
    with world.store.transaction() as tx:
        assert len(enrollments.claim_due(tx, None, 100, 500)) == 500
        assert len(enrollments.claim_due(tx, ["middle", "nobody"], 100, 500)) == 201
        assert len(enrollments.claim_due(tx, None, 100, 2)) == 2


def test_shards_share_all_people_and_nobody_is_in_two(world) -> None:
    crowds(world, huge=300)
    with world.store.transaction() as tx:
        parts = [enrollments.claim_due(tx, None, 100, 500, Shard(index, 4)) for index in range(4)]
    ids = [run.id for part in parts for run in part]
    assert (len(ids), len(set(ids))) == (300, 300)
    assert all(len(part) == 75 for part in parts)
