"""T1: due runs are claimed, their facts learned, each moved by the engine, and everything written in one commit.

A crash anywhere before the commit changes nothing. One run that cannot be moved fails alone.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from lifeloop.clock import Instant
from lifeloop.engine.breaker import Trip
from lifeloop.engine.machine import advance
from lifeloop.engine.values import Facts, Move, SendMessage, Sent, SetData, State, Status, Visited, Wake
from lifeloop.journey.plan import Plan, Stop
from lifeloop.store import enrollments, journeys, suspects
from lifeloop.store.claims import ANY, Picked
from lifeloop.store.customers import inside
from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.store.transaction import Tx
from lifeloop.store.values import EVERYBODY, Run, Saved, Shard, Subject
from lifeloop.work.competing import among_others, rank_of
from lifeloop.work.effects import About, Rows, run_key
from lifeloop.work.ending import LostClaimError
from lifeloop.work.gating import by_priority
from lifeloop.work.halting import lateness
from lifeloop.work.halting.breaking import halt_for
from lifeloop.work.halting.counting import count, moves_of
from lifeloop.work.knowing import Wanted, learn
from lifeloop.work.trouble import kind_and_place
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
    ticket: str = ""
    """Under which the batch was noted before it began (``suspecting``); empty: it was not."""
    picked: Picked = ANY


@dataclass(frozen=True, slots=True)
class Moved:
    """What a batch did: how many were claimed, how many moved or entered, and how late the latest of them was."""

    claimed: int = 0
    moved: int = 0
    latest: int = 0
    failed: frozenset[str] = frozenset()
    """The journeys in which somebody could not be moved."""
    trips: tuple[Trip, ...] = ()
    """What is halted because too much of it had become too late."""


class DryRun(Exception):  # noqa: N818  # not an error: it takes a transaction back
    """Everything was decided and nothing shall be written."""


def move_due(space: Workspace, now: Instant, which: Which) -> Moved:
    """Move one batch of due runs. A run that spoils its batch is found by halving, and set aside alone."""
    try:
        return _move_batch(space, now, which)
    except (StoreBusy, StoreUnreachable):
        raise
    except LostClaimError as problem:
        log.warning("%s: nothing of this batch was written, the next look finds them as they are", problem)
        return Moved()
    except Exception as problem:  # noqa: BLE001  # whatever it is, it must not hold up everybody
        said = kind_and_place(problem)
        if which.limit > 1:
            log.warning("%d runs could not be moved together (%s): trying fewer", which.limit, said)
            return move_due(space, now, replace(which, limit=which.limit // 2))
        return _set_aside(space, now, which, said)


def _move_batch(space: Workspace, now: Instant, which: Which) -> Moved:
    done = Moved()
    try:
        with space.store.transaction() as tx:
            runs = _claim(space, tx, now, which)
            done = _move(space, tx, runs, now) if runs else done
            if which.dry_run:
                raise DryRun  # noqa: TRY301  # the way to leave a transaction unwritten
    except DryRun:
        log.debug("dry run: %d moved, nothing written", done.moved)
        return done
    return replace(done, trips=halt_for(space, done.trips, now))


def _claim(space: Workspace, tx: Tx, now: Instant, which: Which) -> tuple[Run, ...]:
    if which.ticket:
        suspects.end(tx, which.ticket)
    journeys.hold(tx)
    ordered, picked = by_priority(space, tx, which.journeys), which.picked
    return enrollments.claim_due(
        tx, ordered, now, which.limit, which.shard, node=which.node, customer=which.customer, picked=picked
    )


def _set_aside(space: Workspace, now: Instant, which: Which, said: str) -> Moved:
    with space.store.transaction() as tx:
        runs = _claim(space, tx, now, replace(which, limit=1))
        if runs and not which.dry_run:
            log.error("run %d of %s could not be moved: %s", runs[0].id, runs[0].journey, said)
            enrollments.fail(tx, [run.id for run in runs], said, now)
            count(space, tx, moves_of(runs, ()), now)
    return Moved(len(runs), 0, failed=frozenset(run.journey for run in runs))


def _move(space: Workspace, tx: Tx, runs: Sequence[Run], now: Instant) -> Moved:
    plans = space.plans.by_digest(tx, {run.plan for run in runs})
    ordered = sorted(runs, key=lambda run: (run.customer_id, rank_of(space, run.journey), run.state.started_at, run.id))
    known = [run for run in ordered if run.plan in plans]
    wanted = [Wanted(_subject(run, plans[run.plan]), plans[run.plan]) for run in known]
    learned = among_others(space, tx, wanted, learn(tx, wanted, space.catalogue, now, starts=False))
    batch = _decided(known, plans, learned, now)
    verdict = lateness.judge(space, tx, lateness.figures_of(batch.moves), now)
    if verdict.spared:
        spared = [run.journey in verdict.spared for run in known]
        learned = tuple(one._replace(halted=each) for one, each in zip(learned, spared, strict=True))
        batch = _decided(known, plans, learned, now)
    batch.fail([run.id for run in ordered if run.plan not in plans], "its plan cannot be read by this version")
    batch.save(space, tx)
    moved = {each.id for each in batch.saved}
    count(space, tx, lateness.figures_of(batch.moves) + moves_of(runs, moved), now)
    latest = max((now - run.state.due_at for run in runs if run.state.due_at is not None), default=0)
    failed = frozenset(run.journey for run in runs if run.id not in moved)
    return Moved(len(runs), len(moved), latest, failed, verdict.trips)


def _decided(runs: Sequence[Run], plans: Mapping[str, Plan], facts: Sequence[Facts], now: Instant) -> Batch:
    batch = Batch(now)
    for run, known in zip(runs, facts, strict=True):
        batch.move(run, plans[run.plan], known)
    return batch


def _subject(run: Run, plan: Plan) -> Subject:
    return Subject(run.customer_id, run.id, plan.object, run.object_key)


class Batch:
    """Runs being moved together. What one decides is known to the next of the same customer."""

    def __init__(self, now: Instant) -> None:
        self._now = now
        self._rows = Rows()
        self._since: dict[int, list[Move]] = defaultdict(list)
        self._moved: set[int] = set()
        self._ended_early: list[int] = []
        self._failed: dict[str, list[int]] = defaultdict(list)
        self.moves: list[tuple[str, Move]] = []
        self.saved: list[Saved] = []

    def move(self, run: Run, plan: Plan, facts: Facts) -> None:
        """Ask the engine about one run, and collect what it wants done."""
        known = learned_since(facts, self._since[run.customer_id], self._now)
        known = without_moved(known, self._moved)
        self._moved.add(run.id)
        try:
            move = advance(plan, run.state, wake_of(run.state, self._now), facts=known, now=self._now)
            check_progress(move.state, self._now)
        except Exception as problem:  # noqa: BLE001  # one run is held for an operator, the rest go on
            said = kind_and_place(problem)
            log.error("run %d of %s could not be moved: %s", run.id, run.journey, said)  # noqa: TRY400  # no data in logs
            self.fail([run.id], said)
            return
        self._since[run.customer_id].append(move)
        self.moves.append((run.journey, move))
        self.saved.append(Saved(run.id, run.fence, move.state, run))
        self._rows.collect(about_run(run), move.effects, self._now)
        if ended_early(run.state, move, plan):
            self._ended_early.append(run.id)

    def save(self, space: Workspace, tx: Tx) -> None:
        """Write states, history, messages and whatever else follows, in a handful of statements."""
        lost = enrollments.save_moves(tx, self.saved)
        if lost:
            raise LostClaimError(f"{lost} runs were moved by somebody else")
        for reason, ids in self._failed.items():
            enrollments.fail(tx, ids, reason, self._now)
        write(space, tx, self._rows, self._now, ended_early=self._ended_early)

    def fail(self, ids: Sequence[int], reason: str) -> None:
        """These cannot be moved by us: an operator must look, and nobody else waits for them."""
        if ids:
            self._failed[reason].extend(ids)


class NoProgressError(RuntimeError):
    """The engine wants to look again at once: a mistake of ours that would keep a wave going for ever."""


def check_progress(state: State, now: Instant) -> None:
    """Make sure that a run that waits does so until later.

    Raises:
        NoProgressError: it does not.
    """
    if state.status is Status.WAITING and (state.due_at is None or state.due_at <= now):
        raise NoProgressError(f"due at {state.due_at} again, and it is {now}")


def about_run(run: Run) -> About:
    """Return whose effects a run's are."""
    return About(
        run_id=run.id,
        customer_id=run.customer_id,
        run_key=run_key(run.journey, run.key, run.entry_key),
        journey=run.journey,
        due_at=run.state.due_at or run.state.since,
        fence=run.fence,
        object_key=run.object_key,
    )


def wake_of(state: State, now: Instant) -> Wake:
    """Return why a claimed run is looked at: its own time has come, or something happened."""
    return Wake.TIMER if state.deadline is not None and state.deadline <= now else Wake.EVENT


def ended_early(before: State, move: Move, plan: Plan) -> bool:
    """Tell whether a stop rule ended a run in this move: what it decided but did not hand over is not said any more."""
    after = move.state
    if before.closing:
        return False
    if after.status is not Status.STOPPED:
        return after.closing
    ended_at = [one.node for one in move.effects if isinstance(one, Visited) and one.what == "stopped"]
    by_step = any(node.id in ended_at for node in plan.nodes if isinstance(node, Stop))
    by_rule = any(rule.reason == after.reason for rule in plan.stops)
    return after.closing or (by_rule and not by_step)


def without_moved(facts: Facts, moved: Collection[int]) -> Facts:
    """Return facts without the claims of runs that this batch has moved: what they wanted to say is said, or not."""
    if not facts.claims:
        return facts
    return facts._replace(claims=tuple(one for one in facts.claims if one.run not in moved))


def learned_since(facts: Facts, moves: Sequence[Move], now: Instant) -> Facts:
    """Return facts with what earlier moves of this batch said to and changed about the same customer."""
    if not moves:
        return facts
    effects = [effect for move in moves for effect in move.effects]
    sent = [
        Sent(one.message, one.channel, one.policy.topic, now, one.policy.counts, journey=one.journey)
        for one in effects
        if isinstance(one, SendMessage)
    ]
    customer = facts.customer
    for one in effects:
        if isinstance(one, SetData) and one.name.root == "customer":
            top, *rest = one.name.path
            customer = {**customer, top: inside(customer.get(top), rest, one.value)}
    return facts._replace(sent=(*facts.sent, *sent), customer=customer)
