from dataclasses import replace

import pytest

from lifeloop.engine.entry import MOST_AN_HOUR
from lifeloop.engine.values import SendMessage, Visited
from lifeloop.journey.plan import Again, OnCalendar, OnEvent, Record
from lifeloop.rehearse.happened import EndlessError
from lifeloop.rehearse.world import World

DAY = 86_400
BEGIN = 1_772_409_600  # Mon 2 Mar 2026 00:00 UTC


def world(project, names, person="ana", at=BEGIN, **more):
    plans = {name: project.plans[name] for name in names}
    return World(plans, project.people[person], project.catalogue, at=at, **more)


def words(life):
    return [one.effect.what for one in life.happened if isinstance(one.effect, Visited)]


def test_a_segment_is_left_by_time_alone(starter):
    """A ticket keeps her out of those ready for more; thirty days later she is one of them."""
    life = world(starter, ["growth"])
    life.event("ticket.opened", {})
    life.set(_name("customer.last_score"), 9)
    life.run_until(BEGIN + 29 * DAY)
    assert life.runs == []
    life.run_until(BEGIN + 31 * DAY)
    (run,) = life.runs
    assert run.state.started_at == BEGIN + 30 * DAY - 3600  # thirty days on her clock, which went forward between


def test_who_is_in_a_segment_at_the_beginning_has_not_joined_it(starter):
    happy = replace(starter.people["ana"], customer={**starter.people["ana"].customer, "last_score": 9})
    life = World({"growth": starter.plans["growth"]}, happy, starter.catalogue, at=BEGIN)
    life.run_until(BEGIN + 100 * DAY)
    assert life.runs == []


def test_a_journey_enters_another_at_the_same_moment(starter):
    life = world(starter, ["satisfaction", "recovery"])
    life.event("order.delivered", {"order_id": "A-1", "total": 59.9})
    life.run_until(BEGIN + 4 * DAY + DAY // 2)
    life.event("survey.answered", {"order_id": "A-1", "score": 2})
    assert [run.plan.journey for run in life.runs] == ["satisfaction", "recovery"]
    assert life.runs[1].state.started_at == life.now


def test_why_somebody_stays_out_is_kept(starter):
    life = world(starter, ["satisfaction"])
    life.event("order.delivered", {"order_id": "A-1", "total": 4.5})
    (refused,) = life.refused
    assert refused.refusal.rule == "audience"
    assert [part.operator for part in refused.unmet] == ["is at least"]


def test_the_calendar_comes_again(starter):
    plan = starter.plans["recovery"]
    weekly = next(node for node in starter.plans["growth"].nodes if node.kind == "wait" and node.id == "wait-2")
    plan = replace(plan, triggers=(OnCalendar(weekly.until),), again=Again("always"), nodes=(), first=None)
    life = World({"recovery": plan}, starter.people["ana"], starter.catalogue, at=BEGIN)
    life.run_until(BEGIN + 28 * DAY)
    assert len(life.runs) == 4


def test_a_message_is_said_once_and_seen_by_all_journeys(starter):
    life = world(starter, ["welcome"])
    life.event("contract.started", {"date": "2026-03-02"})
    (said,) = [one.effect for one in life.happened if isinstance(one.effect, SendMessage)]
    life.reacts(said.message, "click")
    assert [one.effect.name for one in life.happened[-2:]] == ["message.clicked", "message.opened"]
    told = len(life.happened)
    life.reacts(said.message, "open")
    life.reacts("welcome/never-said", "click")
    assert len(life.happened) == told, "the first time stays, and what was not said is not seen"
    assert words(life)[0] == "started"


@pytest.fixture
def again_and_again(starter):
    plan = replace(
        starter.plans["recovery"],
        triggers=(OnEvent("ticket.opened"),),
        again=Again("always"),
        stops=(),
        nodes=(Record("again", "ticket.opened"),),
        first="again",
    )
    return World({"recovery": plan}, starter.people["ana"], starter.catalogue, at=BEGIN)


def test_a_journey_that_starts_itself_at_once_comes_to_rest_as_it_would_live(again_and_again):
    again_and_again.event("ticket.opened", {})
    assert len(again_and_again.runs) == MOST_AN_HOUR


def test_journeys_that_start_each_other_without_end_are_named_not_followed(again_and_again, monkeypatch):
    monkeypatch.setattr("lifeloop.rehearse.world.MOST_ROUNDS", MOST_AN_HOUR - 1)
    with pytest.raises(EndlessError, match="recovery start each other again and again"):
        again_and_again.event("ticket.opened", {})


def _name(written):
    from lifeloop.rehearse.living import data_name

    return data_name(written)
