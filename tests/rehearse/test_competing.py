"""Rehearsed journeys compete as live ones do: who goes first, one look ahead, and recovery before promotion."""

from __future__ import annotations

from datetime import date

import pytest

from lifeloop.engine.values import SendMessage, Visited
from lifeloop.journey.person import Person
from lifeloop.rehearse.world import World
from lifeloop.work.project import open_project

MONDAY = 1_772_445_600  # Mon 2 Mar 2026 10:00 UTC
HOUR, DAY = 3600, 86_400
PROJECT = """
project: small
timezone: UTC
country: NL
company: {name: Small Shop, address: Street 1, email: hello@example.com}
topics:
  service: {basis: contract, counts: false}
  news: {basis: consent, similar_to: [lamp]}
customer: {email: email?}
events: {order.placed: {}, all.well: {}, gone.wrong: {}}
senders: {shop: Small Shop <hello@example.com>}
priority: [important]
"""
JOURNEY = "start: {event: order.placed}\ndelivery: {topic: news}\nsteps:\n"
CASE = """
phase: recovery
start: {event: gone.wrong}
goal: all.well happened
delivery: {topic: service}
steps:
  - wait: 20 days
"""


@pytest.fixture
def lived(tmp_path):
    def make(person=None, **journeys: str) -> World:
        for folder in ("journeys", "templates"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "lifeloop.yaml").write_text(PROJECT)
        for name in ("one", "two"):
            text = f"---\nsubject: About {name}\nfrom: shop\n---\nA few words about what is new in town this week.\n"
            (tmp_path / "templates" / f"{name}.md").write_text(text)
        for name, body in journeys.items():
            (tmp_path / "journeys" / f"{name}.yaml").write_text(f"journey: {name}\n{body}")
        project = open_project(tmp_path)
        assert [one for one in project.diagnostics if one.severity == "error"] == []
        ana = person or Person("ana", {"email": "ana@example.com"}, consents={"news": True})
        return World(project.plans, ana, project.catalogue, at=MONDAY)

    return make


def said(world: World) -> list[tuple[str, int]]:
    sends = [one for one in world.happened if isinstance(one.effect, SendMessage)]
    return [(one.effect.message, (one.at - MONDAY) // HOUR) for one in sends]


def held(world: World) -> list[tuple[str, object, object]]:
    visits = [one.effect for one in world.happened if isinstance(one.effect, Visited) and one.effect.what == "held"]
    return [(one.detail, one.data.get("journey"), one.data.get("message")) for one in visits]


def test_at_the_same_moment_the_journey_that_goes_first_does(lived):
    world = lived(aaa=JOURNEY + "  - send: one\n", important=JOURNEY + "  - send: two\n")
    world.event("order.placed")
    world.run_until(MONDAY + 3 * DAY)
    assert said(world) == [("two", 0), ("one", 20)]
    assert held(world) == [("gap", "important", "two")]


def test_one_look_ahead(lived):
    world = lived(aaa=JOURNEY + "  - send: one\n", important=JOURNEY + "  - wait: 6 hours\n  - send: two\n")
    world.event("order.placed")
    world.run_until(MONDAY + 3 * DAY)
    assert said(world) == [("two", 6), ("one", 26)]
    assert held(world) == [("priority", "important", "two"), ("gap", "important", "two")]


def test_promotion_waits_for_recovery(lived):
    world = lived(aaa=JOURNEY + "  - send: one\n", helping=CASE)
    world.event("gone.wrong")
    world.run_until(MONDAY + HOUR)
    world.event("order.placed")
    world.run_until(MONDAY + 2 * DAY)
    assert said(world) == []
    world.event("all.well")
    world.run_until(MONDAY + 4 * DAY)
    assert [message for message, _ in said(world)] == ["one"]
    assert held(world)[0] == ("recovery", "helping", "")


@pytest.mark.parametrize(("bought", "sent"), [((("lamp", date(2025, 6, 1)),), ["one"]), ((), [])])
def test_a_sample_person_may_be_an_own_customer(lived, bought, sent):
    world = lived(Person("bo", {"email": "bo@example.com"}, sales=bought), aaa=JOURNEY + "  - send: one\n")
    world.event("order.placed")
    world.run_until(MONDAY + DAY)
    assert [message for message, _ in said(world)] == sent
