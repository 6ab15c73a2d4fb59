"""What comes out of a pretend life: what happened, who was not let in, and that it would never end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lifeloop.clock import Instant
from lifeloop.engine.conditions import holds
from lifeloop.engine.scope import audience_scope
from lifeloop.engine.values import Candidate, Effect, Event, Facts, Record, Refusal
from lifeloop.journey.condition import AllOf, Condition
from lifeloop.journey.plan import Plan


class EndlessError(RuntimeError):
    """Journeys start each other again and again within one second."""

    def __init__(self, journeys: Sequence[str]) -> None:
        super().__init__(f"{' and '.join(journeys)} start each other again and again, without any time between")
        self.journeys = tuple(journeys)

    def __reduce__(self) -> tuple[type[EndlessError], tuple[tuple[str, ...]]]:
        return EndlessError, (self.journeys,)


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a rehearsal: when, in which journey (None: to the customer), and what.

    ``key``: of which run. ``customer`` and ``object``: the records as they were, for the words of a message.
    """

    at: Instant
    journey: str | None
    effect: Effect | Event
    key: str = ""
    customer: Record = field(default_factory=dict)
    object: Record | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Somebody came to a journey and was not let in. ``unmet``: the parts of the audience that do not hold."""

    at: Instant
    candidate: Candidate
    refusal: Refusal
    unmet: tuple[Condition, ...] = ()


def unmet_parts(plan: Plan, facts: Facts, candidate: Candidate, now: Instant) -> tuple[Condition, ...]:
    """Return the parts of an audience that do not hold."""
    scope = audience_scope(plan, facts, now, candidate.start)
    parts = plan.audience.parts if isinstance(plan.audience, AllOf) else (plan.audience,)
    return tuple(part for part in parts if not holds(part, scope))
