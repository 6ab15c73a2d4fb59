"""Letting people in: due candidates are claimed, judged by the engine, and begin in the same commit."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine import entry
from lifeloop.engine.machine import advance
from lifeloop.engine.values import Facts, Move, Refusal, Status, Wake
from lifeloop.journey.plan import Plan
from lifeloop.store import candidates, enrollments
from lifeloop.store.transaction import Tx
from lifeloop.store.values import CandidateRow, NewRun, PastRun, Subject
from lifeloop.work.effects import About, Rows, run_key
from lifeloop.work.knowing import Wanted, learn
from lifeloop.work.moving import DryRun, Moved, Which, learned_since
from lifeloop.work.workspace import Workspace
from lifeloop.work.writing import write

log = logging.getLogger(__name__)

BEFORE_ANY_CLAIM = -1
"""The fence of a run's first move, which is made before anybody could claim it with fence 0."""


@dataclass(frozen=True, slots=True)
class _Entrant:
    row: CandidateRow
    run: NewRun
    move: Move


def admit_due(space: Workspace, now: Instant, which: Which) -> Moved:
    """Decide one batch of due candidates."""
    done = Moved()
    try:
        with space.store.transaction() as tx:
            done = admit_in(space, tx, now, which)
            if which.dry_run:
                raise DryRun  # noqa: TRY301  # the way to leave a transaction unwritten
    except DryRun:
        log.debug("dry run: %d admitted, nothing written", done.moved)
    return done


def admit_in(space: Workspace, tx: Tx, now: Instant, which: Which) -> Moved:
    """Do what ``admit_due`` does, inside a transaction that is open."""
    rows = candidates.claim_due(tx, which.journeys, now, which.limit, which.shard, customer=which.customer)
    return _admit(space, tx, rows, now) if rows else Moved()


def _admit(space: Workspace, tx: Tx, rows: Sequence[CandidateRow], now: Instant) -> Moved:
    live = space.plans.live(tx)
    known = [row for row in rows if row.candidate.journey in live]
    wanted = [Wanted(_subject(row, live[row.candidate.journey]), live[row.candidate.journey]) for row in known]
    facts = learn(tx, wanted, space.catalogue, now)
    past = enrollments.past(tx, [(row.customer_id, row.candidate.journey) for row in known])
    entrants = _judge(known, live, facts, past, now)
    written = _begin(space, tx, entrants, now)
    candidates.delete(tx, [row.id for row in rows])
    return Moved(len(rows), written)


def _subject(row: CandidateRow, plan: Plan) -> Subject:
    return Subject(row.customer_id, None, plan.object, row.candidate.object_key)


def _judge(
    rows: Sequence[CandidateRow],
    live: dict[str, Plan],
    facts: Sequence[Facts],
    past: dict[tuple[int, str], tuple[PastRun, ...]],
    now: Instant,
) -> list[_Entrant]:
    entrants: list[_Entrant] = []
    earlier: dict[int, list[Move]] = {}
    for row, known in zip(rows, facts, strict=True):
        before = earlier.setdefault(row.customer_id, [])
        runs = past.get((row.customer_id, row.candidate.journey), ())
        entrant = _enter(row, live[row.candidate.journey], learned_since(known, before, now), runs, now)
        if entrant:
            before.append(entrant.move)
            entrants.append(entrant)
    return entrants


def _enter(row: CandidateRow, plan: Plan, facts: Facts, past: Sequence[PastRun], now: Instant) -> _Entrant | None:
    try:
        subject = entry.subject_of(plan, row.candidate, facts, now)
        state = entry.enter(plan, row.candidate, facts=facts, now=now, runs=[_earlier(run) for run in past])
        if subject is None or isinstance(state, Refusal):
            return None
        move = advance(plan, state, Wake.START, facts=facts, now=now)
    except Exception:
        # A plan or a record that the engine cannot digest: this person stays out, the others go in.
        log.exception("candidate %d of %s could not be judged", row.id, row.candidate.journey)
        return None
    run = NewRun(
        customer_id=row.customer_id,
        journey=plan.journey,
        plan=plan.digest,
        state=move.state,
        entry_key=entry.entry_key(plan, row.candidate, subject),
        subject=subject,
        object_key=row.candidate.object_key,
    )
    return _Entrant(row, run, move)


def _earlier(run: PastRun) -> entry.PastRun:
    return entry.PastRun(run.subject, run.entry_key, run.started_at, run.status == Status.WAITING)


def _begin(space: Workspace, tx: Tx, entrants: Sequence[_Entrant], now: Instant) -> int:
    ids = enrollments.add(tx, [entrant.run for entrant in entrants]) if entrants else ()
    rows = Rows()
    for run_id, entrant in zip(ids, entrants, strict=True):
        if run_id is not None:  # None: they entered elsewhere in the meantime
            rows.collect(_about(run_id, entrant), entrant.move.effects, now)
    write(space, tx, rows, now)
    return sum(run_id is not None for run_id in ids)


def _about(run_id: int, entrant: _Entrant) -> About:
    run = entrant.run
    return About(
        run_id=run_id,
        customer_id=run.customer_id,
        run_key=run_key(run.journey, entrant.row.key, run.entry_key),
        journey=run.journey,
        fence=BEFORE_ANY_CLAIM,
        object_key=run.object_key,
    )
