from dataclasses import replace
from datetime import date, time

import pytest

from lifeloop.engine.entry import PastRun, enter, entry_key, subject_of
from lifeloop.engine.values import Candidate, Event, Facts, Refusal, State
from lifeloop.journey.condition import DataName
from lifeloop.journey.length import Length
from lifeloop.journey.moment import FromAnchor, OnDate
from lifeloop.journey.plan import Again, ByHand, OnEvent, OnMoment, Plan, Stop, Wait

END = DataName("customer", ("ends",))
HALF_A_YEAR = Again("after", after=Length(months=6))
PER_END = Again("once", per=END)


@pytest.fixture
def ask(trial):
    """Let somebody try to enter, at noon on 1 September."""

    def ask(plan=None, *, runs=(), trigger="hand", customer=None, known=None, due="2026-09-01 12:00", **more):
        plan = plan or trial.plan(Stop("s", "s"))
        facts = known or trial.life(plan, **(customer or {})).facts
        candidate = Candidate(plan.journey, trial.at(due), trigger, **more)
        return enter(plan, candidate, facts=facts, now=trial.at("2026-09-01 12:00"), runs=runs)

    return ask


def past(trial, when, *, subject="-", active=False):
    return PastRun(subject, subject, trial.at(when), active)


def test_a_run_begins_before_its_first_step(ask, trial):
    state = ask(trigger="event", start={"id": "A"}, event_seq=7)
    now = trial.at("2026-09-01 12:00")
    assert state == State(
        "s", started_at=now, due_at=now, since=now, start={"id": "A"}, event={"id": "A"}, start_seq=7, used=(7,)
    )


def test_a_run_begins_at_its_moment_even_when_we_come_a_little_later(ask, trial):
    assert ask(due="2026-09-01 11:58").started_at == trial.at("2026-09-01 11:58")


def test_the_audience_is_asked_once_at_the_door(ask, trial):
    plan = trial.plan(Stop("s", "s"), audience=trial.is_("start.total", "is at least", 20, kind="number"))
    assert ask(plan, start={"total": 4}) == Refusal("audience")
    assert isinstance(ask(plan, start={"total": 20}), State)


def test_an_object_that_is_gone_lets_nobody_in(ask, trial):
    plan = trial.plan(Stop("s", "s"), object="contract")
    assert ask(plan, object_key="C1") == Refusal("gone", "contract")
    known = trial.life(plan).facts._replace(object={})
    assert isinstance(ask(plan, known=known, object_key="C1"), State)


def test_what_a_start_asked_is_asked_again(ask, trial):
    date = OnMoment((FromAnchor(Length(), before=True, anchor=END),), where=trial.is_("customer.plan", "is", "plus"))
    plan = trial.plan(Stop("s", "s"), triggers=(date,))
    assert ask(plan, trigger="date") == Refusal("where")
    assert isinstance(ask(plan, trigger="date", customer={"plan": "plus"}), State)
    assert isinstance(ask(plan, trigger="hand"), State), "by hand nobody asks"


def test_an_event_answers_only_for_its_own_start(ask, trial):
    dear = trial.is_("event.total", "is at least", 20, kind="number")
    plan = trial.plan(Stop("s", "s"), triggers=(OnEvent("order.placed", dear), OnEvent("order.returned")))
    events = (Event(1, "order.placed", 0, {"total": 4}), Event(2, "order.returned", 0, {"total": 4}))
    known = trial.life(plan).facts._replace(events=events)
    assert ask(plan, known=known, trigger="event", start={"total": 4}, event_seq=1) == Refusal("where")
    assert isinstance(ask(plan, known=known, trigger="event", start={"total": 4}, event_seq=2), State)


@pytest.mark.parametrize("rule", ["never", "always", "after", "once"])
def test_nobody_is_in_the_same_journey_twice_at_a_time(ask, trial, rule):
    again = Again(rule, after=Length(days=1), per=END)
    plan = trial.plan(Stop("s", "s"), again=again)
    subject = "-|2026-12-31" if rule == "once" else "-"
    runs = [past(trial, "2026-01-01 12:00", subject=subject, active=True)]
    assert ask(plan, runs=runs, customer={"ends": "2026-12-31"}) == Refusal("active")


@pytest.mark.parametrize(
    ("again", "earlier", "wanted"),
    [
        (Again("never"), "2020-01-01 12:00", "again"),
        (Again("always"), "2026-09-01 11:00", None),
        (HALF_A_YEAR, "2026-03-01 12:00", None),
        (HALF_A_YEAR, "2026-03-01 12:01", "again"),
    ],
)
def test_coming_back(ask, trial, again, earlier, wanted):
    found = ask(trial.plan(Stop("s", "s"), again=again), runs=[past(trial, earlier)])
    assert getattr(found, "rule", None) == wanted


def test_once_per_value(ask, trial):
    plan = trial.plan(Stop("s", "s"), again=PER_END)
    runs = [past(trial, "2026-01-01 12:00", subject="-|2026-12-31")]
    assert ask(plan, runs=runs, customer={"ends": "2026-12-31"}) == Refusal("again", "once")
    assert isinstance(ask(plan, runs=runs, customer={"ends": "2027-12-31"}), State)
    assert ask(plan) == Refusal("again", "customer.ends is unknown")


def test_each_object_has_runs_of_its_own(ask, trial):
    plan = trial.plan(Stop("s", "s"), object="contract")
    known = trial.life(plan).facts._replace(object={"ends": "2026-12-31"})
    runs = [past(trial, "2026-01-01 12:00", subject="C1", active=True)]
    assert ask(plan, known=known, runs=runs, object_key="C1") == Refusal("active")
    assert isinstance(ask(plan, known=known, runs=runs, object_key="C2"), State)


def keys(trial, again, *candidates, **customer):
    plan = trial.plan(Stop("s", "s"), again=again)
    facts = trial.life(plan, **customer).facts
    subjects = [subject_of(plan, candidate, facts, 0) for candidate in candidates]
    return [entry_key(plan, candidate, subject) for candidate, subject in zip(candidates, subjects, strict=True)]


def test_the_same_start_has_the_same_key_and_another_start_another(trial):
    first, second = Candidate("j", 10, "event", event_seq=1), Candidate("j", 20, "event", event_seq=2)
    dated = Candidate("j", 10, "date", object_key="C@1|x")
    assert keys(trial, Again("never"), first, second) == ["-", "-"]
    assert keys(trial, Again("always"), first, second, dated) == ["-@e1", "-@e2", "C%401%7Cx@10"]
    assert keys(trial, PER_END, first, dated, ends="2026-12-31") == ["-|2026-12-31", "C%401%7Cx|2026-12-31"]


def late_plan(trial):
    def wait(days):
        return FromAnchor(Length(days=days), before=True, anchor=END)

    return trial.plan(
        Stop("s", "s"),
        Wait("w60", wait(60), "s", ahead="w30"),
        Wait("w30", wait(30), "s", ahead="w10"),
        Wait("w10", wait(10), "s"),
        ahead="w60",
    )


@pytest.mark.parametrize(
    ("ends", "node"), [("2026-12-31", "w60"), ("2026-10-15", "w30"), ("2026-10-01", "w10"), ("2026-09-11", None)]
)
def test_who_joins_late_begins_at_the_next_date_ahead(ask, trial, ends, node):
    found = ask(late_plan(trial), customer={"ends": ends}, due="2026-08-01 12:00")
    assert getattr(found, "node", None) == node
    if node:
        assert found.started_at == trial.at("2026-09-01 12:00")
    else:
        assert found == Refusal("late", "meant for 2026-08-01T10:00:00Z")


@pytest.mark.parametrize(("on", "node"), [(date(2026, 12, 1), "w"), (date(2026, 8, 20), None)])
def test_a_date_of_the_calendar_is_a_place_to_join_too(ask, trial, on, node):
    plan = trial.plan(Stop("s", "s"), Wait("w", OnDate(on, time(9)), "s"), ahead="w")
    assert getattr(ask(plan, due="2026-08-01 12:00"), "node", None) == node


def test_a_day_of_grace(ask, trial):
    plan = late_plan(trial)
    assert ask(plan, customer={"ends": "2026-12-31"}, due="2026-08-31 12:00").node == "s"
    assert ask(plan, customer={"ends": "2026-12-31"}, due="2026-08-31 11:59").node == "w60"


def test_an_old_event_starts_nothing_in_a_journey_without_dates(ask):
    assert ask(trigger="event", due="2026-08-01 12:00", event_seq=1).rule == "late"


def test_who_joins_late_at_the_first_step_begins_now_all_the_same(ask, trial):
    plan = replace(late_plan(trial), first="w60", digest="first is dated")
    found = ask(plan, customer={"ends": "2026-12-31"}, due="2026-08-01 12:00")
    assert (found.node, found.started_at) == ("w60", trial.at("2026-09-01 12:00"))


def test_a_moved_date_does_not_begin_a_second_run_beside_the_first(ask, trial):
    """What the run is about is the same contract; it moves along, and says everything once."""
    plan = trial.plan(Stop("s", "s"), again=PER_END)
    on_its_way = past(trial, "2026-08-01 12:00", subject="-|2026-09-30", active=True)
    assert ask(plan, runs=[on_its_way], customer={"ends": "2026-12-31"}) == Refusal("active")
    over = replace(on_its_way, active=False)
    assert isinstance(ask(plan, runs=[over], customer={"ends": "2026-12-31"}), State)


def test_two_orders_may_be_on_their_way_together(ask, trial):
    plan = trial.plan(Stop("s", "s"), again=Again("once", per=DataName("start", ("order",))))
    first = past(trial, "2026-08-30 12:00", subject="-|A-1", active=True)
    assert isinstance(ask(plan, runs=[first], start={"order": "A-2"}), State)
    assert ask(plan, runs=[first], start={"order": "A-1"}) == Refusal("active")


def test_journeys_that_set_each_other_off_come_to_rest():
    plan = Plan("again", "d", "Again", "growth", (ByHand(),), (Stop("stop", "done"),), "stop", again=Again("always"))
    candidate, facts = Candidate("again", 10_000, "hand"), Facts("ana", {})
    earlier = [PastRun("-", f"-@{at}", at, active=False) for at in range(9_980, 10_000)]
    assert isinstance(enter(plan, candidate, facts=facts, now=10_000, runs=earlier[1:]), State)
    refused = enter(plan, candidate, facts=facts, now=10_000, runs=earlier)
    assert refused == Refusal("again", "20 times within an hour")
    assert isinstance(enter(plan, candidate._replace(due_at=13_700), facts=facts, now=13_700, runs=earlier), State)
