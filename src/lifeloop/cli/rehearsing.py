"""From what was typed to a rehearsal: who, from when, how long, what happens to them, and the story of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from typing import TypeVar
from zoneinfo import ZoneInfo

from lifeloop.cli.errors import Findings, WrongUsage
from lifeloop.cli.opened import TEMPLATES, Opened
from lifeloop.clock import Instant, SystemClock
from lifeloop.engine.timing import add_length
from lifeloop.engine.zones import instant_of, local, zone_named, zone_of
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.lengths import parse_length
from lifeloop.journey.near_date import near_date
from lifeloop.journey.nearest import nearest
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Plan, Split
from lifeloop.journey.spec import JourneySpec
from lifeloop.message.render import Renderer
from lifeloop.rehearse.beginning import Beginning, Starter
from lifeloop.rehearse.days import Days
from lifeloop.rehearse.happened import EndlessError
from lifeloop.rehearse.living import Given
from lifeloop.rehearse.population import Population
from lifeloop.rehearse.reasons import refused_words
from lifeloop.rehearse.simulating import USUAL_SEED, Rehearsed, Simulation, simulate
from lifeloop.rehearse.story import Line, Story
from lifeloop.rehearse.testing import changed
from lifeloop.rehearse.typed import Typed, UnreadableError, begins_with_a_moment
from lifeloop.rehearse.wording import Wording

T = TypeVar("T")
_ANY_DAY = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody typed."""

    journey: str | None = None
    begin: str | None = None
    length: str = "12 months"
    events: tuple[str, ...] = ()
    sets: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    seed: int = USUAL_SEED
    together: bool = False
    """All journeys of the project, not only the named one."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A rehearsal with everything that is shown of it."""

    asked: Simulation
    plan: Plan
    days: Days
    result: Rehearsed
    anchor: tuple[str, str] | None = None
    notes: tuple[str, ...] = field(default_factory=tuple)


class Bench:
    """A project in which people can be rehearsed."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        self._renderer: Renderer | None = None

    def person(self, name: str | None, journey: str | None) -> Person:
        """Return a sample person; without a name the one whom the journey's first test is about, or the first."""
        people = self._opened.project.people
        if name is not None:
            return self._opened.person(name)
        tests = self._opened.journey(journey).tests if journey else ()
        first = tests[0].person if tests else next(iter(people), None)
        if first is None:
            raise WrongUsage(
                "there is no sample person in this project", hint=f"write one: {self._opened.catalogue.people}ana.yaml"
            )
        return self._opened.person(first)

    @property
    def people(self) -> Sequence[Person]:
        """The sample people of the project."""
        return list(self._opened.project.people.values())

    @property
    def catalogue(self) -> Catalogue:
        """What the project declares."""
        return self._opened.catalogue

    def spec(self, name: str) -> JourneySpec:
        """Return a journey as it is written."""
        return self._opened.spec(name)

    def population(self, wish: Wish) -> tuple[Population, ZoneInfo]:
        """Return a made-up crowd that resembles the sample people, and the zone whose clock counts."""
        self.person(None, None)
        zone = zone_named(self.catalogue.timezone) or ZoneInfo("UTC")
        day = _day(wish.begin) if wish.begin else local(SystemClock().now(), zone).date()
        begin = instant_of(day, time(), zone)
        end = self._end(wish, begin, Days(day, zone))
        plans = self.plans(wish)
        return Population(plans, self.people, self.catalogue, begin, end, wish.seed), zone

    def plan(self, name: str) -> Plan:
        """Return a journey that can be rehearsed."""
        journey = self._opened.journey(name)
        if journey.plan is None:
            raise Findings(f"{journey.file} has mistakes", hint=f"see them:  lifeloop validate {journey.file}")
        return journey.plan

    def plans(self, wish: Wish) -> Mapping[str, Plan]:
        """Return the journeys that are lived through."""
        if wish.together or wish.journey is None:
            return self._opened.project.plans
        plan = self.plan(wish.journey)
        return {plan.journey: plan}

    def rehearse(self, wish: Wish, person: Person) -> Rehearsal:
        """Live through what was asked for."""
        plans = self.plans(wish)
        if not plans:
            raise Findings("no journey of this project can be rehearsed", hint="see why:  lifeloop validate")
        plan = self.plan(wish.journey) if wish.journey else next(iter(plans.values()))
        person = self._changed(person, plan, wish)
        day, given = self._given(wish, person, plan)
        beginning = self._beginning(wish, person, plan, day, given)
        days = Days.of(local(beginning.at, zone_of(person.customer, plan)).date(), person, plan)
        if day is None:
            _, given = self._given(wish, person, plan, days)
        asked = Simulation(
            plans=plans,
            person=person,
            catalogue=self._opened.catalogue,
            begin=beginning.at,
            end=self._end(wish, beginning.at, days),
            given=(*beginning.given, *given),
            pins=_pins(wish.paths, plans),
            seed=wish.seed,
        )
        try:
            result = simulate(asked)
        except EndlessError as problem:
            raise Findings(str(problem), hint="let one of them say  again: after 1 day") from problem
        notes = (*beginning.notes, *_refusals(result, plan, person))
        tests = self._opened.journey(plan.journey).tests
        anchor = Starter(plan, person, self._opened.catalogue, tests).anchor() if wish.journey else None
        return Rehearsal(asked, plan, days, result, anchor, notes)

    def story(self, rehearsal: Rehearsal) -> list[Line]:
        """Tell what happened, with the words that the person would read."""
        if self._renderer is None:
            self._renderer = Renderer(self._opened.root / TEMPLATES, self._opened.catalogue, inline=False)
        kinds = {name: plan.object for name, plan in rehearsal.asked.plans.items()}
        story = Story(self._opened.project.journeys, Wording(self._renderer, kinds))
        return list(story.lines(rehearsal.result.happened))

    def _changed(self, person: Person, plan: Plan, wish: Wish) -> Person:
        typed = Typed(Days.of(_ANY_DAY, person, plan), self._opened.catalogue)
        for text in wish.sets:
            if not begins_with_a_moment(text):
                person = changed(person, _read(typed.values, text), self._opened.catalogue)
        return person

    def _given(
        self, wish: Wish, person: Person, plan: Plan, days: Days | None = None
    ) -> tuple[date | None, tuple[Given, ...]]:
        """Return the day it begins, if that was said, and what happens, counted from there."""
        day = _day(wish.begin) if wish.begin else None
        typed = Typed(days or Days.of(day or _ANY_DAY, person, plan), self._opened.catalogue)
        events = [_read(typed.event, text) for text in wish.events]
        sets = [_read(typed.change, text) for text in wish.sets if begins_with_a_moment(text)]
        return day, (*events, *sets)

    def _beginning(self, wish: Wish, person: Person, plan: Plan, day: date | None, given: Sequence[Given]) -> Beginning:
        starter = Starter(plan, person, self._opened.catalogue, self._opened.journey(plan.journey).tests)
        today = local(SystemClock().now(), zone_of(person.customer, plan)).date()
        if wish.journey is None:
            # Nobody in particular: everything that their dates bring, from that day on.
            return Beginning(Days.of(day or today, person, plan).at(0, time()))
        return starter.begin_on(day, given) if day else starter.begin(today, given)

    def _end(self, wish: Wish, begin: Instant, days: Days) -> Instant:
        return end_of(wish, begin, days.zone)


def end_of(wish: Wish, begin: Instant, zone: ZoneInfo) -> Instant:
    """Return when the time is over that somebody asked for."""
    length = parse_length(wish.length)
    if length is None:
        raise WrongUsage(f'"{wish.length}" is not a length of time', hint='for example  --for "12 months"')
    return add_length(begin, length, zone)


def _read(reading: Callable[[str], T], text: str) -> T:
    try:
        return reading(text)
    except UnreadableError as problem:
        raise WrongUsage(str(problem), hint=problem.hint) from problem


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as problem:
        meant = near_date(text)
        raise WrongUsage(
            f'"{text}" is not a day', hint=meant.label if meant else "write it like 2026-04-15"
        ) from problem


def _pins(paths: Sequence[str], plans: Mapping[str, Plan]) -> dict[str, str]:
    splits = {node.experiment: node for plan in plans.values() for node in plan.nodes if isinstance(node, Split)}
    pins: dict[str, str] = {}
    for text in paths:
        experiment, equals, path = text.partition("=")
        split = splits.get(experiment)
        if not equals or split is None:
            near = nearest(experiment, splits)
            hint = f'did you mean "{near}"?' if near else "write it like  --path welcome-tone=checklist"
            raise WrongUsage(f'there is no split "{experiment}" here', hint=hint)
        names = [one.name for one in split.paths]
        if path not in names:
            raise WrongUsage(f'"{experiment}" has no path "{path}"', hint=f"there is: {', '.join(names)}")
        pins[experiment] = path
    return pins


def _refusals(result: Rehearsed, plan: Plan, person: Person) -> list[str]:
    """Say why somebody never came into the journey that was asked for."""
    if plan.journey in result.entered:
        return []
    refused = [one for one in result.refused if one.candidate.journey == plan.journey]
    who = str(person.customer.get("first_name") or person.name)
    if not refused:
        return [f'{who} never comes to the start of "{plan.journey}" in this time']
    return [f'{who} does not enter "{plan.journey}": {refused_words(plan, refused[0])}']
