"""Where people and messages are: what operators look at. Counts and steps, and people only where they are asked for."""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.journey.plan import Milestone, Plan, Send
from lifeloop.store import enrollments, timeline, visits
from lifeloop.store.transaction import Tx
from lifeloop.store.values import JourneyCounts, Waiting


@dataclass(frozen=True, slots=True)
class Standing:
    """How many wait at a step, and when the first of them goes on."""

    node: str
    count: int
    next_due: Instant | None


def funnel(tx: Tx, plan: Plan) -> tuple[tuple[str, int], ...]:
    """Return how many runs came to each send and milestone of a plan, in reading order."""
    passed = visits.passed(tx, plan.journey)
    return tuple((node.id, passed.get(node.id, 0)) for node in plan.nodes if isinstance(node, Send | Milestone))


def waiting_where(tx: Tx, journey: str) -> tuple[Standing, ...]:
    """Return at which steps people wait, most first."""
    return tuple(Standing(*row) for row in enrollments.standing(tx, journey))


def counts(tx: Tx) -> tuple[JourneyCounts, ...]:
    """Return runs and messages of every journey, by status."""
    return timeline.counts(tx)


def who_waits(tx: Tx, journey: str | None, *, after: int = 0, limit: int = 100) -> tuple[Waiting, ...]:
    """Return who waits where until when, a page at a time."""
    return enrollments.waiting(tx, journey, after, limit)
