"""The outbox: written once, gated under lock, settled by whoever holds the fence and nobody else."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from lifeloop.engine.values import State, Status
from lifeloop.store import backlogs, consents, enrollments, journeys, messages
from lifeloop.store.backlogs import Backlog, Pace
from lifeloop.store.values import ConsentRow, Decision, Outcome, Saved, SuppressionRow

LEASE = 1000


def mark_all(tx, rows, now: int = 100, owner: str = "w1") -> dict[str, int]:
    return messages.mark(tx, [Decision(row.id, "attempting") for row in rows], now, owner=owner, lease_until=LEASE)


def test_a_message_is_written_once(world) -> None:
    rows = world.ready(2)
    with world.store.transaction() as tx:
        assert messages.add(tx, rows, 95) == 0
        found = messages.claim_ready(tx, 100, 10)
    assert [message.id for message in found] == sorted(row.id for row in rows)
    assert (found[0].made_at, found[0].plan, found[0].key) == (90, "plan-1", "c0")


def test_what_was_written_comes_back(world) -> None:
    (row,) = world.ready(1)
    call = row._replace(id="m-x", kind="call", name="crm.create", channel="", topic="", counts=False, expires_at=500)
    call = call._replace(data={"args": {"a": [1, "é"]}, "answer": True}, run_id=None)
    with world.store.transaction() as tx:
        messages.add(tx, [call], 91)
        found = messages.find(tx, ["m-x"])["m-x"]
    for name in ("kind", "name", "channel", "counts", "expires_at", "data", "run_id", "visit", "due_at"):
        assert getattr(found, name) == getattr(call, name)
    assert (found.status, found.next_at, found.tries, found.fence, found.receipts) == ("ready", 100, 0, 0, {})


def test_only_ready_due_messages_of_waking_journeys_are_claimed(world) -> None:
    world.ready(3)
    with world.store.transaction() as tx:
        assert messages.claim_ready(tx, 99, 10) == ()
        assert len(messages.claim_ready(tx, 100, 2)) == 2
        assert messages.claim_ready(tx, 100, 10, kinds=["call"]) == ()
        assert messages.count_ready(tx, 100, journeys=["renewal"]) == 3
        assert enrollments.next_due(tx, "renewal") == 100
        journeys.pause(tx, ["renewal"], "", 1)
        assert messages.claim_ready(tx, 100, 10) == ()


def test_a_mark_reserves_and_a_sure_refusal_gives_back(world) -> None:
    (row,) = world.ready(1)
    with world.store.transaction() as tx:
        fences = mark_all(tx, [row])
        assert messages.find(tx, [row.id])[row.id].sent_at == 100
        again = Outcome(row.id, fences[row.id], "ready", "not accepted", "busy", retry_at=160)
        assert messages.settle(tx, [again], 105, owner="w1") == ()
        found = messages.find(tx, [row.id])[row.id]
        assert (found.status, found.sent_at, found.next_at, found.owner) == ("ready", None, 160, None)
        fences = mark_all(tx, [row], 160)
        done = Outcome(row.id, fences[row.id], "sent", "accepted", provider_id="p-9", raw="250 OK")
        assert messages.settle(tx, [done], 165, owner="w1") == ()
        found = messages.find(tx, [row.id])[row.id]
        tries = messages.attempts(tx, row.id)
    assert (found.status, found.sent_at, found.provider_id, found.tries, found.fence) == ("sent", 160, "p-9", 2, 2)
    assert [(each.number, each.outcome, each.raw) for each in tries] == [
        (1, "not accepted", ""),
        (2, "accepted", "250 OK"),
    ]


def test_a_final_word_stands_and_is_not_marked_again(world) -> None:
    rows = world.ready(5)
    words = ["suppressed", "capped", "expired", "cancelled", "held"]
    with world.store.transaction() as tx:
        decided = [Decision(row.id, word, "because") for row, word in zip(rows, words, strict=True)]
        assert messages.mark(tx, decided, 100, owner="w1", lease_until=LEASE) == {}
        assert mark_all(tx, rows) == {}
        found = messages.find(tx, [row.id for row in rows])
        assert [found[row.id].status for row in rows] == words
        assert {message.reason for message in found.values()} == {"because"}
        assert backlogs.spread(tx, Backlog(journeys=["renewal"]), 120, Pace(1, 60)) == 1
        assert [message.id for message in messages.claim_ready(tx, 120, 10)] == [rows[4].id]


def test_held_until_later_is_looked_at_again_then(world) -> None:
    (row,) = world.ready(1)
    with world.store.transaction() as tx:
        messages.mark(tx, [Decision(row.id, "ready", "hours", 700)], 100, owner="w1", lease_until=LEASE)
        assert messages.claim_ready(tx, 699, 10) == ()
        (found,) = messages.claim_ready(tx, 700, 10)
        with pytest.raises(ValueError, match="moment"):
            messages.mark(tx, [Decision(row.id, "ready", "hours")], 100, owner="w1", lease_until=LEASE)
    assert (found.reason, found.due_at) == ("hours", 100)


def test_who_lost_the_fence_settles_nothing(world) -> None:
    (row,) = world.ready(1)
    with world.store.transaction() as tx:
        old = mark_all(tx, [row])
    with world.store.transaction() as tx:
        (lost,) = messages.sweep(tx, LEASE + 1)
        assert (lost.status, lost.sent_at) == ("uncertain", 100)
        late = Outcome(row.id, old[row.id], "sent", "accepted")
        assert messages.settle(tx, [late], LEASE + 2, owner="w1") == (row.id,)
        assert messages.resolve(tx, [(row.id, "ready", "same key again")], LEASE + 3) == 1
        new = mark_all(tx, [row], LEASE + 3, "w2")
        assert messages.settle(tx, [late], LEASE + 4, owner="w1") == (row.id,)
        assert messages.settle(tx, [late._replace(fence=new[row.id])], LEASE + 4, owner="w1") == (row.id,)
        assert messages.settle(tx, [late._replace(fence=new[row.id])], LEASE + 4, owner="w2") == ()
        assert [each.outcome for each in messages.attempts(tx, row.id)] == ["uncertain", "accepted"]


def test_a_running_lease_is_not_swept(world) -> None:
    rows = world.ready(1)
    with world.store.transaction() as tx:
        mark_all(tx, rows)
        assert messages.sweep(tx, LEASE) == ()
        assert enrollments.next_due(tx, "renewal") == 100


def test_lost_answers_are_resolved_or_parked(world) -> None:
    rows = world.ready(4)
    ids = [row.id for row in rows]
    with world.store.transaction() as tx:
        mark_all(tx, rows)
        messages.sweep(tx, LEASE + 1)
        assert {message.id for message in messages.uncertain(tx, 10)} == set(ids)
        words = ["assumed_sent", "rejected", "parked", "sent"]
        assert messages.resolve(tx, [(id_, word, "w") for id_, word in zip(ids, words, strict=True)], LEASE + 2) == 4
        found = messages.find(tx, ids)
        assert [found[id_].status for id_ in ids] == ["assumed_sent", "rejected", "uncertain", "sent"]
        assert [found[id_].sent_at for id_ in ids] == [100, None, 100, 100]
        assert messages.uncertain(tx, 10) == ()
        assert [message.id for message in messages.uncertain(tx, 10, parked=True)] == [ids[2]]


def test_the_table_refuses_an_attempt_that_nobody_owns(world) -> None:
    world.ready(1)
    for wrong in ("status = 'attempting', next_at = NULL", "status = 'sent', next_at = NULL", "status = 'gone'"):
        with pytest.raises(IntegrityError), world.store.transaction() as tx:
            tx.run(f"UPDATE message SET {wrong}")  # noqa: S608  # from the list above


def test_the_gate_learns_what_forbids(world) -> None:
    one, two = world.ready(2)
    with world.store.transaction() as tx:
        consents.record(tx, [ConsentRow(one.customer_id, "offers", True, 1)], 1)
        consents.suppress(tx, [SuppressionRow("email", "C1@example.com", "bounced", 1)])
        mark_all(tx, [two], 95)
        other = two._replace(id="m-other", name="welcome/hello", run_id=None)
        messages.add(tx, [other], 90)
        found = messages.load_gate_facts(tx, messages.claim_ready(tx, 100, 10), 0)
    assert set(found) == {one.id, "m-other"}
    assert found[one.id].facts.consents == {"offers": True}
    assert found[one.id].facts.suppressed == frozenset()
    assert found[one.id].run_status == "waiting"
    assert found["m-other"].run_status is None
    assert found["m-other"].facts.suppressed == {"email"}
    assert [(sent.message, sent.at) for sent in found["m-other"].facts.sent] == [("renewal/offer", 95)]
    assert found[one.id].facts.sent == ()  # a message does not count against itself


def test_the_gate_learns_of_halts_pauses_and_stopped_runs(world) -> None:
    (row,) = world.ready(1)
    with world.store.transaction() as tx:
        claimed = messages.claim_ready(tx, 100, 10)
        journeys.halt(tx, "wrong prices", 100)
        journeys.pause(tx, ["renewal"], "", 100)
        over = State(None, Status.STOPPED, reason="left")
        enrollments.save_moves(tx, [Saved(row.run_id, 0, over)])
        known = messages.load_gate_facts(tx, claimed, 0)[row.id]
        assert (known.halted, known.paused, known.run_status, known.run_reason) == (
            "wrong prices",
            True,
            "stopped",
            "left",
        )
        assert messages.cancel_runs(tx, [row.run_id], "left") == 1
        journeys.release(tx)
        assert journeys.halted(tx) is None
        assert messages.claim_ready(tx, 100, 10) == ()


def test_an_answer_wakes_its_run_and_the_first_one_stays(world) -> None:
    (ana,) = world.customers(1)
    (run,) = world.runs([ana], due_at=900, node="ask-1", visit=1)
    ask = world.message(run, ana, kind="ask", node="ask-1", name="retention-lead", channel="", topic="")
    with world.store.transaction() as tx:
        messages.add(tx, [ask], 90)
        fences = mark_all(tx, [ask])
        messages.settle(tx, [Outcome(ask.id, fences[ask.id], "sent", "accepted")], 101, owner="w1")
        assert [message.id for message in messages.open_asks(tx, "retention-lead")] == [ask.id]
        assert messages.open_asks(tx, "somebody else") == ()
        assert len(messages.answer(tx, [(ask.id, {"approved": True}, 120)])) == 1
        assert messages.answer(tx, [(ask.id, {"approved": False}, 130)]) == ()
        assert messages.open_asks(tx) == ()
        assert enrollments.find(tx, [run])[run].state.due_at == 120
        assert messages.find(tx, [ask.id])[ask.id].answer == {"approved": True}


def test_an_answer_that_comes_with_the_attempt_wakes_its_run_too(world) -> None:
    (ana,) = world.customers(1)
    (run,) = world.runs([ana], due_at=900)
    call = world.message(run, ana, kind="call", name="crm.create")
    with world.store.transaction() as tx:
        messages.add(tx, [call], 90)
        fences = mark_all(tx, [call])
        done = Outcome(call.id, fences[call.id], "sent", "accepted", answer={"id": 7})
        messages.settle(tx, [done], 105, owner="w1")
        assert enrollments.find(tx, [run])[run].state.due_at == 105
        assert messages.find(tx, [call.id])[call.id].answer == {"id": 7}


def test_receipts_keep_their_first_time(world) -> None:
    rows = world.ready(2)
    one, two = (row.id for row in rows)
    with world.store.transaction() as tx:
        messages.receipt(tx, [(one, "opened", 200), (one, "opened", 150), (one, "clicked", 210), (two, "bounced", 9)])
        found = {message.id: message for message in messages.receipt(tx, [(one, "opened", 120), ("none", "opened", 1)])}
        assert messages.find(tx, [two])[two].receipts == {"bounced": 9}
    assert found[one].receipts == {"opened": 150, "clicked": 210}


def test_a_thousand_leave_in_as_many_statements_as_ten(world, counted) -> None:
    world.ready(1010)
    taken = []
    for size in (10, 1000):
        with counted(world.store) as seen:
            with world.store.transaction() as tx:
                claimed = messages.claim_ready(tx, 100, size)
                assert len(claimed) == size
                assert len(messages.load_gate_facts(tx, claimed, 0)) == size
                fences = mark_all(tx, claimed)
            outcomes = [Outcome(id_, fence, "sent", "accepted") for id_, fence in fences.items()]
            with world.store.transaction() as tx:
                assert messages.settle(tx, outcomes, 101, owner="w1") == ()
        taken.append(len(seen))
    assert taken[0] == taken[1]
