"""Runs: added once, claimed when due, saved against the fence."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from lifeloop.engine.values import State, Status, Visited
from lifeloop.store import enrollments, journeys, visits
from lifeloop.store.opening import open_store
from lifeloop.store.transaction import UnknownJourneyError
from lifeloop.store.values import Line, NewRun, PlanRow, Saved, Shard


def test_everything_a_run_remembers_comes_back(world) -> None:
    (ana,) = world.customers(1)
    state = State(
        node="wait-1",
        started_at=1,
        due_at=100,
        deadline=90,
        since=5,
        since_seq=7,
        visit=3,
        start={"order_id": "A", "total": 1.5},
        start_seq=4,
        event={},
        memory={"offer": "10%", "list": [1, None]},
        used=(4, 9),
        closing=True,
        converted_at=44,
    )
    with world.store.transaction() as tx:
        (run,) = enrollments.add(tx, [NewRun(ana, "renewal", "plan-1", state, "K1:2", "K1", "K1")])
        (found,) = enrollments.claim_due(tx, ["renewal"], 100, 10)
    assert found.state == state
    assert (found.id, found.key, found.journey, found.plan) == (run, "c0", "renewal", "plan-1")
    assert (found.entry_key, found.subject, found.object_key, found.fence) == ("K1:2", "K1", "K1", 0)


def test_an_entry_key_is_used_once_and_a_subject_has_one_active_run(world) -> None:
    (ana,) = world.customers(1)
    waiting = State("wait-1", due_at=100)
    row = NewRun(ana, "renewal", "plan-1", waiting, "1")
    over = row._replace(entry_key="2", state=State(None, Status.COMPLETED))
    with world.store.transaction() as tx:
        first = enrollments.add(tx, [row, row, row._replace(entry_key="2")])
        again = enrollments.add(tx, [row, over, row._replace(entry_key="3", subject="K1")])
    assert [id_ is None for id_ in first] == [False, True, True]
    assert [id_ is None for id_ in again] == [True, False, False]


def test_only_due_runs_of_waking_journeys_are_claimed_earliest_first(world) -> None:
    people = world.customers(4)
    for who, due in zip(people, (300, 100, 200, 900), strict=True):
        world.runs([who], due_at=due)
    with world.store.transaction() as tx:
        assert [run.state.due_at for run in enrollments.claim_due(tx, ["renewal"], 300, 2)] == [100, 200]
        assert [run.state.due_at for run in enrollments.claim_due(tx, None, 300, 9)] == [100, 200, 300]
        assert enrollments.next_due(tx, "renewal") == 100
        assert enrollments.due_nodes(tx, ["renewal"], 300) == (("plan-1", "wait-1", 3),)
        assert enrollments.claim_due(tx, ["renewal"], 300, 9, node="send-1") == ()
        assert [run.key for run in enrollments.claim_due(tx, ["renewal"], 300, 9, customer="c2")] == ["c2"]
        journeys.pause(tx, ["renewal"], "why not", 1)
        assert enrollments.claim_due(tx, ["renewal"], 300, 9) == ()
        assert enrollments.next_due(tx, "renewal") is None
        journeys.resume(tx, ["renewal"])
        assert len(enrollments.claim_due(tx, ["renewal"], 300, 9)) == 3


def test_shards_part_the_people_and_miss_nobody(world) -> None:
    world.runs(world.customers(30))
    with world.store.transaction() as tx:
        parts = [enrollments.claim_due(tx, None, 100, 99, Shard(index, 4)) for index in range(4)]
    assert sorted(run.id for part in parts for run in part) == sorted({run.id for part in parts for run in part})
    assert sum(map(len, parts)) == 30
    assert all(parts)


def test_a_move_is_saved_once_per_fence(world) -> None:
    world.runs(world.customers(1))
    with world.store.transaction() as tx:
        (run,) = enrollments.claim_due(tx, None, 100, 9)
        moved = Saved(run.id, run.fence, run.state._replace(node="send-1", visit=2))
        assert enrollments.save_moves(tx, [moved]) == 0
        assert enrollments.save_moves(tx, [moved]) == 1
        assert enrollments.find(tx, [run.id])[run.id].fence == 1


def test_a_finished_run_is_no_longer_due_and_cannot_be_moved(world) -> None:
    world.runs(world.customers(1))
    with world.store.transaction() as tx:
        (run,) = enrollments.claim_due(tx, None, 100, 9)
        over = State(None, Status.STOPPED, started_at=50, visit=2, reason="no answer")
        assert enrollments.save_moves(tx, [Saved(run.id, 0, over)]) == 0
        assert enrollments.save_moves(tx, [Saved(run.id, 1, run.state)]) == 1
        assert enrollments.claim_due(tx, None, 10**9, 9) == ()
        assert enrollments.find(tx, [run.id])[run.id].state == over
        assert enrollments.wake_runs(tx, [run.id], 5) == 0


def test_a_waiting_run_without_a_moment_is_refused_by_the_table(world) -> None:
    (ana,) = world.customers(1)
    for state in (State("wait-1"), State(None, Status.COMPLETED, due_at=5)):
        with pytest.raises(IntegrityError), world.store.transaction() as tx:
            enrollments.add(tx, [NewRun(ana, "renewal", "plan-1", state)])


def test_a_failed_run_waits_for_an_operator(world) -> None:
    (run,) = world.runs(world.customers(1))
    with world.store.transaction() as tx:
        enrollments.fail(tx, [run], "ZeroDivisionError", 100)
        found = enrollments.find(tx, [run])[run]
    assert (found.state.status, found.state.reason, found.state.due_at) == (Status.FAILED, "ZeroDivisionError", None)


def test_waking_moves_the_moment_nearer_never_further(world) -> None:
    ana, bo = world.customers(2)
    (far,) = world.runs([ana], due_at=900)
    (near,) = world.runs([bo], due_at=10)
    with world.store.transaction() as tx:
        assert enrollments.wake(tx, [(ana, ["renewal"]), (bo, ["renewal"]), (ana, [])], 100) == 1
        found = enrollments.find(tx, [far, near])
    assert [found[far].state.due_at, found[near].state.due_at] == [100, 10]


def test_past_runs_tell_when_and_how(world) -> None:
    ana, bo = world.customers(2)
    world.runs([ana], started_at=7)
    with world.store.transaction() as tx:
        found = enrollments.past(tx, [(ana, "renewal"), (bo, "renewal")])
    assert [(run.started_at, run.status) for run in found[ana, "renewal"]] == [(7, "waiting")]
    assert found[bo, "renewal"] == ()


def test_an_unpublished_journey_is_named(world) -> None:
    with pytest.raises(UnknownJourneyError, match='"nowhere"'), world.store.transaction() as tx:
        enrollments.past(tx, [(1, "nowhere")])


def test_publishing_again_keeps_old_plans_and_writes_nothing_twice(world) -> None:
    with world.store.transaction() as tx:
        journeys.publish(tx, {"renewal": PlanRow("renewal", "plan-2", '{"v": 2}')}, 9)
        journeys.publish(tx, {"renewal": PlanRow("renewal", "plan-2", '{"v": 2}')}, 11)
        assert journeys.live_digests(tx) == {"renewal": "plan-2"}
        assert [row.published_at for row in journeys.rows(tx)] == [9]
        assert set(journeys.plans(tx, ["plan-1", "plan-2"])) == {"plan-1", "plan-2"}
        journeys.retire(tx, ["renewal"])
        assert journeys.live_plans(tx) == {}


def test_history_is_append_only_by_its_key(world) -> None:
    (run,) = world.runs(world.customers(1))
    line = Line(run, 0, 0, Visited("send-1", 1, 100, "sent", "renewal/offer", {"to": "é"}))
    with world.store.transaction() as tx:
        visits.add(tx, [line, Line(run, 0, 1, Visited("wait-1", 2, 100, "waits"))])
        assert visits.of_run(tx, run) == (line.visited, Visited("wait-1", 2, 100, "waits"))
    with pytest.raises(IntegrityError), world.store.transaction() as tx:
        visits.add(tx, [line])


def test_moving_a_thousand_takes_as_many_statements_as_ten(world, counted) -> None:
    world.runs(world.customers(1010))
    taken = []
    for size in (10, 1000):
        with counted(world.store) as seen, world.store.transaction() as tx:
            runs = enrollments.claim_due(tx, ["renewal"], 100, size)
            assert len(runs) == size
            saved = [Saved(run.id, run.fence, run.state._replace(due_at=500, visit=1)) for run in runs]
            assert enrollments.save_moves(tx, saved) == 0
            visits.add(tx, [Line(run.id, run.fence, 0, Visited("wait-1", 1, 100, "waits")) for run in runs])
        taken.append(len(seen))
    assert taken[0] == taken[1]


@pytest.mark.postgres
def test_two_claimers_never_get_the_same_run_or_the_same_customer(world) -> None:
    if not world.store.postgres:
        pytest.skip("SQLite has one writer")
    world.runs(world.customers(20))
    other = open_store(world.store.engine.url.render_as_string(hide_password=False))
    with world.store.transaction() as one, other.transaction() as two:
        first = enrollments.claim_due(one, None, 100, 12)
        second = enrollments.claim_due(two, None, 100, 12)
    other.close()
    assert (len(first), len(second)) == (12, 8)
    assert not {run.customer_id for run in first} & {run.customer_id for run in second}
