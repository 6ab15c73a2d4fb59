"""Letting people in: due candidates are claimed, judged by the engine, and begin in the same commit."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lifeloop.clock import Instant
from lifeloop.engine import entry
from lifeloop.engine.breaker import Key
from lifeloop.engine.machine import advance
from lifeloop.engine.values import Facts, Move, Refusal, Status, Wake
from lifeloop.journey.plan import Plan
from lifeloop.store import candidates, enrollments, journeys, suspects
from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.store.transaction import Tx
from lifeloop.store.values import CandidateRow, NewRun, PastRun, Subject
from lifeloop.work.competing import among_others, rank_of
from lifeloop.work.effects import About, Rows, run_key
from lifeloop.work.gating import by_priority
from lifeloop.work.halting import lateness
from lifeloop.work.halting.breaking import halt_for
from lifeloop.work.halting.counting import count
from lifeloop.work.knowing import Wanted, learn
from lifeloop.work.moving import DryRun, Moved, Which, check_progress, learned_since
from lifeloop.work.trouble import kind_and_place
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
    """Decide one batch of due candidates. One that spoils its batch is found by halving, and dropped alone."""
    try:
        return _admit_batch(space, now, which)
    except (StoreBusy, StoreUnreachable):
        raise
    except Exception as problem:  # noqa: BLE001  # whatever it is, it must not hold up everybody
        said = kind_and_place(problem)
        if which.limit > 1:
            log.warning("%d candidates could not be judged together (%s): trying fewer", which.limit, said)
            return admit_due(space, now, replace(which, limit=which.limit // 2))
        return _drop(space, now, which, said)


def _admit_batch(space: Workspace, now: Instant, which: Which) -> Moved:
    done = Moved()
    try:
        with space.store.transaction() as tx:
            done = admit_in(space, tx, now, which)
            if which.dry_run:
                raise DryRun  # noqa: TRY301  # the way to leave a transaction unwritten
    except DryRun:
        log.debug("dry run: %d admitted, nothing written", done.moved)
        return done
    return replace(done, trips=halt_for(space, done.trips, now))


def admit_in(space: Workspace, tx: Tx, now: Instant, which: Which) -> Moved:
    """Do what ``admit_due`` does, inside a transaction that is open."""
    rows = _claim(space, tx, now, which)
    return _admit(space, tx, rows, now) if rows else Moved()


def _claim(space: Workspace, tx: Tx, now: Instant, which: Which) -> tuple[CandidateRow, ...]:
    if which.ticket:
        suspects.end(tx, which.ticket)
    journeys.hold(tx)
    ordered, picked = by_priority(space, tx, which.journeys), which.picked
    return candidates.claim_due(tx, ordered, now, which.limit, which.shard, customer=which.customer, picked=picked)


def _drop(space: Workspace, now: Instant, which: Which, said: str) -> Moved:
    with space.store.transaction() as tx:
        rows = _claim(space, tx, now, replace(which, limit=1))
        if rows and not which.dry_run:
            log.error("candidate %d of %s could not be judged: %s", rows[0].id, rows[0].candidate.journey, said)
            candidates.delete(tx, [row.id for row in rows])
    return Moved(len(rows), 0)


def _admit(space: Workspace, tx: Tx, rows: Sequence[CandidateRow], now: Instant) -> Moved:
    live = space.plans.live(tx)
    ordered = sorted(rows, key=lambda row: (row.customer_id, rank_of(space, row.candidate.journey)))
    known = [row for row in ordered if row.candidate.journey in live]
    wanted = [Wanted(_subject(row, live[row.candidate.journey]), live[row.candidate.journey]) for row in known]
    facts = among_others(space, tx, wanted, learn(tx, wanted, space.catalogue, now))
    past = enrollments.past(tx, [(row.customer_id, row.candidate.journey) for row in known])
    entrants = _judge(known, live, facts, past, now)
    verdict = lateness.judge(space, tx, _figures(entrants), now)
    if verdict.spared:
        spared = [row.candidate.journey in verdict.spared for row in known]
        facts = tuple(one._replace(halted=each) for one, each in zip(facts, spared, strict=True))
        entrants = _judge(known, live, facts, past, now)
    written = _begin(space, tx, entrants, now)
    candidates.delete(tx, [row.id for row in rows])
    count(space, tx, _figures(entrants), now)
    return Moved(len(rows), written, trips=verdict.trips)


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
    moves: dict[int, list[Move]] = defaultdict(list)
    begun: dict[tuple[int, str], list[entry.PastRun]] = defaultdict(list)
    for row, known in zip(rows, facts, strict=True):
        key = (row.customer_id, row.candidate.journey)
        runs = [*map(_earlier, past.get(key, ())), *begun[key]]
        facts_now = learned_since(known, moves[row.customer_id], now)
        entrant = _enter(row, live[row.candidate.journey], facts_now, runs, now)
        if entrant:
            moves[row.customer_id].append(entrant.move)
            begun[key].append(_as_past(entrant.run))
            entrants.append(entrant)
    return entrants


def _figures(entrants: Sequence[_Entrant]) -> Counter[Key]:
    return lateness.figures_of((one.run.journey, one.move) for one in entrants)


def _as_past(run: NewRun) -> entry.PastRun:
    return entry.PastRun(run.subject, run.entry_key, run.state.started_at, run.state.status is Status.WAITING)


def _enter(row: CandidateRow, plan: Plan, facts: Facts, runs: Sequence[entry.PastRun], now: Instant) -> _Entrant | None:
    try:
        subject = entry.subject_of(plan, row.candidate, facts, now)
        state = entry.enter(plan, row.candidate, facts=facts, now=now, runs=runs)
        if subject is None or isinstance(state, Refusal):
            return None
        move = advance(plan, state, Wake.START, facts=facts, now=now)
        check_progress(move.state, now)
    except Exception as problem:  # noqa: BLE001  # this person stays out, the others go in
        said = kind_and_place(problem)
        log.error("candidate %d of %s could not be judged: %s", row.id, row.candidate.journey, said)  # noqa: TRY400
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
        due_at=entrant.row.candidate.due_at,
        fence=BEFORE_ANY_CLAIM,
        object_key=run.object_key,
    )
