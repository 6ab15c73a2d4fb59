"""What somebody's runs meant to say and did not, or not yet, and why: at the gate, or already when they came by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine.values import Visited
from lifeloop.journey.plan import Plan, Send
from lifeloop.rehearse.reasons import dropped_words, node_of
from lifeloop.store import messages, visits
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Message, Run
from lifeloop.work.story import held_by, why_not
from lifeloop.work.workspace import Workspace

LEFT = ("sent", "assumed_sent", "attempting")


@dataclass(frozen=True, slots=True)
class Unsent:
    """``status``: the message's; ``skipped`` when there is none. ``until``: when it is tried, if it still is."""

    message: str
    status: str
    why: str
    until: Instant | None = None


def unsent(space: Workspace, tx: Tx, runs: Sequence[Run]) -> tuple[Unsent, ...]:
    """Return what these runs did not say, in the order in which they came to it."""
    plans = space.plans.by_digest(tx, {run.plan for run in runs})
    found = [one for run in runs for one in (*_kept(tx, run, plans), *_passed(tx, run, plans))]
    return tuple(one for _, one in sorted(found, key=lambda each: each[0]))


def _kept(tx: Tx, run: Run, plans: Mapping[str, Plan]) -> Iterator[tuple[Instant, Unsent]]:
    for one in messages.of_run(tx, run.id):
        if one.status not in LEFT:
            yield one.made_at, Unsent(one.name, one.status, _why(one, plans), one.next_at)


def _why(one: Message, plans: Mapping[str, Plan]) -> str:
    return held_by(one, plans) if one.status == "ready" else why_not(one)


def _passed(tx: Tx, run: Run, plans: Mapping[str, Plan]) -> Iterator[tuple[Instant, Unsent]]:
    for visited in visits.of_run(tx, run.id):
        if visited.what == "dropped" and run.plan in plans:
            yield visited.at, _skipped(visited, plans[run.plan])


def _skipped(visited: Visited, plan: Plan) -> Unsent:
    node = node_of(plan, visited.node)
    name = node.message if isinstance(node, Send) else visited.node or ""
    return Unsent(name, "skipped", dropped_words(node, str(visited.data.get("rule")), visited.detail))
