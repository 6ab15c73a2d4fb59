"""T1: runs move once, together, and none of them holds up another."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lifeloop.clock import SetClock
from lifeloop.engine.values import Facts, Move, SetData, State, Status, Visited
from lifeloop.journey.condition import DataName
from lifeloop.store import customers, enrollments, journeys, messages
from lifeloop.work import moving
from lifeloop.work.moving import NoProgressError, check_progress, learned_since
from lifeloop.work.wave import Wave

MINUTE, HOUR, DAY = 60, 3600, 86_400

TWO = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/one
  - wait: 2 days
  - send: shop/two
"""


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())


def test_a_run_moves_when_its_time_has_come_and_not_before(shop) -> None:
    shop.publish(two=TWO)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.go(2 * DAY - 1)
    assert shop.said() == [("shop/one", "sent")]
    shop.go(1)
    assert shop.said() == [("shop/one", "sent"), ("shop/two", "sent")]


def test_people_finish_the_plan_they_began_and_new_ones_get_the_new(shop) -> None:
    shop.publish(two=TWO)
    shop.people(1)
    shop.person("ana")
    shop.event("ana", "order.placed")
    shop.wave()
    shop.publish(two=TWO.replace("shop/two", "shop/three"))
    shop.person("bo")
    shop.event("bo", "order.placed")
    shop.go()
    shop.go(2 * DAY)
    assert [name for name, _ in shop.said("ana")] == ["shop/one", "shop/two"]
    assert [name for name, _ in shop.said("bo")] == ["shop/one", "shop/three"]


def test_a_stop_rule_ends_a_run_at_its_event(shop) -> None:
    shop.publish(two="stop:\n  - order.paid happened\n" + TWO.strip())
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.event("ana", "order.paid", at=shop.now + HOUR)
    shop.go(HOUR)
    (run,) = shop.runs()
    assert (run.state.status, run.state.reason) == (Status.STOPPED, "order.paid happened")
    shop.go(5 * DAY)
    assert shop.said() == [("shop/one", "sent")]


def test_a_stop_rule_takes_back_what_was_not_handed_over_but_says_its_closing_words(shop) -> None:
    shop.publish(two="stop:\n  - when: order.paid happened\n    then:\n      - send: shop/three\n" + TWO.strip())
    shop.person()
    shop.event("ana", "order.placed")
    wave = Wave(shop.space)
    wave.admit()
    wave.move()
    assert shop.said() == [("shop/one", "ready")]
    shop.event("ana", "order.paid", at=shop.now)
    shop.wave()
    assert shop.said() == [("shop/one", "cancelled"), ("shop/three", "sent")]


def test_what_was_said_before_a_stop_step_is_said(shop) -> None:
    """A step that stops for the same reason as a rule is still the author's own end of the journey."""
    shop.publish(
        two="""
        start: {event: order.placed}
        goal: order.paid happened within 10 days
        stop: [goal reached]
        delivery: {topic: service}
        steps:
          - send: shop/one
          - stop: goal reached
        """
    )
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    assert shop.said() == [("shop/one", "sent")]


def test_an_event_wait_takes_its_event_or_gives_up(shop) -> None:
    shop.publish(
        ask="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - wait: {for: answer.given, max: 3 days}
            then:
              - if: event.score is at least 8
                then: [{send: shop/one}]
                else: [{send: shop/two}]
            else:
              - send: shop/three
        """
    )
    for key, score in (("ana", 9), ("bo", 3), ("cy", None)):
        shop.person(key)
        shop.event(key, "order.placed")
        shop.wave()
        if score is not None:
            shop.event(key, "answer.given", score=score)
    shop.go(HOUR)
    assert (shop.said("ana"), shop.said("bo"), shop.said("cy")) == (
        [("shop/one", "sent")],
        [("shop/two", "sent")],
        [],
    )
    shop.go(3 * DAY)
    assert shop.said("cy") == [("shop/three", "sent")]


def test_an_event_emitted_by_one_journey_starts_another_and_enter_does_too(shop) -> None:
    shop.publish(
        first="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - record: ours.happened
            with: {note: customer.city}
          - enter: third
            with: {town: customer.city}
        """,
        second="""
        start: {event: ours.happened, where: event.note is Rome}
        delivery: {topic: service}
        steps:
          - send: shop/two
        """,
        third="""
        start: from another journey
        delivery: {topic: service}
        steps:
          - set: {customer.seen: start.town}
          - send: shop/three
        """,
    )
    shop.person(city="Rome")
    shop.event("ana", "order.placed")
    shop.wave()
    assert sorted(name for name, _ in shop.said()) == ["shop/three", "shop/two"]
    assert shop.customer()["seen"] == "Rome"


def test_a_changed_date_moves_who_waits_for_it_and_setting_it_in_a_journey_does_too(shop) -> None:
    shop.publish(
        dated="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - wait: until 2 days before customer.due at 10:00
          - send: shop/one
        """,
        mover="""
        start: {event: order.paid}
        delivery: {topic: service}
        steps:
          - set: {customer.due: "2026-03-20"}
        """,
    )
    shop.person(due="2026-04-20")
    shop.event("ana", "order.placed")
    shop.wave()
    assert shop.runs()[0].state.due_at == at(2026, 4, 18, 10)
    shop.event("ana", "order.paid")
    shop.wave()
    assert shop.runs()[0].state.due_at == at(2026, 3, 18, 10)
    shop.clock.set(at(2026, 3, 18, 10))
    shop.wave()
    assert shop.said() == [("shop/one", "sent")]


def test_one_run_that_cannot_be_moved_fails_alone(shop, monkeypatch, caplog) -> None:
    shop.publish(two=TWO)
    keys = shop.people(6)
    shop.events(keys, "order.placed")
    shop.wave()
    whole = moving.advance

    def broken(plan, state, wake, *, facts, now):
        if facts.customer_id == keys[2]:
            raise ValueError(f"cannot digest {facts.customer['email']}")
        return whole(plan, state, wake, facts=facts, now=now)

    monkeypatch.setattr(moving, "advance", broken)
    shop.go(2 * DAY)
    assert [shop.runs(key)[0].state.status for key in keys] == ["completed"] * 2 + ["failed"] + ["completed"] * 3
    assert "ValueError" in shop.runs(keys[2])[0].state.reason
    assert "example.com" not in caplog.text


def test_a_plan_that_cannot_be_read_concerns_its_own_people_only(shop, caplog) -> None:
    shop.publish(two=TWO, other=TWO)
    keys = shop.people(3)
    shop.events(keys, "order.placed")
    shop.wave()
    with shop.space.store.transaction() as tx:
        tx.run("UPDATE plan SET body = '{}' WHERE journey_id = (SELECT id FROM journey WHERE name = 'two')")
    shop.space = shop.again()
    shop.go(2 * DAY)
    by_journey = {run.journey: run.state.status for key in keys for run in shop.runs(key)}
    assert by_journey == {"two": "failed", "other": "completed"}
    assert "cannot be read" in caplog.text
    assert shop.event(keys[0], "order.paid").events == 1


def test_rows_that_the_database_refuses_set_one_run_aside(shop, monkeypatch) -> None:
    """What spoils a whole transaction is found by halving."""
    shop.publish(two=TWO)
    keys = shop.people(9)
    shop.events(keys, "order.placed")
    shop.wave()
    whole = moving.about_run

    def poisoned(run):
        about = whole(run)
        return replace(about, journey="no-such-journey") if run.key == keys[4] else about

    monkeypatch.setattr(moving, "about_run", poisoned)
    shop.go(2 * DAY)
    assert [shop.runs(key)[0].state.status for key in keys] == ["completed"] * 4 + ["failed"] + ["completed"] * 4
    assert len([name for name, status in shop.said() if (name, status) == ("shop/two", "sent")]) == 8


def test_entering_a_journey_that_was_never_published_holds_nobody_up(shop) -> None:
    shop.publish(
        first="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - enter: later
          - send: shop/one
        """,
        later=TWO.replace("{event: order.placed}", "from another journey"),
    )
    with shop.space.store.transaction() as tx:
        tx.run("UPDATE journey SET name = 'renamed' WHERE name = 'later'")
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    assert shop.said() == [("shop/one", "sent")]


def test_a_pause_lets_nobody_move_and_a_resume_everybody(shop) -> None:
    shop.publish(two=TWO)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    with shop.space.store.transaction() as tx:
        journeys.pause(tx, ["two"], "a mistake", shop.now)
    shop.go(2 * DAY)
    assert shop.said() == [("shop/one", "sent")]
    with shop.space.store.transaction() as tx:
        journeys.resume(tx, ["two"])
    shop.wave()
    assert shop.said()[1] == ("shop/two", "sent")


def test_a_dry_run_tells_and_changes_nothing(shop) -> None:
    shop.publish(two=TWO)
    shop.person()
    shop.event("ana", "order.placed")
    assert shop.wave(dry_run=True)["admitted"] == 1
    assert (shop.messages(), shop.runs()) == ([], [])
    assert len(shop.candidates()) == 1


def test_one_customer_alone(shop) -> None:
    shop.publish(two=TWO)
    for key in ("ana", "bo"):
        shop.person(key)
        shop.event(key, "order.placed")
    shop.wave(customer="bo")
    assert (shop.messages("ana"), shop.said("bo")) == ([], [("shop/one", "sent")])


def test_two_waves_at_once_do_nothing_twice(shop) -> None:
    shop.publish(two=TWO)
    keys = shop.people(120)
    shop.events(keys, "order.placed")
    spaces = [shop.again() for _ in range(3)]
    gate = threading.Barrier(len(spaces))

    def work(space) -> None:
        gate.wait()
        for _ in range(6):
            wave = Wave(space, batch=17)
            wave.admit()
            wave.move()

    def together() -> None:
        with ThreadPoolExecutor(len(spaces)) as pool:
            for future in [pool.submit(work, space) for space in spaces]:
                future.result()

    together()
    shop.wave()
    assert len(shop.messages()) == 120
    shop.clock.set(shop.now + 2 * DAY)
    together()
    shop.wave()
    names = [one.name for one in shop.messages()]
    assert (names.count("shop/one"), names.count("shop/two")) == (120, 120)
    with shop.space.store.reading() as tx:
        assert {row.fence for row in tx.ask("SELECT fence FROM enrollment")} == {1}


def test_a_claim_lost_to_somebody_else_writes_nothing(shop, monkeypatch) -> None:
    shop.publish(two=TWO)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    whole = enrollments.claim_due

    def stale(tx, *more, **named):
        return tuple(run._replace(fence=run.fence - 1) for run in whole(tx, *more, **named))

    monkeypatch.setattr(enrollments, "claim_due", stale)
    shop.clock.set(shop.now + 2 * DAY)
    Wave(shop.space).move()
    assert shop.said() == [("shop/one", "sent")]
    assert [run.state.status for run in shop.runs()] == ["waiting"]
    monkeypatch.undo()
    shop.wave()
    assert shop.said()[-1] == ("shop/two", "sent")


def test_a_run_that_wants_to_be_looked_at_at_once_again_is_a_mistake_of_ours() -> None:
    check_progress(State("wait-1", due_at=101), 100)
    check_progress(State(None, Status.COMPLETED), 100)
    with pytest.raises(NoProgressError):
        check_progress(State("wait-1", due_at=100), 100)


def test_a_run_without_progress_does_not_keep_a_wave_going(shop, monkeypatch) -> None:
    shop.publish(two=TWO)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    monkeypatch.setattr(moving, "advance", lambda _plan, state, _wake, **_: Move(state))
    shop.go(2 * DAY)
    assert shop.runs()[0].state.status == "failed"


def test_what_one_run_sets_the_next_of_the_same_customer_sees() -> None:
    name = DataName("customer", ("home", "roof"))
    moved = [Move(State(None), (SetData(name, "flat"), Visited(None, 1, 0, "set")))]
    known = learned_since(Facts("ana", {"home": {"door": "red"}}), moved, 0)
    assert known.customer == {"home": {"door": "red", "roof": "flat"}}


def test_held_rows_do_not_stop_a_wave(shop) -> None:
    """Whoever holds a customer's lock is left alone; the wave ends and the next one takes them."""
    if not shop.space.store.postgres:
        pytest.skip("SQLite has one writer")
    shop.publish(two=TWO)
    shop.person()
    shop.event("ana", "order.placed")
    other = shop.again()
    with other.store.transaction() as tx:
        customers.lock(tx, [customers.find_keys(tx, ["ana"])["ana"].id])
        assert shop.wave().get("admitted", 0) == 0
    shop.wave()
    assert shop.said() == [("shop/one", "sent")]


def test_a_clock_set_back_moves_nobody(shop) -> None:
    shop.publish(two=TWO)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.space.clock = SetClock(shop.now - DAY)
    Wave(shop.space).move()
    assert shop.said() == [("shop/one", "sent")]


def test_answers_find_their_run_and_open_questions_expire(shop) -> None:
    shop.publish(
        ask="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - ask: boss
            question: May {{ customer.first_name | default('they') }} have a gift?
            max: 2 days
            then: [{send: shop/one}]
            else: [{send: shop/two}]
        """
    )
    for key in ("ana", "bo", "cy"):
        shop.person(key)
        shop.event(key, "order.placed")
    shop.wave()
    with shop.space.store.transaction() as tx:
        asked = {one.key: one.id for one in messages.open_asks(tx)}
        messages.answer(
            tx, [(asked["ana"], {"approved": True}, shop.now), (asked["bo"], {"approved": False}, shop.now)]
        )
    shop.go(HOUR)
    assert [shop.said(key)[-1] for key in ("ana", "bo")] == [("shop/one", "sent"), ("shop/two", "sent")]
    shop.go(2 * DAY)
    assert shop.said("cy")[-1] == ("shop/two", "sent")


def test_the_answer_of_a_call_is_used_later(shop) -> None:
    shop.publish(
        call="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - call: crm.create
            with: {name: "{{ customer.first_name | default('-') }}"}
            as: thing
          - set: {customer.seen: journey.thing.id}
          - send: shop/one
        """
    )
    shop.person()
    shop.event("ana", "order.placed")
    way = shop.calls_by()
    accepted = way.answers
    way.answers = lambda count, item: replace(accepted(count, item), answer={"id": f"T-{item.body['name']}"})
    shop.wave()
    assert shop.customer()["seen"] == "T-Ana"
    assert shop.said() == [("crm.create", "sent"), ("shop/one", "sent")]
