"""Every way through a journey: each is rehearsed with answers, data and chance that should lead down it.

A way is a list of arms. What each arm asks for (an answer, a value, a click) is worked out from the journey and given
to a made-up life; whether the engine then really went that way is looked at, not assumed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from lifeloop.clock import Instant
from lifeloop.engine.values import AskPerson, SendMessage, Visited
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Ask, Branch, Json, Node, Plan, Split, WaitFor
from lifeloop.rehearse.forks import ELSE, Taken, arm_of
from lifeloop.rehearse.happened import Happened
from lifeloop.rehearse.living import Given, happen
from lifeloop.rehearse.testing import changed
from lifeloop.rehearse.wanted import Wanted, wanted_for
from lifeloop.rehearse.world import World

MOST_WAYS = 400
AN_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Way:
    """One way through: the arms that were wanted, those that were gone, and what happened."""

    wanted: tuple[Taken, ...]
    gone: tuple[Taken, ...]
    happened: tuple[Happened, ...]

    @property
    def reached(self) -> bool:
        """Whether the rehearsal went the way that was wanted."""
        return self.gone == self.wanted


@dataclass(frozen=True, slots=True)
class Explorer:
    """Goes every way through one journey with one person, from one beginning."""

    plan: Plan
    person: Person
    catalogue: Catalogue
    begin: Instant
    end: Instant
    given: tuple[Given, ...] = ()

    def ways(self, most: int = MOST_WAYS) -> tuple[list[Way], bool]:
        """Return the ways, and whether there are more than were gone."""
        found: dict[tuple[Taken, ...], Way] = {}
        listed = list(islice(_routes({node.id: node for node in self.plan.nodes}, self.plan.first), most + 1))
        for route in listed[:most]:
            way = self._go(route)
            known = found.get(way.gone)
            if known is None or (way.reached and not known.reached):
                found[way.gone] = way
        return list(found.values()), len(listed) > most

    def _go(self, route: tuple[Taken, ...]) -> Way:
        wanted = wanted_for(self.plan, route, self.catalogue, self.person)
        person = changed(self.person, wanted.data, self.catalogue)
        pins = {node.experiment: arm for node, arm in self._forks(route) if isinstance(node, Split)}
        world = World({self.plan.journey: self.plan}, person, self.catalogue, at=self.begin, pins=pins)
        _Life(world, self.plan, dict(route), wanted, self.end).live(self.given)
        visits = (one.effect for one in world.happened if isinstance(one.effect, Visited))
        gone = ((visit.node or "", arm) for visit in visits if (arm := arm_of(visit)) is not None)
        return Way(route, tuple(gone), tuple(world.happened))

    def _forks(self, route: Sequence[Taken]) -> Iterator[tuple[Node, str]]:
        nodes = {node.id: node for node in self.plan.nodes}
        for name, arm in route:
            yield nodes[name], arm


def covering(ways: Sequence[Way]) -> list[Way]:
    """Return few ways that together go every arm that some way goes, in their order."""
    left = {taken for way in ways for taken in way.gone}
    chosen: list[Way] = []
    while left:
        best = max(ways, key=lambda way: len(left & set(way.gone)))
        chosen.append(best)
        left -= set(best.gone)
    return [way for way in ways if way in chosen]


@dataclass(slots=True)
class _Life:
    """Does, step by step, what leads down one way."""

    world: World
    plan: Plan
    route: Mapping[str, str]
    wanted: Wanted
    end: Instant
    waiting: list[Given] = field(default_factory=list)
    seen: int = 0

    def live(self, given: Sequence[Given]) -> None:
        self.waiting += [self._start(one) for one in given]
        self.world.settle()
        while True:
            self._react()
            moment = min((at for at in (self.world.next_due(), self._next()) if at is not None), default=None)
            ended = self.world.runs and not any(run.active for run in self.world.runs)
            if moment is None or moment > self.end or ended:
                return
            self.world.run_until(max(moment, self.world.now))
            for one in [one for one in self.waiting if one.at <= self.world.now]:
                self.waiting.remove(one)
                happen(self.world, replace(one, at=self.world.now))

    def _next(self) -> Instant | None:
        return min((one.at for one in self.waiting), default=None)

    def _start(self, one: Given) -> Given:
        """Let the event that starts the journey carry what the way asks of it."""
        return replace(one, data={**one.data, **self.wanted.start}) if one.what in ("event", "enter") else one

    def _react(self) -> None:
        nodes = {node.id: node for node in self.plan.nodes}
        for one in self.world.happened[self.seen :]:
            effect = one.effect
            if isinstance(effect, Visited) and effect.what == "waits":
                self._answer(nodes.get(effect.node or ""), one.at, effect.data.get("until"))
            elif isinstance(effect, AskPerson) and effect.node in self.route:
                self._decide(effect, one.at)
            elif isinstance(effect, SendMessage) and effect.message in self.wanted.reactions:
                self.waiting.append(Given(one.at + 60, self.wanted.reactions[effect.message], effect.message))
        self.seen = len(self.world.happened)

    def _answer(self, node: Node | None, now: Instant, until: Json) -> None:
        if isinstance(node, WaitFor) and self.route.get(node.id) == "then" and isinstance(until, int):
            at = now + min(AN_HOUR, max((until - now) // 2, 1))
            self.waiting.append(Given(at, "event", node.event, self._data(node)))

    def _data(self, node: WaitFor) -> Mapping[str, Json]:
        start = next((run.state.start for run in self.world.runs if run.active), {})
        return self.wanted.answer(node, start)

    def _decide(self, asked: AskPerson, now: Instant) -> None:
        if self.route[asked.node] == "then":
            at = now + min(AN_HOUR, max((asked.expires_at - now) // 2, 1))
            self.waiting.append(Given(at, "answer", "approved"))


def _routes(nodes: Mapping[str, Node], first: str | None) -> Iterator[tuple[Taken, ...]]:
    """Yield every list of arms from the first step to an end, in reading order."""
    node = nodes.get(first or "")
    if node is None:
        yield ()
        return
    for arm, target in _targets(node):
        for rest in _routes(nodes, target):
            yield ((node.id, arm), *rest) if arm else rest


def _targets(node: Node) -> list[tuple[str, str | None]]:
    """Return the arms of a step with where they lead; of a step that is no fork, where it leads."""
    match node:
        case WaitFor(then=then, otherwise=otherwise) | Ask(then=then, otherwise=otherwise):
            return [("then", then), (ELSE, otherwise)]
        case Split(paths=paths):
            return [(path.name, path.target) for path in paths]
        case Branch(cases=cases, otherwise=otherwise):
            return [*((str(number), case.target) for number, case in enumerate(cases)), (ELSE, otherwise)]
        case _:
            return [("", getattr(node, "next", None))]
