"""T1: due runs are claimed, their facts learned, each moved by the engine, and everything written in one commit.

A crash anywhere before the commit changes nothing. One run that cannot be moved fails alone.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lifeloop.clock import Instant
from lifeloop.engine.machine import advance
from lifeloop.engine.values import Facts, Move, SendMessage, Sent, SetData, State, Status, Wake
from lifeloop.journey.plan import Plan
from lifeloop.store import enrollments
from lifeloop.store.transaction import Tx
from lifeloop.store.values import EVERYBODY, Run, Saved, Shard, Subject
from lifeloop.work.effects import About, Rows, run_key
from lifeloop.work.gating import rank_of
from lifeloop.work.knowing import Wanted, learn
from lifeloop.work.workspace import Workspace
from lifeloop.work.writing import write

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Which:
    """Whom a batch takes: of which journeys, how many, which part of the customers, at which step, which one person."""

    journeys: Sequence[str] | None = None
    limit: int = 500
    shard: Shard = EVERYBODY
    node: str | None = None
    customer: str | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Moved:
    """What a batch did: how many were claimed, how many moved or entered, and how late the latest of them was."""

    claimed: int = 0
    moved: int = 0
    latest: int = 0


class DryRun(Exception):  # noqa: N818  # not an error: it takes a transaction back
    """Everything was decided and nothing shall be written."""


def move_due(space: Workspace, now: Instant, which: Which) -> Moved:
    """Move one batch of due runs."""
    done = Moved()
    try:
        with space.store.transaction() as tx:
            runs = enrollments.claim_due(
                tx, which.journeys, now, which.limit, which.shard, node=which.node, customer=which.customer
            )
            done = _move(space, tx, runs, now) if runs else done
            if which.dry_run:
                raise DryRun  # noqa: TRY301  # the way to leave a transaction unwritten
    except DryRun:
        log.debug("dry run: %d moved, nothing written", done.moved)
    return done


def _move(space: Workspace, tx: Tx, runs: Sequence[Run], now: Instant) -> Moved:
    plans = space.plans.by_digest(tx, {run.plan for run in runs})
    ordered = sorted(runs, key=lambda run: (run.customer_id, rank_of(space, run.journey), run.state.started_at, run.id))
    facts = learn(
        tx, [Wanted(_subject(run, plans[run.plan]), plans[run.plan]) for run in ordered], space.catalogue, now
    )
    batch = Batch(now)
    for run, known in zip(ordered, facts, strict=True):
        batch.move(run, plans[run.plan], known)
    batch.save(space, tx)
    latest = max((now - run.state.due_at for run in runs if run.state.due_at is not None), default=0)
    return Moved(len(runs), len(batch.saved), latest)


def _subject(run: Run, plan: Plan) -> Subject:
    return Subject(run.customer_id, run.id, plan.object, run.object_key)


class Batch:
    """Runs being moved together. What one decides is known to the next of the same customer."""

    def __init__(self, now: Instant) -> None:
        self._now = now
        self._rows = Rows()
        self._since: dict[int, list[Move]] = defaultdict(list)
        self._ended_early: list[int] = []
        self._failed: list[tuple[int, str]] = []
        self.saved: list[Saved] = []

    def move(self, run: Run, plan: Plan, facts: Facts) -> None:
        """Ask the engine about one run, and collect what it wants done."""
        known = learned_since(facts, self._since[run.customer_id], self._now)
        try:
            move = advance(plan, run.state, wake_of(run.state, self._now), facts=known, now=self._now)
        except Exception as problem:
            # A plan or a record that the engine cannot digest: this person is held for an operator, the rest go on.
            log.exception("run %d of %s could not be moved", run.id, run.journey)
            self._failed.append((run.id, f"{type(problem).__name__}: {problem}"))
            return
        self._since[run.customer_id].append(move)
        self.saved.append(Saved(run.id, run.fence, move.state))
        self._rows.collect(about_run(run), move.effects, self._now)
        if ended_early(run.state, move.state, plan):
            self._ended_early.append(run.id)

    def save(self, space: Workspace, tx: Tx) -> None:
        """Write states, history, messages and whatever else follows, in a handful of statements."""
        lost = enrollments.save_moves(tx, self.saved)
        if lost:
            raise LostClaimError(f"{len(lost)} runs were moved by somebody else")
        for run_id, reason in self._failed:
            enrollments.fail(tx, [run_id], reason, self._now)
        write(space, tx, self._rows, self._now, ended_early=self._ended_early)


class LostClaimError(RuntimeError):
    """Somebody else moved a run that we had claimed; our transaction is taken back."""


def about_run(run: Run) -> About:
    """Return whose effects a run's are."""
    return About(
        run_id=run.id,
        customer_id=run.customer_id,
        run_key=run_key(run.journey, run.key, run.entry_key),
        journey=run.journey,
        fence=run.fence,
        object_key=run.object_key,
    )


def wake_of(state: State, now: Instant) -> Wake:
    """Return why a claimed run is looked at: its own time has come, or something happened."""
    return Wake.TIMER if state.deadline is not None and state.deadline <= now else Wake.EVENT


def ended_early(before: State, after: State, plan: Plan) -> bool:
    """Tell whether a stop rule ended a run in this move: what it decided but did not hand over is not said any more."""
    if before.closing:
        return False
    by_rule = after.status is Status.STOPPED and any(rule.reason == after.reason for rule in plan.stops)
    return after.closing or by_rule


def learned_since(facts: Facts, moves: Sequence[Move], now: Instant) -> Facts:
    """Return facts with what earlier moves of this batch said to and changed about the same customer."""
    if not moves:
        return facts
    effects = [effect for move in moves for effect in move.effects]
    sent = [
        Sent(one.message, one.channel, one.policy.topic, now, one.policy.counts)
        for one in effects
        if isinstance(one, SendMessage)
    ]
    changed = {
        one.name.path[0]: one.value for one in effects if isinstance(one, SetData) and one.name.root == "customer"
    }
    return replace(facts, sent=(*facts.sent, *sent), customer={**facts.customer, **changed})
