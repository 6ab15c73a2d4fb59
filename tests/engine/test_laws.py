"""The laws at the head of the machine, on plans and lives that nobody thought of."""

from collections import Counter
from dataclasses import replace
from datetime import date, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lifeloop.engine.machine import advance
from lifeloop.engine.timing import anchor_moment
from lifeloop.engine.values import AskPerson, CallAction, EmitEvent, EnterJourney, SendMessage, Status, Wake
from lifeloop.journey.condition import DataName
from lifeloop.journey.length import Length
from lifeloop.journey.moment import AtTime, FromAnchor, InHours, OnMonthDay, OnWeekday
from lifeloop.journey.plan import (
    Ask,
    Branch,
    Call,
    Case,
    Enter,
    Milestone,
    Path,
    Record,
    Send,
    Set,
    Split,
    Stop,
    StopRule,
    Wait,
    WaitFor,
)

DAY = 86_400
EVENTS = ("a.came", "b.came", "left", "bought")
DATES = st.dates(min_value=date(2026, 8, 1), max_value=date(2027, 8, 1))
PATIENT = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

lengths = st.builds(
    Length,
    months=st.integers(0, 2),
    days=st.integers(0, 20),
    working_days=st.integers(0, 3),
    seconds=st.integers(0, 2 * DAY),
)
times = st.builds(time, st.integers(0, 23), st.sampled_from((0, 30)))
anchors = st.builds(
    FromAnchor,
    offset=lengths,
    before=st.booleans(),
    anchor=st.sampled_from((DataName("customer", ("ends",)), DataName("start", ("day",)))),
    at=st.none() | times,
)


def untils(trial):
    weekdays = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
    return st.one_of(
        lengths,
        anchors,
        st.builds(AtTime, times),
        st.builds(OnWeekday, weekdays, times),
        st.builds(OnMonthDay, st.integers(1, 31), times),
        st.just(InHours(trial.OFFICE)),
    )


class Builder:
    """Lays random steps out as nodes: no circles, every arm joins again."""

    def __init__(self, draw, trial):
        self.draw, self.trial, self.nodes, self.count = draw, trial, [], 0

    def block(self, depth, following):
        for _ in range(self.draw(st.integers(0, 3))):
            following = self.step(depth, following)
        return following

    def name(self):
        self.count += 1
        return f"n{self.count}"

    def step(self, depth, following):
        kinds = ["send", "wait", "set", "call", "record", "enter", "milestone", "stop"]
        if depth:
            kinds += ["for", "if", "split", "ask"] * 2
        name, kind = self.name(), self.draw(st.sampled_from(kinds))
        self.nodes.append(getattr(self, "make_" + kind)(name, following, depth - 1))
        return name

    def make_send(self, name, following, _):
        policy = self.draw(st.sampled_from((self.trial.MARKETING, self.trial.SERVICE, self.trial.FREE)))
        policy = replace(policy, expires=self.draw(st.none() | lengths))
        return Send(
            name, f"m/{name}", self.draw(st.sampled_from((("email",), ("sms", "email"), ("sms",)))), policy, following
        )

    def make_wait(self, name, following, _):
        missed = self.draw(st.sampled_from(("skip", "continue", "stop")))
        return Wait(name, self.draw(untils(self.trial)), following, missed, ahead=following)

    def make_for(self, name, following, depth):
        return WaitFor(
            name,
            self.draw(st.sampled_from(EVENTS[:2])),
            self.draw(untils(self.trial)),
            since_now=self.draw(st.booleans()),
            then=self.block(depth, following),
            otherwise=self.block(depth, following),
        )

    def make_if(self, name, following, depth):
        asked = self.draw(
            st.sampled_from(
                (
                    self.trial.message("m/*", "sent"),
                    self.trial.happened("a.came"),
                    self.trial.is_("customer.mood", "is", "good"),
                    self.trial.is_("customer.ends", "is within", Length(days=30), kind="date"),
                )
            )
        )
        return Branch(name, (Case(asked, self.block(depth, following)),), self.block(depth, following))

    def make_split(self, name, following, depth):
        paths = (Path("a", 5000, self.block(depth, following)), Path("b", 5000, following))
        return Split(name, name, paths)

    def make_ask(self, name, following, depth):
        return Ask(name, "lead", "Well?", self.draw(lengths), (), self.block(depth, following), following)

    def make_call(self, name, following, _):
        return Call(name, "crm", "do", answer_as=self.draw(st.sampled_from((None, "ticket"))), next=following)

    def make_set(self, name, following, _):
        return Set(name, ((DataName("customer", ("mood",)), self.draw(st.sampled_from(("good", "bad")))),), following)

    def make_record(self, name, following, _):
        return Record(name, "we.did", {}, following)

    def make_enter(self, name, following, _):
        return Enter(name, "other", {}, following)

    def make_milestone(self, name, following, _):
        return Milestone(name, name, following)

    def make_stop(self, name, _following, _depth):
        return Stop(name, name)


@st.composite
def plans(draw, trial):
    builder = Builder(draw, trial)
    closing = builder.block(1, None) if draw(st.booleans()) else None
    first = builder.block(3, None)
    stops = (StopRule(trial.happened("left"), "left happened", closing),) if draw(st.booleans()) else ()
    goal = draw(st.sampled_from((None, trial.happened("bought"))))
    return trial.plan(*builder.nodes, first=first, stops=stops, goal=goal)


happenings = st.lists(
    st.tuples(
        st.integers(0, 200 * DAY),
        st.sampled_from((*EVENTS, "date", "zone", "answer", "click")),
        DATES.map(str) | st.none(),
        st.sampled_from(("Asia/Tokyo", "America/New_York", "Europe/Amsterdam", "nowhere")),
    ),
    max_size=6,
).map(lambda found: sorted(found, key=lambda each: each[0]))


def live(trial, plan, happenings, looks=()):
    ana = trial.life(plan, ends="2026-12-31").begin("2026-09-01 12:00", start={"day": "2026-10-10"})
    began = ana.now
    inputs = [(at, "fact", rest) for at, *rest in happenings] + [(at, "look", None) for at in looks]
    for offset, sort, rest in sorted(inputs, key=lambda each: (each[0], each[1])):
        if ana.state.status is not Status.WAITING:
            break
        when = trial.shown(began + offset)
        if sort == "look":
            ana.run(when).look(Wake.EVENT)
        else:
            befall(ana, when, *rest)
    return ana.run("2040-01-01 00:00")


def befall(ana, when, what, ends, zone):
    if what == "date":
        ana.changes(when, ends=ends)
    elif what == "zone":
        ana.changes(when, timezone=zone)
    elif what == "answer":
        ana.answers(when, {"approved": True})
    elif what == "click":
        ana.clicks(when, "m/n1").look(Wake.EVENT)
    else:
        ana.happens(when, what)


@PATIENT
@given(data=st.data())
def test_every_run_ends_and_does_nothing_twice(trial, data):
    plan, facts = data.draw(plans(trial)), data.draw(happenings)
    ana = live(trial, plan, facts)
    assert ana.state.status in (Status.COMPLETED, Status.STOPPED)
    assert ana.state.due_at is None
    done = [
        (type(effect), getattr(effect, "node", None), effect.visit)
        for effect in ana.effects
        if isinstance(effect, SendMessage | CallAction | AskPerson | EmitEvent | EnterJourney)
    ]
    assert max(Counter(done).values(), default=1) == 1
    assert len(ana.state.used) == len(set(ana.state.used))
    ends = [visit for visit in ana.visits if getattr(visit, "what", "") in ("completed", "stopped")]
    assert len(ends) == 1


@PATIENT
@given(data=st.data())
def test_looking_more_often_changes_nothing(trial, data):
    plan, facts = data.draw(plans(trial)), data.draw(happenings)
    looks = data.draw(st.lists(st.integers(0, 300 * DAY), max_size=8))
    seldom, often = live(trial, plan, facts), live(trial, plan, facts, looks)
    assert often.out == seldom.out
    assert often.state._replace(due_at=None) == seldom.state._replace(due_at=None)


@PATIENT
@given(data=st.data())
def test_the_same_arguments_give_the_same_answer(trial, data):
    plan, facts = data.draw(plans(trial)), data.draw(happenings)
    assert live(trial, plan, facts).effects == live(trial, plan, facts).effects


@PATIENT
@given(moment=anchors, dates=st.lists(DATES.map(str) | st.none(), min_size=1, max_size=4))
def test_a_wait_always_stands_at_the_moment_its_date_says(trial, moment, dates):
    plan = trial.plan(Wait("w", replace(moment, anchor=DataName("customer", ("ends",))), missed="stop"))
    ana = trial.life(plan, ends="2027-12-31").begin("2026-06-01 12:00")
    for ends in dates:
        if ana.state.status is not Status.WAITING:
            return
        ana.facts = ana.facts._replace(customer={**ana.facts.customer, "ends": ends})
        ana.look(Wake.CHANGE)
        wanted = anchor_moment(moment, ends, ZoneInfo("Europe/Amsterdam"))
        if wanted is not None and wanted > ana.now:
            assert (ana.state.due_at, ana.state.deadline) == (wanted, wanted)
        else:
            assert ana.state.status is not Status.WAITING


@pytest.mark.parametrize("wake", list(Wake))
def test_why_somebody_looks_decides_nothing(trial, wake):
    plan = trial.plan(Wait("w", Length(days=3), "s"), Send("s", "m/x", ("email",), trial.FREE))
    ana = trial.life(plan).begin("2026-09-01 12:00")
    due = ana.state.due_at
    state = advance(plan, ana.state, wake, facts=ana.facts, now=due).state
    assert state == advance(plan, ana.state, Wake.TIMER, facts=ana.facts, now=due).state
