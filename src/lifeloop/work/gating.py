"""T2: just before the hand-off, everything that may forbid a message is read again, under its customer's lock."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lifeloop.clock import Instant
from lifeloop.engine import gate
from lifeloop.engine.values import Facts, Sent
from lifeloop.engine.zones import zone_of
from lifeloop.journey.plan import Plan, Send
from lifeloop.store import outgoing
from lifeloop.store.values import EVERYBODY, Decision, GateFacts, Message, Shard
from lifeloop.work.knowing import horizon
from lifeloop.work.workspace import Workspace

LEASE = 300
"""Seconds one process may hold a message; a hand-off ends well before (see ``handing.MARGIN``)."""


@dataclass(frozen=True, slots=True)
class Cleared:
    """A message that may be handed over now, by whoever holds this fence."""

    message: Message
    fence: int
    facts: Facts
    object_kind: str | None = None


@dataclass(frozen=True, slots=True)
class Gated:
    """What became of a batch at the gate: who may go, and how many were held or dropped, by word."""

    cleared: tuple[Cleared, ...]
    kept: dict[str, int]
    halted: str | None = None
    claimed: int = 0


def pass_gate(
    space: Workspace,
    now: Instant,
    *,
    limit: int,
    journeys: Sequence[str] | None = None,
    shard: Shard = EVERYBODY,
    customer: str | None = None,
) -> Gated:
    """Claim ready messages and decide each; reservations for caps are taken in the same commit as the decision."""
    with space.store.transaction() as tx:
        claimed = outgoing.claim_ready(tx, now, limit, journeys=journeys, shard=shard, customer=customer)
        if not claimed:
            return Gated((), {})
        plans = space.plans.by_digest(tx, {row.plan for row in claimed if row.plan})
        kinds = {digest: plan.object for digest, plan in plans.items() if plan.object}
        known = outgoing.load_gate_facts(tx, claimed, now - horizon(plans.values()), kinds=kinds)
        decisions = _decide_all(space, claimed, plans, known, now)
        fences = outgoing.mark(tx, decisions, now, owner=space.owner, lease_until=now + LEASE)
    return _gated(claimed, decisions, fences, known, plans)


def _decide_all(
    space: Workspace, claimed: Sequence[Message], plans: dict[str, Plan], known: dict[str, GateFacts], now: Instant
) -> list[Decision]:
    reserved: dict[int, list[Sent]] = defaultdict(list)
    decisions = []
    for row in sorted(claimed, key=lambda row: _rank(space, row)):
        decision = _decide(row, plans.get(row.plan or ""), known[row.id], tuple(reserved[row.customer_id]), now)
        if decision.to == "attempting" and row.kind == "mail":
            reserved[row.customer_id].append(Sent(row.name, row.channel, row.topic, now, row.counts))
        decisions.append(decision)
    return decisions


def _rank(space: Workspace, row: Message) -> tuple[int, int, int]:
    """Order messages of one customer: by the project's priority, then older first."""
    return (row.customer_id, rank_of(space, row.journey), row.made_at)


def rank_of(space: Workspace, journey: str) -> int:
    """Return a journey's place in the project's priority; those not listed come after."""
    order = space.catalogue.priority
    return order.index(journey) if journey in order else len(order)


def _decide(row: Message, plan: Plan | None, known: GateFacts, reserved: tuple[Sent, ...], now: Instant) -> Decision:
    if known.halted:
        return Decision(row.id, "held", known.halted)
    if known.paused:
        return Decision(row.id, "held", "the journey is paused")
    if row.kind == "call":
        return Decision(row.id, "attempting")
    if row.kind == "ask":
        over = row.expires_at is not None and now > row.expires_at
        return Decision(row.id, "expired", "time is up") if over else Decision(row.id, "attempting")
    node = _send(plan, row.node)
    if plan is None or node is None:
        return Decision(row.id, "held", "its step is not in the plan it was made by")
    facts = replace(known.facts, sent=(*known.facts.sent, *reserved))
    found = gate.decide(
        node.policy,
        facts=facts,
        channel=row.channel,
        now=now,
        due_at=row.due_at,
        zone=zone_of(facts.customer, plan),
        country=plan.country,
        expires_at=row.expires_at,
    )
    return _as_row(row.id, found)


def _send(plan: Plan | None, node: str) -> Send | None:
    return next((one for one in plan.nodes if one.id == node and isinstance(one, Send)), None) if plan else None


_DROPPED = {"consent": "suppressed", "suppressed": "suppressed", "address": "suppressed"}


def _as_row(message_id: str, found: gate.Decision) -> Decision:
    match found:
        case gate.Allow():
            return Decision(message_id, "attempting")
        case gate.Hold(until, rule, _):
            return Decision(message_id, "ready", rule, until)
        case gate.Drop(rule, detail, _):
            reason = f"{rule}: {detail}" if detail else rule
            return Decision(message_id, "suppressed" if rule in _DROPPED else "expired", reason)


def _gated(
    claimed: Sequence[Message],
    decisions: Sequence[Decision],
    fences: dict[str, int],
    known: dict[str, GateFacts],
    plans: dict[str, Plan],
) -> Gated:
    rows = {row.id: row for row in claimed}
    kept: dict[str, int] = defaultdict(int)
    for decision in decisions:
        if decision.to != "attempting":
            kept["held" if decision.to == "ready" else decision.to] += 1
    cleared = tuple(
        _cleared(rows[one.id], fences[one.id], known[one.id].facts, plans) for one in decisions if one.id in fences
    )
    halted = next((facts.halted for facts in known.values() if facts.halted), None)
    return Gated(cleared, dict(kept), halted, len(claimed))


def _cleared(row: Message, fence: int, facts: Facts, plans: dict[str, Plan]) -> Cleared:
    plan = plans.get(row.plan or "")
    return Cleared(row, fence, facts, plan.object if plan else None)
