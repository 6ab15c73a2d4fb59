"""Where people and messages are: what operators look at. Counts and steps, and people only where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.journey.plan import Ask, Call, Milestone, Node, Plan, Send, Wait, WaitFor
from lifeloop.journey.prose_time import until_words
from lifeloop.rehearse.reasons import node_of
from lifeloop.store import customers, enrollments, journeys, timeline, visits
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer, JourneyCounts, Run
from lifeloop.work.finding import check_name
from lifeloop.work.labels import node_labels
from lifeloop.work.workspace import Workspace


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


@dataclass(frozen=True, slots=True)
class Standings:
    """Everything about one journey that an operator looks at first."""

    name: str
    live: bool
    paused: str | None
    """Why it rests; None: it does not."""
    counts: JourneyCounts
    endings: tuple[tuple[str, str, int], ...]
    """Status, reason, and how many ended so, most first."""
    held: Mapping[str, int]
    """How many messages wait for a release, by reason."""

    def ended(self, status: str) -> dict[str, int]:
        """Return how many ended in a status, by reason."""
        return {reason: many for word, reason, many in self.endings if word == status}


def standings(tx: Tx) -> tuple[Standings, ...]:
    """Return where every journey stands."""
    rows = {row.name: row for row in journeys.rows(tx)}
    ended, held = enrollments.endings(tx), timeline.held(tx)
    return tuple(
        Standings(
            name=one.journey,
            live=rows[one.journey].digest is not None,
            paused=None if rows[one.journey].paused_at is None else (rows[one.journey].reason or ""),
            counts=one,
            endings=tuple((status, reason, many) for name, status, reason, many in ended if name == one.journey),
            held={reason: many for name, reason, many in held if name == one.journey},
        )
        for one in timeline.counts(tx)
    )


@dataclass(frozen=True, slots=True)
class Waiter:
    """Somebody who waits: where, in words, since when, and until when at the latest."""

    run: Run
    customer: Customer
    step: str
    waits: str


def who_goes_next(space: Workspace, tx: Tx, journey: str, *, step: str | None, limit: int) -> tuple[Waiter, ...]:
    """Return who waits in a journey, the first due first; ``step``: only there, by its name or label.

    Raises:
        NotFoundError: nobody waits at a step of that name, and the journey has none.
    """
    nodes = None if step is None else _nodes(space, tx, journey, step)
    runs = enrollments.next_waiting(tx, journey, nodes, limit)
    people = customers.find(tx, [run.customer_id for run in runs])
    plans = space.plans.by_digest(tx, {run.plan for run in runs})
    return tuple(_waiter(run, people[run.customer_id], plans[run.plan]) for run in runs if run.plan in plans)


def _waiter(run: Run, customer: Customer, plan: Plan) -> Waiter:
    node = node_of(plan, run.state.node)
    return Waiter(run, customer, node_labels(plan).get(run.state.node or "", run.state.node or ""), waiting_words(node))


def waiting_words(node: Node | None) -> str:
    """Return what a run waits for at a step."""
    match node:
        case Wait(until=until):
            return f"waits {until_words(until)}"
        case WaitFor(event=event, max=most):
            return f"waits for {event}, at most {until_words(most)}"
        case Send(message=message):
            return f"is about to get {message}"
        case Ask(who=who):
            return f"waits for the answer of {who}"
        case Call(connection=connection, action=action):
            return f"waits for the answer to {connection}.{action}"
        case _:
            return "is about to go on"


def _nodes(space: Workspace, tx: Tx, journey: str, step: str) -> list[str]:
    digests = {row.digest for row in journeys.live_plans(tx).values() if row.journey == journey} | {
        plan.digest for plan in space.plans.by_digest(tx, journeys.in_use(tx)).values() if plan.journey == journey
    }
    labels = {
        name: label for plan in space.plans.by_digest(tx, digests).values() for name, label in node_labels(plan).items()
    }
    found = [name for name, label in labels.items() if step in (name, label)]
    return found or [check_name("step", step, list(labels))]
