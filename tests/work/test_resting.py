"""Journeys that rest and go on, the kill switch, the restore guard, and what the doctor sees."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from lifeloop.channel.ways import Closed
from lifeloop.journey.breakers import Rate
from lifeloop.work import checking, guarding, resting
from lifeloop.work.halting import releasing
from lifeloop.work.project import open_project
from lifeloop.work.running import Runner
from lifeloop.work.wave import Wave

JOURNEY = """
    start: {event: order.placed}
    again: always
    delivery: {topic: service}
    steps:
      - wait: 1 hour
      - send: shop/one
      - wait: 3 days
"""
HOUR, DAY = 3600, 86_400


def begun(shop, count=3):
    shop.publish(orders=JOURNEY)
    keys = shop.people(count)
    shop.events(keys, "order.placed")
    shop.wave()
    return keys


def test_who_rests_does_not_move_and_goes_on_later(shop):
    begun(shop)
    assert resting.pause(shop.space, ["orders"], "wrong price") == ("orders",)
    assert resting.pause(shop.space, ["orders"], "again") == ()
    shop.go(HOUR)
    assert (shop.said(), resting.resting(shop.space)) == ([], ("orders",))
    resting.resume(shop.space, ["orders"])
    shop.go(60)
    assert shop.said() == [("shop/one", "sent")] * 3


def test_going_on_says_first_who_is_due_and_what_has_become_too_late(shop):
    begun(shop)
    resting.pause(shop.space, ["orders"], "")
    assert resting.awakening(shop.space, ["orders"]) == resting.Awakening(0, 0, 0)
    shop.clock.set(shop.now + HOUR)
    assert resting.awakening(shop.space, ["orders"]) == resting.Awakening(3, 3, 0)
    shop.clock.set(shop.now + 4 * DAY)
    first = resting.awakening(shop.space, ["orders"])
    assert first == resting.Awakening(3, 0, 3)
    resting.resume(shop.space, ["orders"])
    shop.wave()
    assert shop.said() == []


def test_messages_that_are_ready_count_too(shop):
    begun(shop)
    shop.clock.set(shop.now + HOUR)
    Wave(shop.space).move()
    resting.pause(shop.space, ["orders"], "")
    assert resting.awakening(shop.space, ["orders"]).messages == 3


def test_the_kill_switch_stops_everything_and_lets_it_go_again(shop):
    begun(shop)
    releasing.halt(shop.space, None, "wrong price")
    shop.go(HOUR)
    assert not [status for _, status in shop.said() if status == "sent"]
    assert releasing.release(shop.space, None, Rate(1000)) == 3
    shop.go(60)
    assert shop.said() == [("shop/one", "sent")] * 3


@pytest.fixture
def real(shop):
    """The same shop in earnest: its calls leave the machine, and so does its mail."""
    file = shop.root / "lifeloop.yaml"
    file.write_text(file.read_text() + "environment: production\n")
    shop.space.project = open_project(shop.root)
    return shop


def test_a_database_where_nothing_leaves_needs_no_guard(shop):
    guarding.open_guard(shop.space, {guarding.NAME: "a"})
    assert guarding.open_guard(shop.space, {guarding.NAME: "b"}) is None
    assert guarding.held(shop.space) is None


def test_a_copied_database_sends_nothing_until_somebody_says_that_it_is_the_one(real):
    assert guarding.open_guard(real.space, {guarding.NAME: "shop"}) is None
    held = guarding.open_guard(real.space, {guarding.NAME: "copy"})
    assert "another machine (shop)" in held
    assert [one.level for one in checking.database(real.space) if "nothing leaves" in one.what] == ["wrong"]
    guarding.accept(real.space, {guarding.NAME: "copy"})
    assert guarding.open_guard(real.space, {guarding.NAME: "copy"}) is None


def test_a_restored_database_is_held_and_the_runner_sends_nothing(real):
    way = real.mail_by()
    guarding.open_guard(real.space)
    begun(real)
    real.clock.set(real.now + HOUR + 1)
    told = asyncio.run(Runner(real.space).run_once())
    assert (way.handed, "nothing ran on this database" in told.halted) == ([], True)
    assert releasing.release_here(real.space, Rate(1000)) == 3
    asyncio.run(Runner(real.space).run_once())
    assert len(way.handed) == 3


def test_the_name_of_an_installation_is_its_database(shop):
    name = guarding.host_of(shop.space, {})
    assert ("store" in name) or ("lifeloop_" in name)
    assert guarding.host_of(shop.space, {guarding.NAME: "x"}) == "x"


def odd(shop):
    """What is worth a look or wrong, but for the clock, which stands still here."""
    return [one.what for one in checking.database(shop.space) if one.level != "fine" and "clock" not in one.what]


def test_the_doctor_finds_nothing_in_a_healthy_database(shop):
    begun(shop)
    assert odd(shop) == []
    assert [one for one in checking.project(shop.space) if one.level != "fine"] == []


def test_the_doctor_sees_what_is_overdue_failed_and_lost(shop):
    begun(shop)
    shop.clock.set(shop.now + HOUR + 1000)
    assert odd(shop) == ["3 overdue for more than 15 minutes: does anything run?"]
    shop.wave()
    with shop.space.store.transaction() as tx:
        first = tx.ask("SELECT min(id) AS id FROM enrollment")[0].id
        tx.run("UPDATE enrollment SET status = 'failed', due_at = NULL, reason = 'x' WHERE id = :first", first=first)
        tx.run("DELETE FROM attempt")
        tx.run("DELETE FROM rendered")
        tx.run("DELETE FROM message WHERE id = (SELECT min(id) FROM message WHERE enrollment_id > :first)", first=first)
    assert odd(shop) == [
        "1 run that could not go on",
        "1 message decided and not in the outbox, or the other way round",
    ]


def test_the_doctor_says_what_is_written_otherwise_than_live(shop):
    assert odd(shop) == ["no journey is live yet"]
    shop.publish(orders=JOURNEY)
    shop.write(orders=JOURNEY.replace("3 days", "4 days"))
    shop.space.project = open_project(shop.root)
    assert odd(shop) == ["written otherwise than live: orders"]


def test_a_broken_file_and_a_broken_way_out_are_said(shop):
    shop.write(orders="start: {event: nothing.known}\nsteps: [{snd: shop/one}]")
    shop.space.project = open_project(shop.root)
    shop.space.ways = replace(shop.space.ways, mail=Closed("smtp: say which mail server"))
    told = [(one.level, one.what) for one in checking.project(shop.space)]
    assert [level for level, _ in told] == ["wrong", "wrong"]
    assert "cannot run: orders" in told[0][1]
    assert told[1][1] == "e-mail cannot leave: smtp: say which mail server"


def test_a_clock_that_is_wrong_is_said_where_the_database_has_one(shop):
    told = [one.what for one in checking.database(shop.space) if "clock" in one.what]
    assert [("behind the database's" in what) for what in told] == ([True] if shop.space.store.postgres else [])


def test_this_installation_is_fine():
    assert {one.level for one in checking.installation()} == {"fine"}
