"""Many made-up customers through the same months: what they would get, when, and how often two journeys meet."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from lifeloop.clock import Instant
from lifeloop.engine.values import AskPerson, SendMessage, Visited
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Plan, WaitFor
from lifeloop.rehearse.behaviour import Doing, Temper
from lifeloop.rehearse.happened import Happened
from lifeloop.rehearse.people import made_up
from lifeloop.rehearse.world import World


@dataclass(frozen=True, slots=True)
class Life:
    """What one made-up person did and what happened to them, in order of time."""

    person: Person
    doings: tuple[Doing, ...]
    happened: tuple[Happened, ...]

    @property
    def sends(self) -> Iterator[tuple[Instant, str, SendMessage]]:
        """Everything that would be said to this person: when, by which journey, what."""
        for one in self.happened:
            if isinstance(one.effect, SendMessage) and one.journey is not None:
                yield one.at, one.journey, one.effect


@dataclass(frozen=True, slots=True)
class Population:
    """A number of made-up customers of one project, living from ``begin`` to ``end``."""

    plans: Mapping[str, Plan]
    samples: Sequence[Person]
    catalogue: Catalogue
    begin: Instant
    end: Instant
    seed: int = 1

    def lives(self, count: int) -> Iterator[Life]:
        """Yield one life after another; each depends on seed and number alone."""
        temper = Temper.of(self.seed, self.catalogue, self.plans)
        for number in range(1, count + 1):
            yield self.live(made_up(number, self.seed, self.samples, self.catalogue), temper)

    def live(self, person: Person, temper: Temper) -> Life:
        """Live through one person's time."""
        world = World(self.plans, person, self.catalogue, at=self.begin)
        waiting = [
            (doing.at, n, doing)
            for n, doing in enumerate(temper.unasked(person.name, person.things, self.begin, self.end))
        ]
        heapq.heapify(waiting)
        done: list[Doing] = []
        seen = 0
        world.settle()
        while True:
            for follow in _follow_ups(world, temper, seen):
                heapq.heappush(waiting, (follow.at, len(done) + len(waiting) + 100_000, follow))
            seen = len(world.happened)
            due = world.next_due()
            doing_at = waiting[0][0] if waiting else None
            moment = min((at for at in (due, doing_at) if at is not None), default=None)
            if moment is None or moment > self.end:
                return Life(person, tuple(done), tuple(world.happened))
            world.run_until(max(moment, world.now))
            if doing_at is not None and doing_at <= world.now:
                doing = replace(heapq.heappop(waiting)[2], at=world.now)
                done.append(doing)
                _do(world, doing)


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
