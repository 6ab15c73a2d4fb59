"""Many customers through the same months, made up or real: what they would get and when, if they behave as assumed."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lifeloop.clock import Instant
from lifeloop.engine.routing import make_routes
from lifeloop.engine.values import AskPerson, SendMessage, Visited
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Ask, Plan, WaitFor
from lifeloop.rehearse.behaviour import Doing, Temper
from lifeloop.rehearse.happened import Happened
from lifeloop.rehearse.people import made_up
from lifeloop.rehearse.present import Ground, Present
from lifeloop.rehearse.world import World


@dataclass(frozen=True, slots=True)
class Life:
    """What one person did and what happened to them, in order of time.

    ``before``, ``after``: the journeys that they were in at the beginning and at the end.
    """

    person: Person
    doings: tuple[Doing, ...]
    happened: tuple[Happened, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def sends(self) -> Iterator[tuple[Instant, str, SendMessage]]:
        """Everything that would be said to this person: when, by which journey, what."""
        for one in self.happened:
            if isinstance(one.effect, SendMessage) and one.journey is not None:
                yield one.at, one.journey, one.effect


@dataclass(frozen=True, slots=True)
class Population:
    """Customers of one project, living from ``begin`` to ``end``.

    ``drawn_from``: from when on it is drawn what they do, if that is earlier; what lies before ``begin`` is left out.
    """

    plans: Mapping[str, Plan]
    samples: Sequence[Person]
    catalogue: Catalogue
    begin: Instant
    end: Instant
    seed: int = 1
    drawn_from: Instant | None = None

    def lives(self, count: int) -> Iterator[Life]:
        """Yield one life after another; each depends on seed and number alone."""
        temper = Temper.of(self.seed, self.catalogue, self.plans)
        ground = Ground(make_routes(self.plans.values()))
        for number in range(1, count + 1):
            yield self.live(made_up(number, self.seed, self.samples, self.catalogue), temper, ground)

    def live(self, who: Person | Present, temper: Temper, ground: Ground | None = None) -> Life:
        """Live through one person's time. ``ground``: where many do, made once."""
        world = World(self.plans, who, self.catalogue, at=self.begin, ground=ground)
        before = _inside(world)
        person = who.person if isinstance(who, Present) else who
        drawn_from = self.begin if self.drawn_from is None else self.drawn_from
        own = temper.unasked(person.name, person.things, drawn_from, self.end)
        agenda = _Agenda([*(doing for doing in own if doing.at >= self.begin), *_awaited(world, temper, drawn_from)])
        done: list[Doing] = []
        seen = 0
        world.settle()
        while True:
            agenda.add(_follow_ups(world, temper, seen))
            seen = len(world.happened)
            moment = min((at for at in (world.next_due(), agenda.next_at) if at is not None), default=None)
            if moment is None or moment > self.end:
                return Life(person, tuple(done), tuple(world.happened), before, _inside(world))
            doing_at = agenda.next_at
            world.run_until(max(moment, world.now))
            if doing_at is not None and doing_at <= world.now:
                doing = replace(agenda.take(), at=world.now)
                done.append(doing)
                _do(world, doing)


class _Agenda:
    """What somebody is going to do, the earliest first; of the same moment, what was thought of first."""

    def __init__(self, doings: Iterable[Doing]) -> None:
        self._waiting: list[tuple[Instant, int, Doing]] = []
        self._count = 0
        self.add(doings)

    @property
    def next_at(self) -> Instant | None:
        return self._waiting[0][0] if self._waiting else None

    def add(self, doings: Iterable[Doing]) -> None:
        for doing in doings:
            self._count += 1
            heapq.heappush(self._waiting, (doing.at, self._count, doing))

    def take(self) -> Doing:
        return heapq.heappop(self._waiting)[2]


def _inside(world: World) -> tuple[str, ...]:
    return tuple(run.plan.journey for run in world.runs if run.active)


def _awaited(world: World, temper: Temper, asked_at: Instant) -> Iterator[Doing]:
    """Yield what somebody who stands at a wait does, as if they had been asked just now."""
    for run in world.runs:
        node = next((node for node in run.plan.nodes if node.id == run.state.node), None)
        if not run.active or run.state.deadline is None:
            continue
        answer = None
        if isinstance(node, WaitFor):
            answer = temper.answer(world.name, node, run.state, run.state.deadline, asked_at)
        elif isinstance(node, Ask):
            answer = temper.decision(node.who, asked_at, run.state.deadline)
        if answer is not None:
            yield replace(answer, at=max(answer.at, world.now))


def _follow_ups(world: World, temper: Temper, seen: int) -> Iterator[Doing]:
    """Yield what people do because of what has just happened: answer, decide, open, click."""
    for one in world.happened[seen:]:
        effect = one.effect
        match effect:
            case SendMessage():
                yield from temper.reactions(world.name, effect.message, one.at)
            case AskPerson():
                decision = temper.decision(effect.who, one.at, effect.expires_at)
                if decision:
                    yield decision
            case Visited(what="started") if one.journey is not None:
                success = temper.success(world.name, temper.plans[one.journey], one.at)
                if success:
                    yield success
            case Visited(what="waits"):
                answer = _answer(world, temper, one, effect)
                if answer:
                    yield answer
            case _:
                pass


def _answer(world: World, temper: Temper, one: Happened, visited: Visited) -> Doing | None:
    run = next((run for run in world.runs if run.plan.journey == one.journey and run.state.node == visited.node), None)
    node = next((node for node in run.plan.nodes if node.id == visited.node), None) if run else None
    until = visited.data.get("until")
    if run is None or not isinstance(node, WaitFor) or not isinstance(until, int):
        return None
    return temper.answer(world.name, node, run.state, until, one.at)


def _do(world: World, doing: Doing) -> None:
    match doing.what:
        case "event":
            world.event(doing.name, doing.data)
        case "answer":
            world.answer({"approved": doing.name == "approved"})
        case "open":
            world.reacts(doing.name, "open")
        case _:
            world.reacts(doing.name, "click")
