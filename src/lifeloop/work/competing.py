"""Journeys that want the same customer: who goes first, and who keeps silent while something is put right.

What is promised, whichever workers are at it and in which order they come: a message is never marked while a journey
that goes first has one due for the same customer that it would push back, unless nobody moved that one for a minute.
And of what is still to come, the next look of every run is known: a message that would push back one that goes first
waits for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from lifeloop.engine.claims import RECOVERY, Standing, claim_of, compete
from lifeloop.engine.values import Claim, Facts
from lifeloop.journey.plan import Plan, Send
from lifeloop.store import rivals, sales
from lifeloop.store.rivals import Rival
from lifeloop.store.transaction import Tx
from lifeloop.work.knowing import Wanted
from lifeloop.work.workspace import Workspace


def rank_of(space: Workspace, journey: str) -> int:
    """Return a journey's place in the project's priority; those not listed come after."""
    order = space.catalogue.priority
    return order.index(journey) if journey in order else len(order)


def among_others(
    space: Workspace, tx: Tx, wanted: Sequence[Wanted], facts: Sequence[Facts], *, at_gate: bool = False
) -> tuple[Facts, ...]:
    """Return the facts of each one wanted, with what other journeys hold against it.

    At the gate messages that are decided and not handed over stand for their runs, too; before it, facts count them
    as said. Nothing is asked where no journey goes before these, and none puts anything right.
    """
    facts = _with_sales(tx, wanted, facts)
    others = _others(space, tx, _plans(wanted))
    ids = [one.subject.customer_id for one in wanted]
    running = _by_customer(rivals.running(tx, ids, others) if others else ())
    decided = _by_customer(rivals.decided(tx, ids, others) if others and at_gate else ())
    plans = space.plans.by_digest(tx, {one.plan for some in (*running.values(), *decided.values()) for one in some})
    return tuple(
        compete(
            known,
            one.plan,
            _standing(running[one.subject.customer_id], one.subject.run_id, plans),
            lambda journey: rank_of(space, journey),
            _claims(decided[one.subject.customer_id], plans),
        )
        for one, known in zip(wanted, facts, strict=True)
    )


def _plans(wanted: Sequence[Wanted]) -> Collection[Plan]:
    return {one.plan.digest: one.plan for one in wanted}.values()


def _with_sales(tx: Tx, wanted: Sequence[Wanted], facts: Sequence[Facts]) -> Sequence[Facts]:
    """Return facts with what people bought, where a plan asks for it because that stands in for a yes."""
    sends = (node for plan in _plans(wanted) for node in plan.nodes if isinstance(node, Send))
    if all(node.policy.own_customers is None for node in sends):
        return facts
    bought = sales.of_customers(tx, [one.subject.customer_id for one in wanted])
    return [
        known._replace(sales=bought.get(one.subject.customer_id, ())) for one, known in zip(wanted, facts, strict=True)
    ]


def _others(space: Workspace, tx: Tx, plans: Iterable[Plan]) -> frozenset[str]:
    """Return the journeys that could hold anything against these: those before them, and those that put right."""
    policies = [(plan, node.policy) for plan in plans for node in plan.nodes if isinstance(node, Send)]
    last = max((rank_of(space, plan.journey) for plan, policy in policies if policy.counts), default=0)
    first = frozenset(space.catalogue.priority[:last])
    if all(policy.recovery == "send" for _, policy in policies):
        return first
    return first | {name for name, plan in space.plans.live(tx).items() if plan.phase == RECOVERY}


def _standing(some: Sequence[Rival], own: int | None, plans: Mapping[str, Plan]) -> Iterable[Standing]:
    for one in some:
        if one.run_id != own and one.plan in plans:
            yield Standing(plans[one.plan], one.node, one.due_at, one.reached, one.rests, one.run_id)


def _claims(some: Sequence[Rival], plans: Mapping[str, Plan]) -> Iterable[Claim]:
    for one in some:
        claim = claim_of(Standing(plans[one.plan], one.node, one.due_at)) if one.plan in plans else None
        if claim is not None:
            yield replace(claim, id=one.message or "")


def _by_customer(some: Iterable[Rival]) -> Mapping[int, list[Rival]]:
    found: dict[int, list[Rival]] = defaultdict(list)
    for one in some:
        found[one.customer_id].append(one)
    return found
