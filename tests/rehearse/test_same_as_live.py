"""A rehearsal is the live engine: the same life gives the same lines and the same messages, to the second."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
import yaml
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from lifeloop.engine.chance import fraction_of
from lifeloop.engine.values import AskPerson, CallAction, SendMessage
from lifeloop.engine.zones import instant_of, zone_named
from lifeloop.journey.person import Person
from lifeloop.rehearse.behaviour import Temper
from lifeloop.rehearse.living import Given, happen
from lifeloop.rehearse.people import made_up
from lifeloop.rehearse.population import Population
from lifeloop.rehearse.testing import changed
from lifeloop.rehearse.world import World
from lifeloop.work.project import open_project

DAY = 86_400
YEAR = 365 * DAY
BEGIN = 1_772_409_600  # Mon 2 Mar 2026 00:00 UTC
SEED = 7


@pytest.mark.parametrize("number", [3, 4, 12])
def test_a_made_up_year_is_the_same_in_both(both, starter, number):
    crowd = Population(starter.plans, list(starter.people.values()), starter.catalogue, BEGIN, BEGIN + YEAR, SEED)
    person = made_up(number, SEED, crowd.samples, starter.catalogue)
    life = crowd.live(person, Temper.of(SEED, starter.catalogue, starter.plans))
    lived = both(starter, person, BEGIN)
    for doing in life.doings:
        if doing.what == "event":
            lived.go(doing.at)
            lived.event(doing.name, doing.data)
    lived.go(BEGIN + YEAR)
    rehearsal, live = lived.traces()
    assert rehearsal == live
    assert len(rehearsal[1]) >= 7


@pytest.mark.parametrize("journey", ["welcome", "satisfaction", "recovery", "growth", "renewal"])
def test_a_journeys_own_tests_run_the_same_in_both(both, starter, journey):
    """With all journeys of the project around it, and chance falling where it falls."""
    found = starter.journeys[journey]
    test = max(found.tests, key=lambda one: len(one.when))
    person = changed(starter.people[test.person], test.changes, starter.catalogue)
    zone = zone_named(person.customer.get("timezone")) or zone_named(starter.catalogue.timezone)
    begin = instant_of(test.clock.date(), test.clock.time(), zone)
    lived = both(starter, person, begin)
    for one in test.when:
        day = date.fromordinal(test.clock.date().toordinal() + one.at.day)
        lived.go(instant_of(day, one.at.at, zone))
        if one.what == "event":
            lived.event(one.name, dict(one.data))
        elif one.what == "set":
            for name, value in one.data.items():
                lived.change(name, value)
    lived.go(begin + 120 * DAY)
    rehearsal, live = lived.traces()
    assert rehearsal == live
    assert rehearsal[1]


# Journeys that nobody thought of ------------------------------------------------------------------------------------

PROJECT = """\
project: random
timezone: Europe/Amsterdam
country: NL
company: {name: Small, address: 1 Street}
customer:
  first_name: text
  email: email?
  phone: phone?
  plan: free | plus | premium
  points: number?
  ends: date?
events:
  a.came: {n: number?}
  b.came: {n: number?}
  left: {}
  bought: {}
  we.did: {n: number?}
topics:
  service: {basis: contract, counts: false}
  news: {basis: consent}
senders: {us: Us <us@example.com>}
connections: {crm: {base: env.CRM_URL, actions: {do: POST /do}}}
approvers: {lead: lead@example.com}
segments:
  keen:
    - a.came happened in the last 9 days
    - customer.plan is not free
"""
EVENTS = ("a.came", "b.came", "left", "bought", "we.did")
LENGTHS = ("90 minutes", "1 day", "3 days", "2 weeks", "1 month", "2 working days", "1 day 6 hours")
MOMENTS = (
    "until 10:00",
    "until Tuesday 10:00",
    "until a weekday at 09:30",
    "until the 1st at 09:00",
    "until weekdays 09:00-17:00",
    "until 5 days before customer.ends at 10:00",
    "until 2 days after customer.ends",
    "until 2026-05-04 12:00",
)
CONDITIONS = (
    "customer.plan is plus",
    "customer.points is at least 3",
    "customer.points is missing",
    "customer.ends is within 30 days",
    "a.came happened",
    "b.came did not happen in the last 10 days",
    "m/* was sent",
    "m/one was not sent",
    "customer is in keen",
)
MESSAGES = ("m/one", "m/two", "m/three")


class Writer:
    """Writes journeys, and what happens to a person, from one number: quicker than drawing every word of them."""

    def __init__(self, seed):
        self.seed, self.count = seed, 0

    def draw(self):
        self.count += 1
        return fraction_of(f"{self.seed}:{self.count}")

    def pick(self, things):
        return things[int(self.draw() * len(things))]

    def maybe(self, share=0.5):
        return self.draw() < share

    def journey(self, name, other=None):
        start = self.pick(STARTS)
        delivery = {"hours": "weekdays 09:00-18:00", "topic": self.pick(("news", "service", "service"))}
        if self.maybe(0.3):
            delivery["limit"] = "2 per week"
        if self.maybe(0.2):
            delivery["holidays"] = "avoid"
        return {
            "journey": name,
            "phase": "welcome",
            "name": name,
            "start": start,
            # What a journey may bring about itself must not let it start again at once, for ever.
            "again": self.pick(("never", "after 10 days", *(("always",) if start in OUTWARD else ()))),
            "goal": "bought happened within 14 days",
            "stop": self.pick(STOPS),
            "delivery": delivery,
            "steps": self.steps(3, other),
        }

    def steps(self, depth, other, most=5):
        return [self.step(depth, other) for _ in range(1 + int(self.draw() * most))]

    def step(self, depth, other):
        kind = self.draw()
        if kind < 0.3:
            return self.send()
        if kind < 0.55:
            return self.wait()
        if kind < 0.7 or depth == 0:
            return self.deed(other)
        return self.fork(depth - 1, other)

    def send(self):
        step = {"send": self.pick(MESSAGES)}
        more = {"topic": "service", "hours": "every day 08:00-21:00", "expires": "2 days", "by": "sms"}
        step |= {key: value for key, value in more.items() if self.maybe(0.15)}
        return step | ({"when": self.pick(CONDITIONS)} if self.maybe(0.2) else {})

    def wait(self):
        if self.maybe():
            return {"wait": self.pick(LENGTHS)}
        step = {"wait": self.pick(MOMENTS)}
        dated = "customer.ends" in step["wait"] or "2026-" in step["wait"]
        return step | ({"missed": self.pick(("skip", "continue", "stop"))} if dated and self.maybe() else {})

    def deed(self, other):
        return self.pick(
            (
                {"set": {"customer.plan": self.pick(("free", "plus"))}},
                {"set": {"customer.points": self.pick((1, 5))}},
                {"set": {"customer.ends": "2026-05-20"}},
                {"record": "we.did", "with": {"n": 2}},
                {"call": "crm.do", "with": {"title": "Hi"}},
                {"milestone": "here"},
                {"enter": other} if other else {"milestone": "there"},
            )
        )

    def fork(self, depth, other):
        def block():
            return self.steps(depth, other, most=2)

        arms = {"then": block()} | ({"else": block()} if self.maybe() else {})
        kind = self.pick(("for", "for", "if", "choose", "split", "repeat", "ask"))
        match kind:
            case "for":
                wait = {"for": self.pick(("a.came", "b.came")), "max": self.pick((*LENGTHS, "until Friday 12:00"))}
                wait |= {"where": "event.n is at least 2"} if self.maybe(0.3) else {}
                return {"wait": wait | ({"since": "now"} if self.maybe(0.3) else {})} | arms
            case "if":
                return {"if": self.pick(CONDITIONS)} | arms
            case "choose":
                return {"choose": [{"when": self.pick(CONDITIONS), "then": block()} for _ in "ab"], "else": block()}
            case "split":
                paths = [{"path": name, "share": "50%", "steps": block()} for name in "xy"]
                return {"split": f"tone-{self.count}", "into": paths}
            case "repeat":
                return {"repeat": f"{self.pick((1, 2, 3))} times", "every": self.pick(LENGTHS), "steps": block()}
            case _:
                return {"ask": "lead", "question": "Well?", "max": "1 day"} | arms

    def happenings(self):
        """Return what happens, in order; what starts journeys comes early."""
        found = [(int(self.draw() * 10 * DAY), name, {"n": 2}) for name in ("a.came", "b.came")]
        found.append((int(self.draw() * 10 * DAY), "plan", "plus"))
        for _ in range(2 + int(self.draw() * 5)):
            at, what = int(self.draw() * 80 * DAY), self.pick((*EVENTS, "a.came", "b.came", "plan", "ends"))
            values = {"plan": ("free", "plus", "premium"), "ends": ("2026-04-10", "2026-05-30", None)}
            found.append((at, what, self.pick(values[what]) if what in values else {"n": self.pick((1, 2, 3))}))
        return sorted(found, key=lambda one: one[0])


STARTS = (
    {"event": "a.came"},
    {"event": "b.came", "where": "event.n is at least 2"},
    {"event": "we.did"},
    {"date": "20 days before customer.ends", "at": "10:00"},
    {"changes": "customer.plan", "to": "plus"},
    {"every": "Monday at 10:00"},
    {"joins": "keen"},
    {"leaves": "keen"},
)
OUTWARD = (STARTS[0], STARTS[1], STARTS[3], STARTS[5])
"""Starts that no journey can bring about."""
STOPS = (
    ["left happened"],
    ["goal reached"],
    [{"when": "left happened", "then": [{"send": "m/three", "topic": "service"}]}],
    ["customer.plan is premium"],
)
SEEDS = st.integers(0, 2**32)
PERSON = Person(
    "ana",
    {"first_name": "Ana", "email": "ana@example.com", "plan": "free", "ends": "2026-04-20"},
    consents={"news": True},
)
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
NO_SHRINKING = (Phase.explicit, Phase.generate)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("random")
    (found / "lifeloop.yaml").write_text(PROJECT)
    (found / "journeys").mkdir()
    (found / "templates" / "m").mkdir(parents=True)
    for name in MESSAGES:
        (found / "templates" / f"{name}.md").write_text("---\nsubject: Hello\nfrom: us\n---\nHello!\n")
    return found


def written(folder, writer):
    for name, other in (("one", "two"), ("two", None)):
        text = yaml.safe_dump(writer.journey(name, other), sort_keys=False)
        (folder / "journeys" / f"{name}.yaml").write_text(text)
    project = open_project(folder)
    assume(len(project.plans) == 2)
    return project


@settings(max_examples=50, deadline=None, suppress_health_check=QUIET, derandomize=True, phases=NO_SHRINKING)
@given(seed=SEEDS)
def test_every_run_ends_and_nothing_is_said_twice(folder, seed):
    writer = Writer(seed)
    project = written(folder, writer)
    world = World(project.plans, PERSON, project.catalogue, at=BEGIN)
    for offset, what, value in writer.happenings():
        world.run_until(BEGIN + offset)
        happen(world, Given(world.now, "event", what, value) if what in EVENTS else _set(world, what, value))
    while (running := [run for run in world.runs if run.active and run.state.started_at < BEGIN + 90 * DAY]) and (
        world.now < BEGIN + 2 * YEAR
    ):
        world.run_until(world.next_due())
    assert running == []
    said = [
        (one.journey, one.key, one.effect.node, one.effect.visit)
        for one in world.happened
        if isinstance(one.effect, SendMessage | CallAction | AskPerson)
    ]
    assert max(Counter(said).values(), default=1) == 1


def _set(world, what, value):
    return Given(world.now, "set", "", {what: value})


@settings(max_examples=16, deadline=None, suppress_health_check=QUIET, derandomize=True, phases=NO_SHRINKING)
@given(seed=SEEDS)
def test_random_journeys_run_the_same_in_both(both, folder, seed):
    writer = Writer(seed)
    lived = both(written(folder, writer), PERSON, BEGIN, folder)
    for offset, what, value in writer.happenings():
        lived.go(BEGIN + offset)
        if what in EVENTS:
            lived.event(what, value)
        else:
            lived.change(what, value)
    lived.go(BEGIN + 100 * DAY)
    rehearsal, live = lived.traces()
    lived.live.close()
    assert rehearsal == live


class Talker(Writer):
    """Writes journeys that ask and call and wait for what comes back, and lives in which something does."""

    def journey(self, name, other=None):
        return {**super().journey(name, other), "stop": ["left happened"]}

    def steps(self, depth, other, most=5):
        return [self.talk(), *super().steps(depth, other, most), self.talk()]

    def talk(self):
        kind = self.pick(("ask", "ask", "call", "call", "seen", "opened"))
        arms = {"then": [self.send()], "else": [self.send()]}
        match kind:
            case "ask":
                return {"ask": "lead", "question": "Well?", "max": self.pick(("3 days", "2 weeks"))} | arms
            case "call":
                return {"call": "crm.do", "with": {"title": "Hi"}, "as": "got", "max": self.pick(("3 days", "2 weeks"))}
            case "seen":
                return {"if": self.pick(("journey.got.n is at least 2", "m/* was clicked", "m/one was opened"))} | arms
            case _:
                return {"wait": {"for": "message.opened", "max": "3 days"}} | arms

    def happenings(self):
        found = super().happenings()
        for _ in range(30):
            what = self.pick(("answer", "answer", "open", "click"))
            value = {"approved": self.maybe(), "n": self.pick((1, 3))} if what == "answer" else self.pick(MESSAGES)
            found.append((int(self.draw() * 30 * DAY), what, value))
        return sorted(found, key=lambda one: one[0])


def comes_back(lived, what, value):
    match what:
        case "answer":
            lived.answer(value)
        case "open" | "click":
            lived.reacts(value, what)
        case _ if what in EVENTS:
            lived.event(what, value)
        case _:
            lived.change(what, value)


def test_what_comes_back_is_the_same_in_both(both, folder):
    """Answers of colleagues and of other systems, openings and clicks."""
    seen = Counter()

    @settings(max_examples=12, deadline=None, suppress_health_check=QUIET, derandomize=True, phases=NO_SHRINKING)
    @given(seed=SEEDS)
    def live(seed):
        talker = Talker(seed)
        lived = both(written(folder, talker), PERSON, BEGIN, folder)
        for offset, what, value in talker.happenings():
            lived.go(BEGIN + offset)
            comes_back(lived, what, value)
        lived.go(BEGIN + 100 * DAY)
        rehearsal, really = lived.traces()
        lived.live.close()
        assert rehearsal == really
        seen.update(line[3] for lines in rehearsal[0].values() for line in lines)

    live()
    assert min(seen[what] for what in ("answered", "asked", "called", "event", "time is up")) >= 5, seen


CALLING = """
journey: one
phase: welcome
start: {event: a.came}
delivery: {topic: service}
steps:
  - call: crm.do
    as: got
  - if: journey.got.n is at least 2
    then: [{send: m/one}]
    else: [{send: m/two}]
"""


@pytest.mark.parametrize("number", [1, 3])
def test_an_answer_at_once_is_used_by_the_next_step_in_both(both, folder, number):
    for file in (folder / "journeys").glob("*.yaml"):
        file.unlink()
    (folder / "journeys" / "one.yaml").write_text(CALLING)
    lived = both(open_project(folder), PERSON, BEGIN, folder)
    lived.live.hears({"n": number})
    lived.go(BEGIN + DAY)
    lived.event("a.came", {})
    lived.world.answer({"n": number})
    lived.go(BEGIN + 9 * DAY)
    rehearsal, live = lived.traces()
    assert rehearsal == live
    assert [name for _, _, name, _ in live[1]] == ["m/one" if number > 1 else "m/two"]
