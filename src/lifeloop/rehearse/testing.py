"""A journey's own tests: live through what happens, and compare what came out with what was expected, exactly.

Sends, calls, entries into other journeys and stops must be the expected ones and no others, in that order.
Milestones, set data, recorded events and questions are looked at only where a test names them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from lifeloop.clock import Instant
from lifeloop.engine.values import Visited
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json, Plan
from lifeloop.journey.spec import Expectation, Input, JourneyTest
from lifeloop.rehearse.days import Days
from lifeloop.rehearse.forks import Taken, forks_taken
from lifeloop.rehearse.happened import Happened
from lifeloop.rehearse.living import Given, data_name, live_through
from lifeloop.rehearse.outcomes import STRICT, Outcome, outcomes_of
from lifeloop.rehearse.record import inside
from lifeloop.rehearse.world import World

LONGEST = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first place where a test and the journey part ways.

    ``expected`` None: nobody expected what came. ``got`` None: what was expected never came.
    """

    expected: Expectation | None
    got: Outcome | None


@dataclass(frozen=True, slots=True)
class TestResult:
    """How a test went. ``outcomes``: everything that came out; ``taken``: which way each fork went."""

    __test__ = False

    test: JourneyTest
    mismatch: Mismatch | None
    outcomes: tuple[Outcome, ...]
    taken: frozenset[Taken]
    happened: tuple[Happened, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return self.mismatch is None


def run_test(plan: Plan, test: JourneyTest, person: Person, catalogue: Catalogue) -> TestResult:
    """Run one test of a journey, alone: other journeys that it enters are noted, not lived through."""
    person = changed(person, test.changes, catalogue)
    days = Days.of(test.clock.date(), person, plan)
    begin = days.at(0, test.clock.time())
    world = World({plan.journey: plan}, person, catalogue, at=begin, pins=test.paths)
    end = days.end_of(test.until) if test.until else begin + int(LONGEST.total_seconds())
    live_through(world, [_given(one, plan, days, begin) for one in test.when], end)
    outcomes = outcomes_of(world.happened, days)
    visits = [one.effect for one in world.happened if isinstance(one.effect, Visited)]
    return TestResult(test, compare(test.expect, outcomes), outcomes, forks_taken(visits), tuple(world.happened))


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


def _given(one: Input, plan: Plan, days: Days, begin: Instant) -> Given:
    name = one.name or plan.journey if one.what == "enter" else one.name
    return Given(days.instant(one.at) if one.at else begin, one.what, name, one.data)
