from dataclasses import replace
from datetime import time

import pytest

from lifeloop.engine import routing
from lifeloop.engine.routing import Start, changed, make_routes
from lifeloop.engine.values import Candidate, Event
from lifeloop.journey.condition import DataName
from lifeloop.journey.length import Length
from lifeloop.journey.moment import FromAnchor, OnMonthDay
from lifeloop.journey.plan import (
    ByHand,
    FromJourney,
    OnCalendar,
    OnChange,
    OnEvent,
    OnMoment,
    OnSegment,
    Stop,
)


def name(text):
    root, *path = text.split(".")
    return DataName(root, tuple(path))


def moment(days, anchor):
    return FromAnchor(Length(days=days), before=True, anchor=name(anchor), at=time(10))


FIRST_KNOWN = OnMoment((moment(90, "customer.competitor_end"), moment(0, "customer.left_at")))


@pytest.fixture
def journey(trial):
    def make(title, *triggers, **more):
        made = trial.plan(Stop("s", title), triggers=triggers, **more)
        return replace(made, journey=title)

    return make


def of(plan):
    return Start(plan, plan.triggers[0])


def test_facts_find_their_journeys_by_name(journey):
    welcome = journey("welcome", OnEvent("contract.started"), listens=("setup.started",))
    renewal = journey("renewal", FIRST_KNOWN, watches=(name("customer.contract.ends"),))
    growth = journey("growth", OnChange(name("customer.status")), OnSegment("lapsed"), ByHand(), FromJourney())
    monthly = journey("monthly", OnCalendar(OnMonthDay(1, time(9))), timezone="Europe/Brussels")
    older = journey("welcome", OnEvent("never.asked"), listens=("survey.answered",))
    routes = make_routes((welcome, renewal, growth, monthly), running=(older,))
    assert [start.plan.journey for start in routes.events["contract.started"]] == ["welcome"]
    assert set(routes.events) == {"contract.started"}
    assert [start.plan.journey for start in routes.changes["customer.status"]] == ["growth"]
    assert set(routes.dates) == {"customer.competitor_end", "customer.left_at", "customer.timezone"}
    assert set(routes.segments) == {"lapsed"}
    assert [start.plan.journey for start in routes.calendars] == ["monthly"]
    assert routes.wakes_on_event == {
        "setup.started": frozenset({"welcome"}),
        "survey.answered": frozenset({"welcome"}),
    }
    assert routes.wakes_on_change["customer.contract"] == {"renewal"}
    assert routes.wakes_on_change["customer.timezone"] == {"welcome", "renewal", "growth"}


def test_an_event_is_a_candidate_at_its_own_time_unless_its_data_rule_it_out(journey, trial):
    dear = trial.is_("event.total", "is at least", 20, kind="number")
    start = of(journey("satisfaction", OnEvent("order.delivered", dear)))
    event = Event(4, "order.delivered", 500, {"total": 30})
    assert routing.event_candidate(start, event) == Candidate("satisfaction", 500, "event", {"total": 30}, 4)
    assert routing.event_candidate(start, event._replace(data={"total": 3})) is None
    assert routing.event_candidate(start, event._replace(name="order.lost")) is None


def test_a_where_that_asks_more_than_the_event_is_left_to_the_door(journey, trial):
    start = of(journey("j", OnEvent("a.came", trial.is_("customer.plan", "is", "plus"))))
    assert routing.event_candidate(start, Event(1, "a.came", 0)) is not None


@pytest.fixture
def dated(journey, trial):
    def ask(customer, now="2026-01-01 00:00", **more):
        start = of(journey("reactivation", FIRST_KNOWN, **more))
        return routing.date_candidate(start, trial.life(start.plan, **customer).facts, trial.at(now))

    return ask


def test_the_first_known_date_counts(dated, trial):
    left = {"left_at": "2026-03-01"}
    assert dated({}) is None
    assert dated(left).due_at == trial.at("2026-03-01 10:00")
    assert dated({**left, "competitor_end": "2026-09-30"}).due_at == trial.at("2026-07-02 10:00")


def test_a_start_long_over_is_one_only_where_people_can_join_late(dated, trial):
    left = {"left_at": "2026-03-01"}
    assert dated(left, now="2026-03-02 10:00") is not None
    assert dated(left, now="2026-03-02 10:01") is None
    assert dated(left, now="2027-03-02 10:01", ahead="somewhere").due_at == trial.at("2026-03-01 10:00")


def test_a_date_start_asks_its_where_of_the_object_at_hand(journey, trial):
    ours = OnMoment((moment(75, "contract.ends"),), where=trial.is_("contract.holder", "is", "ours"))
    start = of(journey("renewal", ours, object="contract"))
    facts = trial.life(start.plan).facts
    for holder, wanted in (("ours", "C1"), ("competitor", None)):
        known = facts._replace(object={"ends": "2026-12-31", "holder": holder})
        found = routing.date_candidate(start, known, 0, "C1")
        assert getattr(found, "object_key", None) == wanted
    assert set(make_routes((start.plan,)).dates) == {"contract.ends", "contract.holder", "customer.timezone"}


@pytest.mark.parametrize(
    ("to", "before", "after", "wanted"),
    [
        (None, {"status": "a"}, {"status": "b"}, True),
        (None, {"status": "a"}, {"status": "a", "other": 1}, False),
        (None, {}, {"status": None}, False),
        ("b", {"status": "a"}, {"status": "b"}, True),
        ("c", {"status": "a"}, {"status": "b"}, False),
        (True, {}, {"status": 1}, False),
    ],
)
def test_changes(journey, to, before, after, wanted):
    start = of(journey("j", OnChange(name("customer.status"), to)))
    found = routing.change_candidate(start, before, after, 9)
    assert (found is not None) is wanted
    if wanted:
        assert (found.due_at, found.start) == (9, {"before": before.get("status"), "after": "b"})


def test_what_changed():
    assert changed({"a": 1, "b": 2, "n": None}, {"a": 1, "b": 3, "c": 4}, "customer") == ("customer.b", "customer.c")


def test_joining_and_leaving_a_segment(journey):
    joins, leaves = of(journey("j", OnSegment("lapsed"))), of(journey("j", OnSegment("lapsed", leaves=True)))
    assert routing.segment_candidate(joins, 5, joined=True) == Candidate("j", 5, "segment")
    assert routing.segment_candidate(joins, 5, joined=False) is None
    assert routing.segment_candidate(leaves, 5, joined=False) == Candidate("j", 5, "segment")


def test_a_calendar_start_is_on_the_customers_clock(journey, trial):
    start = of(journey("j", OnCalendar(OnMonthDay(1, time(9)))))
    here = routing.calendar_candidate(start, {}, trial.at("2026-03-01 09:00"))
    assert here.due_at == trial.at("2026-04-01 09:00")
    tokyo = routing.calendar_candidate(start, {"timezone": "Asia/Tokyo"}, trial.at("2026-03-01 09:00"))
    assert tokyo.due_at == trial.at("2026-04-01 02:00")


def test_by_hand_is_now_or_at_the_start_they_missed(journey, trial):
    plan = journey("reactivation", FIRST_KNOWN)
    now = trial.at("2026-05-01 12:00")
    for left, due in (
        ("2026-03-01", "2026-03-01 10:00"),
        ("2026-08-01", "2026-05-01 12:00"),
        (None, "2026-05-01 12:00"),
    ):
        facts = trial.life(plan, left_at=left).facts
        found = routing.hand_candidate(plan, facts, now, {"by": "Eva"})
        assert found == Candidate("reactivation", trial.at(due), "hand", {"by": "Eva"})


def test_only_its_own_kind_of_start_answers(journey, trial):
    start = of(journey("j", ByHand()))
    facts = trial.life(start.plan).facts
    assert routing.event_candidate(start, Event(1, "a.came", 0)) is None
    assert routing.date_candidate(start, facts, 0) is None
    assert routing.change_candidate(start, {}, {"a": 1}, 0) is None
    assert routing.segment_candidate(start, 0, joined=True) is None
    assert routing.calendar_candidate(start, {}, 0) is None
