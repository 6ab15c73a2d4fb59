"""A journey's own tests: live through what happens, and compare what came out with what was expected, exactly.

Sends, calls, entries into other journeys and stops must be the expected ones and no others, in that order.
Milestones, set data, recorded events and questions are looked at only where a test names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.values import (
    AskPerson,
    CallAction,
    Effect,
    EmitEvent,
    EnterJourney,
    Event,
    Record,
    SendMessage,
    Visited,
)
from lifeloop.engine.zones import instant_of, local, zone_of
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.condition import DataName
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json, Plan
from lifeloop.journey.spec import DayTime, Expectation, Input, JourneyTest
from lifeloop.rehearse.record import inside
from lifeloop.rehearse.world import Happened, World

STRICT = frozenset({"send", "call", "enter", "stop"})
LONGEST = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that came out: at which minute on the customer's clock, what, and with which data."""

    day: int
    at: time
    what: str
    name: str
    data: Record

    def __str__(self) -> str:
        return f"day {self.day} {self.at:%H:%M}   {self.what} {self.name}"


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first place where a test and the journey part ways. ``expected`` None: nobody expected what came."""

    expected: Expectation | None
    got: Outcome | None


@dataclass(frozen=True, slots=True)
class TestResult:
    """How a test went. ``outcomes``: everything that came out; ``taken``: which way each fork went."""

    test: JourneyTest
    mismatch: Mismatch | None
    outcomes: tuple[Outcome, ...]
    taken: frozenset[tuple[str, str]]
    happened: tuple[Happened, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return self.mismatch is None


def run_test(plan: Plan, test: JourneyTest, person: Person, catalogue: Catalogue) -> TestResult:
    """Run one test of a journey, alone: other journeys that it enters are noted, not lived through."""
    person = changed(person, test.changes, catalogue)
    zone = zone_of(person.customer, plan)
    began = test.clock.date()
    begin = instant_of(began, test.clock.time(), zone)
    world = World({plan.journey: plan}, person, catalogue, at=begin, pins=test.paths)
    days = _Days(began, zone)
    end = days.instant(test.until, whole=True) if test.until else begin + int(LONGEST.total_seconds())
    for given in sorted(test.when, key=lambda one: days.instant(one.at) if one.at else begin):
        world.run_until(max(world.now, days.instant(given.at) if given.at else begin))
        feed(world, given, plan)
    run_to_the_end(world, end)
    outcomes = tuple(_outcome(days, one) for one in world.happened if _named(one) is not None)
    found = compare(test.expect, outcomes)
    return TestResult(test, found, outcomes, forks_taken(world.happened), tuple(world.happened))


def run_to_the_end(world: World, end: Instant) -> None:
    """Go on until nothing more happens to those who entered, or until ``end``."""
    world.settle()
    while (due := world.next_due()) is not None and due <= end:
        if world.runs and not any(run.active for run in world.runs):
            return
        world.run_until(due)


def feed(world: World, given: Input, plan: Plan) -> None:
    """Let one input of a test happen, now."""
    match given.what:
        case "event":
            world.event(given.name, given.data)
        case "set":
            for name, value in given.data.items():
                world.set(data_name(name), value)
        case "enter":
            world.enter(given.name or plan.journey, given.data)
        case "answer":
            world.answer({"approved": given.name == "approved", **given.data})
        case "open" | "click":
            world.reacts(given.name, given.what)


def data_name(written: str) -> DataName:
    """Read ``customer.plan``, ``contract.ends`` or a bare attribute of the customer."""
    root, _, rest = written.partition(".")
    return DataName(root, tuple(rest.split("."))) if rest else DataName("customer", (root,))


def changed(person: Person, changes: Mapping[str, Json], catalogue: Catalogue) -> Person:
    """Return a sample person with some data other than in their file; of things, their first one is changed."""
    for written, value in changes.items():
        name = data_name(written)
        if name.root == "customer" or name.root not in catalogue.objects:
            person = replace(person, customer=inside(person.customer, name.path, value))
            continue
        first, *others = person.things.get(name.root, ({},))
        thing = inside(first, name.path, value)
        person = replace(person, things={**person.things, name.root: (thing, *others)})
    return person


def compare(expected: tuple[Expectation, ...], outcomes: tuple[Outcome, ...]) -> Mismatch | None:
    """Return where what was expected and what came out part ways, None where they do not."""
    wanted = list(expected)
    for got in outcomes:
        if wanted and fits(wanted[0], got):
            wanted.pop(0)
        elif got.what in STRICT:
            return Mismatch(wanted[0] if wanted else None, got)
    return Mismatch(wanted[0], None) if wanted else None


def fits(wanted: Expectation, got: Outcome) -> bool:
    """Tell whether something that came out is what was expected."""
    named = wanted.what == "set" or wanted.name == got.name
    on_time = wanted.at is None or (wanted.at.day == got.day and wanted.at.at in (None, got.at))
    data = all(got.data.get(key) == value for key, value in wanted.data.items())
    return wanted.what == got.what and named and on_time and data


def forks_taken(happened: list[Happened]) -> frozenset[tuple[str, str]]:
    """Return which way was gone at each fork: node id and arm (a case's number, a path, ``then`` or ``else``)."""
    taken = set()
    for one in happened:
        if isinstance(one.effect, Visited) and one.effect.node:
            arm = arm_of(one.effect)
            if arm is not None:
                taken.add((one.effect.node, arm))
    return frozenset(taken)


def arm_of(visited: Visited) -> str | None:
    """Return the arm of a fork that a visit shows, None for other visits."""
    match visited.what:
        case "chose":
            case = visited.data.get("case")
            return "else" if case is None else str(case)
        case "split":
            return visited.detail
        case "event":
            return "then"
        case "time is up":
            return "else"
        case "answered":
            return "then" if visited.data.get("approved") is True else "else"
        case _:
            return None


@dataclass(frozen=True, slots=True)
class _Days:
    """Days counted from the day a test begins, on the customer's wall clock."""

    began: date
    zone: ZoneInfo

    def instant(self, at: DayTime, *, whole: bool = False) -> Instant:
        day = self.began + timedelta(days=at.day)
        if at.at is None and whole:
            return instant_of(day + timedelta(days=1), time(), self.zone) - 1
        return instant_of(day, at.at or time(), self.zone)

    def of(self, instant: Instant) -> tuple[int, time]:
        wall: datetime = local(instant, self.zone)
        return (wall.date() - self.began).days, wall.time().replace(second=0)


def _outcome(days: _Days, one: Happened) -> Outcome:
    day, at = days.of(one.at)
    named = _named(one)
    assert named is not None  # noqa: S101  # the caller asked
    return Outcome(day, at, *named)


def _named(one: Happened) -> tuple[str, str, Record] | None:
    effect: Effect | Event = one.effect
    match effect:
        case SendMessage():
            return "send", effect.message, effect.args
        case CallAction():
            return "call", f"{effect.connection}.{effect.action}", effect.args
        case EnterJourney():
            return "enter", effect.journey, effect.start
        case EmitEvent():
            return "record", effect.name, effect.data
        case AskPerson():
            return "ask", effect.who, {}
        case Visited(what="set", data=data):
            return "set", ", ".join(data), {name.removeprefix("journey."): value for name, value in data.items()}
        case Visited(what="milestone", detail=name):
            return "milestone", name, {}
        case Visited(what="stopped", detail=reason):
            return "stop", reason, {}
        case _:
            return None
