"""Breakers at the real gate, on both stores: each stops what it watches, for every worker, and nothing else.

Each test plants figures just below a threshold and then one more. It fails when the gate does not read them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from lifeloop.channel.values import Receipt
from lifeloop.engine import breaker
from lifeloop.engine.retry import Outcome
from lifeloop.journey.breakers import Rate
from lifeloop.store import halts, instance, outgoing
from lifeloop.work import guarding, handing, resting
from lifeloop.work.gating import pass_gate
from lifeloop.work.halting import releasing
from lifeloop.work.halting.releasing import Target
from lifeloop.work.project import open_project
from lifeloop.work.wave import Wave
from lifeloop.work.wording import WordingProblem

from .conftest import KEYLESS

MINUTE, HOUR, DAY = 60, 3600, 86_400
MAIL = """
    start: {{event: order.placed}}
    delivery: {{topic: service{more}}}
    steps:
      - send: {text}
        late: {{after: 1 day, then: skip}}
"""


def journey(text: str = "shop/one", more: str = "") -> str:
    return MAIL.format(text=text, more=more)


def decided(shop, count: int, event: str = "order.placed") -> list[str]:
    """Bring people to the outbox and no further."""
    keys = shop.people(count)
    shop.events(keys, event)
    bring(shop)
    return keys


def bring(shop) -> None:
    wave = Wave(shop.space)
    wave.admit()
    wave.move()


def many(shop, copies: int, *, apart: int = 0) -> None:
    """Write the messages there are again, each with other words, each due a little longer ago."""
    with shop.space.store.transaction() as tx:
        tx.run(
            "WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < :copies)"
            " INSERT INTO message (id, customer_id, enrollment_id, due_at, made_at, next_at, visit, journey_id,"
            " counts, kind, status, node, name, channel, topic, data) SELECT m.id || '-' || n, m.customer_id,"
            " m.enrollment_id, m.due_at - n * :apart, m.made_at, m.next_at, m.visit + n, m.journey_id, m.counts,"
            " m.kind, m.status, m.node, m.name, m.channel, m.topic, '{\"args\":{\"n\":' || n || '}}'"
            " FROM message m, number WHERE length(m.id) = 32",
            copies=copies,
            apart=apart,
        )


def plant(shop, scope: str, name: str, **numbers: int) -> None:
    """Let something have been counted."""
    with shop.space.store.transaction() as tx:
        halts.count(tx, {(scope, name, what): number for what, number in numbers.items()}, shop.now)


def standing(shop) -> list[tuple[str, str, str]]:
    return [(row.scope, row.name, row.by) for row in releasing.standing(shop.space)]


def statuses(shop) -> dict[str, int]:
    with shop.space.store.reading() as tx:
        rows = tx.ask("SELECT status, count(*) AS number FROM message GROUP BY status")
    return {row.status: row.number for row in rows}


PLANTED = [
    # breaker, what is halted, good, bad just below; one more trips
    ("bounces", ("journey", "one"), {"left": 200}, {"bounced": 10}),
    ("complaints", ("journey", "one"), {"left": 3_000}, {"complained": 3}),
    ("unsubscribes", ("journey", "one"), {"left": 500}, {"unsubscribed": 10}),
    ("texts", ("message", "shop/one"), {"written": 990}, {"unwritten": 10}),
    ("duplicate", ("message", "shop/one"), {"written": 380}, {"repeated": 20}),
    ("refusals", ("provider", "inbox"), {"taken": 80}, {"refused": 20}),
]


@pytest.mark.parametrize(("by", "what", "good", "bad"), PLANTED, ids=[row[0] for row in PLANTED])
def test_one_more_halts_it_and_nothing_else(shop, by, what, good, bad) -> None:
    shop.publish(one=journey("shop/one", ", volume: 9000 per day"), two=journey("shop/two"))
    decided(shop, 2)
    ((word, number),) = bad.items()
    plant(shop, *what, **good, **bad)
    assert (standing(shop), asyncio.run(Wave(shop.space).deliver())) == ([], {"sent": 4})
    assert standing(shop) == []
    shop.events(["c00000"], "order.placed", note="again")
    plant(shop, *what, **{word: 1 + number // 5})
    shop.person("bo")
    shop.event("bo", "order.placed")
    bring(shop)
    wave = Wave(shop.space)
    asyncio.run(wave.deliver())
    assert [(trip.scope, trip.name, trip.by) for trip in wave.tripped] == [(*what, by)]
    assert standing(shop) == [(*what, by)]
    left = {"shop/one"} if what[0] != "provider" else {"shop/one", "shop/two"}
    assert {name for name, status in shop.said("bo") if status != "sent"} == left
    again = Wave(shop.space)
    asyncio.run(again.deliver())
    assert again.tripped == []


def test_a_journey_sends_its_volume_and_not_one_more(shop) -> None:
    shop.publish(one=journey(more=", volume: 7 per day"))
    decided(shop, 7)
    shop.wave()
    assert (statuses(shop), standing(shop)) == ({"sent": 7}, [])
    shop.person("bo")
    shop.event("bo", "order.placed")
    shop.wave()
    assert (statuses(shop), standing(shop)) == ({"sent": 7, "ready": 1}, [("journey", "one", "volume")])
    (row,) = releasing.standing(shop.space)
    assert row.figures == {"left": 7, "waiting": 1, "most": 7}
    shop.go(2 * DAY)
    assert statuses(shop) == {"sent": 7, "ready": 1}


def test_without_a_word_of_volume_three_to_each_person_is_too_many(shop, monkeypatch) -> None:
    monkeypatch.setattr(breaker, "FEW", 5)
    shop.publish(one=journey())
    decided(shop, 4)
    many(shop, 3)
    shop.wave()
    assert (statuses(shop), standing(shop)) == ({"sent": 12, "ready": 4}, [("journey", "one", "volume")])


def test_the_volume_breaker_can_be_switched_off(shop, monkeypatch) -> None:
    monkeypatch.setattr(breaker, "FEW", 5)
    (shop.root / "lifeloop.yaml").write_text((shop.root / "lifeloop.yaml").read_text() + "breakers: {volume: off}\n")
    shop.publish(one=journey())
    decided(shop, 4)
    many(shop, 3)
    shop.wave()
    assert (statuses(shop), standing(shop)) == ({"sent": 16}, [])


@pytest.mark.parametrize("late", [49, 50])
def test_a_batch_that_has_become_too_late_is_held_and_not_dropped(shop, late) -> None:
    shop.publish(one=journey())
    decided(shop, late)
    shop.clock.set(shop.now + 25 * HOUR)
    pass_gate(shop.space, shop.now, limit=100)
    held = late == 50
    assert statuses(shop) == ({"ready": 50} if held else {"expired": 49})
    assert standing(shop) == ([("journey", "one", "stale")] if held else [])
    if held:
        one = [Target("journey", "one")]
        assert releasing.outlook(shop.space, one, Rate(1000)) == releasing.Outlook(50, 50, 50, 1000, 0)
        releasing.release(shop.space, one, Rate(1000))
        shop.go(10 * MINUTE)
        assert (statuses(shop), standing(shop)) == ({"expired": 50}, [])


def test_what_people_would_lose_when_they_move_is_held_and_not_dropped_either(shop) -> None:
    """An outage lets go of its lateness when people move: from the fiftieth on all is kept."""
    shop.publish(one=journey().replace("- send", "- wait: 1 hour\n      - send"))
    shop.events(shop.people(60), "order.placed")
    shop.wave()
    shop.clock.set(shop.now + 30 * HOUR)
    wave = Wave(shop.space, batch=49)
    asyncio.run(wave.run())
    assert (statuses(shop), standing(shop)) == ({"ready": 11}, [("journey", "one", "stale")])
    assert [(trip.name, trip.by) for trip in wave.tripped] == [("one", "stale")]
    one = [Target("journey", "one")]
    assert releasing.outlook(shop.space, one, Rate(1000)).late == 11
    releasing.release(shop.space, one, Rate(1000))
    shop.go(MINUTE)
    assert (statuses(shop), standing(shop)) == ({"expired": 11}, [])


ENDS = [("volume", {"sent": 60}), ("stale", {"expired": 60}), ("refusals", {"rejected": 60})]


@pytest.mark.parametrize(("trouble", "end"), ENDS, ids=[row[0] for row in ENDS])
def test_a_wave_ends_although_somebody_releases_whatever_trips_at_once(shop, trouble, end) -> None:
    """Nothing that cannot leave is looked at again and again: a wave asks after every batch whether it is enough."""
    shop.publish(one=journey(more=f", volume: {5 if trouble == 'volume' else 9000} per day"))
    decided(shop, 60)
    way = shop.mail_by(replace(KEYLESS, batch=10))
    if trouble == "refusals":
        way.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.REJECTED, detail="no")
    shop.clock.set(shop.now + (25 * HOUR if trouble == "stale" else 0))
    asked = 0

    def release() -> bool:
        nonlocal asked
        asked += 1
        found = [Target(row.scope, row.name) for row in releasing.standing(shop.space)]
        releasing.release(shop.space, found, Rate(9**9))
        return asked > 100

    asyncio.run(Wave(shop.space, batch=10, enough=release).run())
    assert statuses(shop) == end
    assert asked <= 30


def test_the_same_words_reach_the_same_person_once_a_day(shop) -> None:
    shop.publish(one="again: always\n" + journey().replace("    start", "start", 1).replace("\n    ", "\n"))
    shop.person()
    for order in ("a", "b"):
        shop.event("ana", "order.placed", source_id=order)
        shop.go(MINUTE)
    assert shop.said() == [("shop/one", "sent"), ("shop/one", "capped")]
    (blocked,) = [one for one in shop.messages() if one.status == "capped"]
    assert blocked.reason == "duplicate: the same words went to them a short while ago"
    shop.event("ana", "order.placed", source_id="c")
    shop.person(city="Rome")  # the text reads the city: these are other words
    shop.go(MINUTE)
    assert shop.said()[-1] == ("shop/one", "sent")
    shop.clock.set(shop.now + 25 * HOUR)
    shop.event("ana", "order.placed", source_id="d")
    shop.wave()
    assert [status for _, status in shop.said()] == ["sent", "capped", "sent", "sent"]


def test_a_second_try_of_the_same_message_is_no_repetition(shop) -> None:
    shop.publish(one=journey())
    decided(shop, 1)
    way = shop.mail_by()
    way.answers = lambda count, item: Receipt(
        id=item.id, outcome=Outcome.NOT_ACCEPTED if count == 1 else Outcome.ACCEPTED
    )
    shop.wave()
    shop.go(HOUR)
    assert (statuses(shop), len(way.handed)) == ({"sent": 1}, 2)


def test_texts_that_cannot_be_written_halt_their_message(shop, monkeypatch) -> None:
    whole = handing.envelope_of

    def broken(space, one, now, ahead):
        if one.message.name == "shop/one":
            raise WordingProblem("it lacks a word")
        return whole(space, one, now, ahead)

    monkeypatch.setattr(handing, "envelope_of", broken)
    shop.publish(one=journey("shop/one"), two=journey("shop/two"))
    decided(shop, 10)
    asyncio.run(Wave(shop.space).deliver())
    shop.person("bo")
    shop.event("bo", "order.placed")
    shop.wave()
    assert standing(shop) == [("message", "shop/one", "texts")]
    assert sorted(shop.said("bo")) == [("shop/one", "held"), ("shop/two", "sent")]
    assert {one.reason for one in shop.messages("bo") if one.status == "held"} == {halts.HELD}


def test_a_provider_that_refuses_is_halted_and_no_message_is_burnt_for_it(shop) -> None:
    shop.publish(one=journey())
    decided(shop, 60)
    way = shop.mail_by(replace(KEYLESS, batch=20))
    way.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.REJECTED, detail="no")
    shop.hand_over(limit=20)
    asyncio.run(Wave(shop.again()).run())  # the first process is gone: what it saw was written with each answer
    assert (len(way.handed), standing(shop)) == (20, [("provider", "inbox", "refusals")])
    assert statuses(shop) == {"rejected": 20, "held": 40}
    way.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.ACCEPTED)
    assert releasing.release(shop.space, [Target("provider", "inbox")], Rate(3600)) == 40
    shop.go(MINUTE)
    assert statuses(shop) == {"rejected": 20, "sent": 40}


def test_people_who_cannot_be_moved_let_their_journey_rest(shop, monkeypatch) -> None:
    from lifeloop.work import moving

    shop.publish(one=journey().replace("- send", "- wait: 1 hour\n      - send"), two=journey("shop/two"))
    shop.events(shop.people(12), "order.placed")
    shop.wave()
    whole, failing = moving.advance, []

    def broken(plan, state, *rest, **more):
        if plan.journey == "one" and len(failing) < 10:
            failing.append(1)
            raise RuntimeError("a mistake")
        return whole(plan, state, *rest, **more)

    monkeypatch.setattr(moving, "advance", broken)
    shop.clock.set(shop.now + HOUR)
    wave = Wave(shop.space, batch=11)
    asyncio.run(wave.run())
    assert [(trip.name, trip.by) for trip in wave.tripped] == [("one", "failures")]
    assert resting.resting(shop.space) == ("one",)


ENOUGH = 20
"""Rounds of ten after which a worker waits for the halt: four of them leave a third of 1,200 messages."""


def test_a_halted_journey_sends_nothing_while_four_workers_run(shop) -> None:
    """Four workers hammer the gate; from the commit of the halt on nobody marks another message of the journey."""
    shop.publish(one=journey(more=", volume: 9000 per day"), two=journey("shop/two", ", volume: 9000 per day"))
    decided(shop, 60)
    many(shop, 9)
    spaces = [shop.again() for _ in range(4 if shop.space.store.postgres else 2)]
    begun, halted, marked_after = threading.Event(), threading.Event(), []

    def work(space) -> int:
        done = 0
        for nth in range(400):
            if nth == ENOUGH:
                halted.wait(60)  # so that something is left to halt, however long that takes
            before = halted.is_set()
            gated = pass_gate(space, shop.now, limit=10)
            if nth == 2:
                begun.set()
            if before:
                marked_after.extend(one.message.journey for one in gated.cleared)
            done += len(gated.cleared)
            if not gated.claimed and before:
                break
            time.sleep(0.005)  # the hand-off: without it nobody else ever gets at SQLite, which has no queue
        return done

    with ThreadPoolExecutor(len(spaces)) as pool:
        running = [pool.submit(work, space) for space in spaces]
        assert begun.wait(60)
        releasing.halt(shop.space, [Target("journey", "one")], "wrong price")
        halted.set()
        done = sum(each.result() for each in running)
    assert 0 < done < 1200
    assert "one" not in marked_after
    assert {one.journey for one in shop.messages() if one.status == "ready"} == {"one"}


def test_a_volume_is_never_exceeded_whatever_the_workers_do(shop) -> None:
    shop.publish(one=journey(more=", volume: 100 per day"))
    decided(shop, 40)
    many(shop, 9)
    spaces = [shop.again() for _ in range(4 if shop.space.store.postgres else 2)]
    with ThreadPoolExecutor(len(spaces)) as pool:
        list(pool.map(lambda space: [pass_gate(space, shop.now, limit=7) for _ in range(12)], spaces))
    # Workers that step around each other's customers may run out of rounds; whoever comes after finds the same most.
    assert 0 < statuses(shop)["attempting"] <= 100
    while pass_gate(shop.space, shop.now, limit=7).cleared:
        pass
    assert statuses(shop)["attempting"] == 100
    assert standing(shop) == [("journey", "one", "volume")]


def test_five_thousand_overdue_leave_at_the_declared_pace_and_the_late_ones_are_skipped(shop) -> None:
    shop.publish(one=journey(more=", volume: 9000 per day"))
    decided(shop, 50)
    releasing.halt(shop.space, [Target("journey", "one")], "wrong price")
    many(shop, 99, apart=20 * MINUTE)  # the oldest was due 33 hours ago, and after 24 hours a message is too late
    one, rate = [Target("journey", "one")], Rate(30_000)
    first = releasing.outlook(shop.space, one, rate)
    assert (first.waiting, first.due, first.per_hour) == (5000, 5000, 30_000)
    assert first.late == 5000 - sum(50 for n in range(100) if n * 20 * MINUTE + (n // 10) * MINUTE <= DAY)
    assert releasing.release(shop.space, one, rate) == 5000
    left: list[int] = []
    oldest = shop.now
    while statuses(shop).get("ready"):  # the gate alone: what it lets through is what leaves
        going = [one.message for one in pass_gate(shop.space, shop.now, limit=1000).cleared]
        assert all(message.due_at <= oldest for message in going)
        oldest = min((message.due_at for message in going), default=oldest)
        left.append(len(going))
        shop.clock.set(shop.now + MINUTE)
    assert (left[0], max(left), len(left)) == (500, 500, 10)
    assert statuses(shop) == {"attempting": 5000 - first.late, "expired": first.late}


def test_who_rested_goes_on_in_turn(shop) -> None:
    shop.publish(one=journey().replace("- send", "- wait: 1 hour\n      - send"))
    shop.events(shop.people(50), "order.placed")
    shop.wave()
    resting.pause(shop.space, ["one"], "")
    shop.clock.set(shop.now + 2 * HOUR)
    resting.resume(shop.space, ["one"])
    shop.wave()
    assert statuses(shop) == {"sent": 16}
    shop.go(MINUTE)
    assert statuses(shop) == {"sent": 32}
    shop.go(2 * MINUTE)
    assert statuses(shop) == {"sent": 50}


def test_a_restored_database_is_released_at_a_pace_too(shop) -> None:
    (shop.root / "lifeloop.yaml").write_text((shop.root / "lifeloop.yaml").read_text() + "environment: production\n")
    shop.space.project = open_project(shop.root)
    shop.mail_by()
    guarding.open_guard(shop.space)
    shop.publish(one=journey())
    decided(shop, 50)
    shop.clock.set(shop.now + 2 * HOUR)
    with shop.space.store.transaction() as tx:
        assert instance.open_guard(tx, guarding.host_of(shop.space), shop.now).held
    releasing.halt(shop.space, None, "wrong price")
    assert releasing.release_here(shop.space, Rate(60)) == 50
    assert (guarding.held(shop.space), shop.wave()) == (None, {})
    assert releasing.release(shop.space, None, Rate(60)) == 1  # the others have their turns already
    shop.wave()
    assert statuses(shop) == {"sent": 1, "ready": 49}
    shop.go(2 * MINUTE)
    assert statuses(shop) == {"sent": 3, "ready": 47}


def test_a_halt_waits_for_a_gate_that_is_open(shop, monkeypatch) -> None:
    """So nothing is marked after its commit by a gate that read no halt before."""
    if not shop.space.store.postgres:
        pytest.skip("SQLite has one writer")
    shop.publish(one=journey())
    decided(shop, 1)
    other, done = shop.again(), threading.Event()

    def halt() -> None:
        releasing.halt(other, [Target("journey", "one")], "wrong price")
        done.set()

    thread = threading.Thread(target=halt)
    whole = outgoing.load_gate_facts

    def meanwhile(*given, **more):
        thread.start()
        assert not done.wait(0.3)
        return whole(*given, **more)

    monkeypatch.setattr(outgoing, "load_gate_facts", meanwhile)
    assert len(pass_gate(shop.space, shop.now, limit=10).cleared) == 1
    thread.join()
    assert done.is_set()


def test_breakers_rest_in_a_rehearsal(shop) -> None:
    shop.space.live = False
    shop.publish(one=journey(more=", volume: 1 per day"))
    decided(shop, 5)
    shop.wave()
    assert (statuses(shop), standing(shop)) == ({"sent": 5}, [])


def test_a_halted_journey_wakes_nobody_for_what_it_may_not_send(shop) -> None:
    shop.publish(one=journey(), two=journey("shop/two").replace("- send", "- wait: 1 hour\n      - send"))
    decided(shop, 2)
    assert Wave(shop.space).next_due() == shop.now
    releasing.halt(shop.space, [Target("journey", "one")], "wrong price")
    assert (Wave(shop.space, "one").next_due(), Wave(shop.space).next_due()) == (None, shop.now + HOUR)
    releasing.release(shop.space, [Target("journey", "one")], Rate(1000))
    assert Wave(shop.space, "one").next_due() == shop.now
