"""Letting journeys rest and go on: what has come due meanwhile is counted before anything moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine.timing import add_length
from lifeloop.engine.zones import zone_of
from lifeloop.journey.plan import Plan, Send
from lifeloop.store import backlogs, enrollments, journeys, messages
from lifeloop.store.backlogs import Pace
from lifeloop.store.values import Message, Run
from lifeloop.work.workspace import Workspace

WITHIN = 3600
"""Seconds: what would leave within the first hour is what a person should know before."""
LOOKED_AT = 20_000
"""Runs and messages that are looked at one by one; the answer then says *at least*."""


@dataclass(frozen=True, slots=True)
class Awakening:
    """What going on would do first: ``people`` are due, ``messages`` leave within the hour, ``late`` are skipped."""

    people: int
    messages: int
    late: int
    complete: bool = True


def pause(space: Workspace, names: Sequence[str], reason: str) -> tuple[str, ...]:
    """Let journeys rest: nobody moves, nothing leaves, timers stay. Returns those that did not rest yet."""
    with space.store.transaction() as tx:
        awake = {row.name for row in journeys.rows(tx) if row.paused_at is None}
        journeys.pause(tx, names, reason, space.clock.now())
    return tuple(name for name in names if name in awake)


def resume(space: Workspace, names: Sequence[str]) -> None:
    """Let journeys go on. Who is overdue goes on in turn, at the project's pace, so that nothing leaves all at once."""
    with space.store.transaction() as tx:
        backlogs.spread_runs(tx, names, space.clock.now(), Pace.of(space.catalogue.breakers.release))
        journeys.resume(tx, names)


def resting(space: Workspace) -> tuple[str, ...]:
    """Return the journeys that rest."""
    with space.store.reading() as tx:
        return tuple(row.name for row in journeys.rows(tx) if row.paused_at is not None)


def awakening(space: Workspace, names: Sequence[str]) -> Awakening:
    """Return what would happen first if these journeys went on now."""
    now = space.clock.now()
    with space.store.reading() as tx:
        runs = enrollments.due_before(tx, names, now + WITHIN, LOOKED_AT)
        waiting = messages.ready_before(tx, names, now + WITHIN, LOOKED_AT)
        plans = space.plans.by_digest(tx, {run.plan for run in runs} | {one.plan for one in waiting if one.plan})
    judged = [_late_run(run, plans[run.plan], now) for run in runs if run.plan in plans]
    judged += [late_message(one, plans[one.plan], now) for one in waiting if one.plan in plans]
    late = sum(one is True for one in judged)
    leaving = sum(one is False for one in judged)
    return Awakening(len(runs), leaving, late, max(len(runs), len(waiting)) < LOOKED_AT)


def _late_run(run: Run, plan: Plan, now: Instant) -> bool | None:
    """Tell whether the next message of a run would be skipped for lateness; None: it says nothing at once."""
    node = _next_send(plan, run.state.node)
    if node is None or run.state.deadline is None:
        return None
    return _too_late(node, plan, run.state.deadline, now)


def late_message(message: Message, plan: Plan, now: Instant) -> bool:
    """Tell whether a message would be skipped for lateness if it came to leave then."""
    node = next((one for one in plan.nodes if one.id == message.node and isinstance(one, Send)), None)
    return False if node is None else _too_late(node, plan, message.due_at, now)


def _too_late(node: Send, plan: Plan, meant: Instant, now: Instant) -> bool:
    late = node.policy.late
    zone = zone_of({}, plan)
    return late.then != "send" and now > add_length(meant, late.after, zone, country=plan.country)


def _next_send(plan: Plan, node: str | None) -> Send | None:
    """Return the send at which a run stands, or that directly follows its wait."""
    steps = {one.id: one for one in plan.nodes}
    present = steps.get(node or "")
    if isinstance(present, Send):
        return present
    after = getattr(present, "next", None) or getattr(present, "otherwise", None)
    following = steps.get(after or "")
    return following if isinstance(following, Send) else None
