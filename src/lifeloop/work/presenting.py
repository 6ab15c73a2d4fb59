"""How customers stand now, read in batches: what they are in, what was said to them, where they may enter next."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from lifeloop.clock import Instant
from lifeloop.engine.routing import make_routes
from lifeloop.engine.values import Candidate, Facts, Sent
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Plan
from lifeloop.rehearse.present import Ground, Place, Present, Run
from lifeloop.store import candidates, enrollments, facts, halts, journeys, sales
from lifeloop.store.transaction import Tx
from lifeloop.store.values import CandidateRow, Needs, Subject
from lifeloop.store.values import Run as StoredRun
from lifeloop.work.knowing import needs_of
from lifeloop.work.plans import Plans
from lifeloop.work.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Stage:
    """The journeys as they are: those one may enter, those somebody is in (by digest), and those that rest."""

    entering: Mapping[str, Plan]
    in_use: Mapping[str, Plan]
    resting: frozenset[str]
    ground: Ground
    needs: Needs


def stage(tx: Tx, catalogue: Catalogue, written: Mapping[str, Plan], now: Instant) -> Stage:
    """Return the journeys of a forecast: live ones as they are written now, and those that were never published."""
    plans = Plans()
    live = plans.live(tx)
    in_use = plans.by_digest(tx, journeys.in_use(tx))
    resting = frozenset(row.name for row in journeys.rows(tx) if row.paused_at is not None)
    entering = {name: plan for name, plan in {**live, **written}.items() if name not in resting}
    routes = make_routes(entering.values(), (*entering.values(), *in_use.values()))
    needs = needs_of((*entering.values(), *in_use.values()), catalogue, now, starts=True)
    needs = replace(needs, objects=frozenset(catalogue.objects), segments=frozenset(routes.segments))
    return Stage(entering, in_use, resting, Ground(routes, frozenset(live)), needs)


def presents(tx: Tx, ids: Sequence[int], on: Stage) -> tuple[Present, ...]:
    """Return how these customers stand, in order; the number of statements does not depend on how many they are."""
    runs = _runs(tx, ids, on)
    subjects = [Subject(who) for who in ids]
    own = [Subject(who, each.id) for who in ids for each, run in runs[who] if run.active]
    known = facts.load(tx, [*subjects, *own], on.needs)
    about = dict(zip((subject.run_id for subject in own), known[len(ids) :], strict=True))
    waiting = _waiting(candidates.of_customers(tx, ids), on.resting)
    bought = sales.of_customers(tx, ids)
    return tuple(
        replace(_present(one, runs[who], about), waiting=waiting[who], sales=bought.get(who, ()))
        for who, one in zip(ids, known, strict=False)
    )


def warnings(space: Workspace, tx: Tx) -> tuple[str, ...]:
    """Return what a reader of a forecast must know about how things stand, in sentences."""
    found = [
        f'the journey "{row.name}" is paused: it stays so' for row in journeys.rows(tx) if row.paused_at is not None
    ]
    live = journeys.live_digests(tx)
    written = space.project.plans
    found += [f'"{name}" was never published: it counts as live from now' for name in sorted(written.keys() - live)]
    changed = [name for name, plan in written.items() if live.get(name, plan.digest) != plan.digest]
    found += [
        f'"{name}" is not yet published as it is written: who enters gets the new one' for name in sorted(changed)
    ]
    found += [f"the {one.scope} {one.name} is halted: counted as if it were released" for one in halts.standing(tx)]
    if (why := journeys.halted(tx)) is not None:
        found.append(f"everything is halted ({why}): counted as if it were released")
    return tuple(found)


def _runs(tx: Tx, ids: Sequence[int], on: Stage) -> Mapping[int, list[tuple[StoredRun, Run]]]:
    """Return the runs of each customer; those under a plan that nobody can read any more are over."""
    found: dict[int, list[tuple[StoredRun, Run]]] = defaultdict(list)
    for one in enrollments.of_customers(tx, ids):
        plan = on.in_use.get(one.plan) or on.entering.get(one.journey)
        if plan is not None:
            rests = one.journey in on.resting
            run = Run(plan, one.state, one.subject, one.entry_key, one.object_key, rests=rests)
            found[one.customer_id].append((one, run))
    return found


def _present(known: Facts, runs: Sequence[tuple[StoredRun, Run]], about: Mapping[int | None, Facts]) -> Present:
    active = [(run, about[each.id]) for each, run in runs if each.id in about]
    owners = {sent.id: run for run, own in active for sent in own.sent if sent.own}
    said = {sent.id: sent._replace(own=False) for sent in chain(known.sent, *(own.sent for _, own in active))}
    return Present(
        person=Person(known.customer_id, known.customer, known.things, known.consents),
        events=known.events,
        sent=tuple((owners.get(each.id), each._replace(pending=False)) for each in _in_order(said.values())),
        answers=tuple((run, answer) for run, own in active for answer in own.answers),
        runs=tuple(run for _, run in runs),
        members=known.segments,
        suppressed=known.suppressed,
        paused_until=known.paused_until,
        pace=known.pace,
    )


def _in_order(said: Collection[Sent]) -> list[Sent]:
    return sorted(said, key=lambda sent: sent.at)


def _waiting(rows: Sequence[CandidateRow], resting: frozenset[str]) -> Mapping[int, dict[Place, Candidate]]:
    found: dict[int, dict[Place, Candidate]] = defaultdict(dict)
    for row in rows:
        if row.candidate.journey not in resting:
            found[row.customer_id][row.candidate.journey, row.candidate.trigger, row.subject] = row.candidate
    return found
