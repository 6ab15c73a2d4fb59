"""One person's rehearsal of one journey, or of all journeys together: months in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from lifeloop.clock import Instant
from lifeloop.engine.values import SendMessage
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Plan
from lifeloop.rehearse.happened import Happened, Refused
from lifeloop.rehearse.living import Given, live_through
from lifeloop.rehearse.world import World

USUAL_SEED = 1


@dataclass(frozen=True, slots=True)
class Simulation:
    """What is to be rehearsed. ``pins``: experiment to path; ``seed``: chance falls another way with another one."""

    plans: Mapping[str, Plan]
    person: Person
    catalogue: Catalogue
    begin: Instant
    end: Instant
    given: tuple[Given, ...] = ()
    pins: Mapping[str, str] = field(default_factory=dict)
    seed: int = USUAL_SEED


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it. ``waiting``: the journeys that were still on the way when the time was over."""

    happened: tuple[Happened, ...]
    refused: tuple[Refused, ...]
    waiting: tuple[str, ...]
    until: Instant

    @property
    def messages(self) -> int:
        """How many messages were said."""
        return sum(isinstance(one.effect, SendMessage) for one in self.happened)

    @property
    def entered(self) -> frozenset[str]:
        """The journeys that the person came into."""
        return frozenset(one.journey for one in self.happened if one.journey is not None)


def simulate(asked: Simulation) -> Rehearsed:
    """Live through it."""
    person = asked.person
    if asked.seed != USUAL_SEED:
        # Chance falls by who somebody is: another seed is another person with the same data.
        person = replace(person, name=f"{person.name}#{asked.seed}")
    world = World(asked.plans, person, asked.catalogue, at=asked.begin, pins=asked.pins)
    live_through(world, asked.given, asked.end)
    happened = tuple(world.happened)
    waiting = tuple(run.plan.journey for run in world.runs if run.active)
    until = happened[-1].at if happened and not waiting else asked.end
    return Rehearsed(happened, tuple(world.refused), waiting, until)
