"""T2: just before the hand-off, everything that may forbid a message is read again, under its customer's lock."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.engine import gate
from lifeloop.engine.breaker import Trip
from lifeloop.engine.prepared import prepare
from lifeloop.engine.values import Facts, Sent, Status
from lifeloop.engine.zones import zone_of
from lifeloop.journey.plan import Plan, Send
from lifeloop.store import halts, outgoing
from lifeloop.store import journeys as published
from lifeloop.store.transaction import Tx
from lifeloop.store.values import EVERYBODY, Decision, GateFacts, Message, Shard, Subject
from lifeloop.work.allowing import only_listed
from lifeloop.work.competing import among_others, rank_of
from lifeloop.work.ending import end_runs
from lifeloop.work.halting.breaking import Guard, halt_for
from lifeloop.work.knowing import Wanted, horizon
from lifeloop.work.trouble import kind_and_place
from lifeloop.work.turns import Turns, give_turns
from lifeloop.work.workspace import Workspace

UNSETTLED = 1
"""Seconds a message waits for its run, when something happened to it that nobody has looked at yet."""

log = logging.getLogger(__name__)


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
    tripped: tuple[Trip, ...] = ()
    """What breakers halted at this gate."""
    turns: Turns = Turns()
    """By which ways the cleared ones leave, and with how many requests at a time."""


def pass_gate(
    space: Workspace,
    now: Instant,
    *,
    limit: int,
    journeys: Sequence[str] | None = None,
    shard: Shard = EVERYBODY,
    customer: str | None = None,
    busy: Collection[str] = (),
    waits: Collection[str] = (),
) -> Gated:
    """Claim ready messages and decide each; reservations for caps are taken in the same commit as the decision.

    ``busy``: ways that are handed nothing more for now; ``waits``: those of which nothing is even claimed.

    While the kill switch is on nothing is claimed, so nothing needs to be released after. The same holds for a journey
    that rests: its messages stay as they are, and pass the gate when it goes on.
    """
    with space.store.transaction() as tx:
        halts.open_gate(tx)
        halted = outgoing.halted(tx)
        if halted:
            return Gated((), {}, halted)
        guard = Guard(space, tx, now)
        ordered = guard.open(by_priority(space, tx, journeys))
        lanes = space.ways.first_for(waits)
        claimed = outgoing.claim_ready(tx, now, limit, journeys=ordered, shard=shard, customer=customer, but=lanes)
        if not claimed:
            return Gated((), {})
        plans, known = _learn(space, tx, claimed, now)
        decisions = guard.judge(claimed, known, _decide_all(space, claimed, plans, known, now))
        turns, taken, fences = _mark(space, tx, guard, claimed, decisions, known, now, busy)
    gated = _gated(taken, turns.decisions, fences, known, plans)
    return replace(gated, turns=turns, tripped=halt_for(space, guard.trips, now))


def _learn(
    space: Workspace, tx: Tx, claimed: Sequence[Message], now: Instant
) -> tuple[dict[str, Plan], dict[str, GateFacts]]:
    """Return the plans that messages were made by, and by message all that may decide about it."""
    plans = space.plans.by_digest(tx, {row.plan for row in claimed if row.plan})
    kinds = {digest: plan.object for digest, plan in plans.items() if plan.object}
    known = outgoing.load_gate_facts(tx, claimed, now - horizon(plans.values()), kinds=kinds)
    return plans, _among_others(space, tx, claimed, plans, known)


def _mark(
    space: Workspace,
    tx: Tx,
    guard: Guard,
    claimed: Sequence[Message],
    decisions: Sequence[Decision],
    known: Mapping[str, GateFacts],
    now: Instant,
    busy: Collection[str],
) -> tuple[Turns, Sequence[Message], dict[str, int]]:
    """Let the ways out say how many may leave, and write every decision.

    Returns their turns, the messages with the ways that they take, and fences by message.
    """
    # A lease is counted on the real clock: a wave may decide as of another moment.
    until = max(now, space.clock.now()) + space.lease
    halted, locale_of = guard.is_halted, _locale_in(known)
    turns = give_turns(space, tx, claimed, decisions, now, until, is_halted=halted, locale_of=locale_of, busy=busy)
    taken = turns.taken_by(claimed)
    end_runs(tx, taken, turns.decisions, now)
    fences = outgoing.mark(tx, turns.decisions, now, owner=space.owner, lease_until=until)
    guard.count(taken, fences)
    return turns, taken, fences


def _locale_in(known: Mapping[str, GateFacts]) -> Callable[[Message], str | None]:
    """Return how to find the language of those whom messages are for: it decides about file and sender."""

    def locale_of(row: Message) -> str | None:
        said = known[row.id].facts.customer.get("locale")
        return said if isinstance(said, str) else None

    return locale_of


def by_priority(space: Workspace, tx: Tx, names: Sequence[str] | None) -> list[str]:
    """Return journeys in the order in which they may speak: the project's priority, then by name."""
    known = [row.name for row in published.rows(tx)] if names is None else names
    return sorted(known, key=lambda name: (rank_of(space, name), name))


def _among_others(
    space: Workspace, tx: Tx, claimed: Sequence[Message], plans: dict[str, Plan], known: dict[str, GateFacts]
) -> dict[str, GateFacts]:
    """Return what is known with what other journeys hold against each mail."""
    mails = [(row, plans[row.plan]) for row in claimed if row.kind == "mail" and row.plan in plans]
    wanted = [Wanted(Subject(row.customer_id, row.run_id), plan) for row, plan in mails]
    facts = among_others(space, tx, wanted, [known[row.id].facts for row, _ in mails], at_gate=True)
    judged = {row.id: known[row.id]._replace(facts=each) for (row, _), each in zip(mails, facts, strict=True)}
    return known | judged


def _decide_all(
    space: Workspace, claimed: Sequence[Message], plans: dict[str, Plan], known: dict[str, GateFacts], now: Instant
) -> list[Decision]:
    reserved: dict[int, list[Sent]] = defaultdict(list)
    looked_at: set[str] = set()
    decisions = []
    for row in sorted(claimed, key=lambda row: _rank(space, row)):
        plan = plans.get(row.plan or "")
        facts = _told(row, known[row.id].facts, reserved[row.customer_id], looked_at)
        decision = _decide_safely(row, plan, known[row.id]._replace(facts=facts), now)
        looked_at.add(row.id)
        if decision is None:
            continue
        decision = only_listed(space, row, known[row.id].facts, decision)
        if decision.to == "attempting" and row.kind == "mail":
            reserved[row.customer_id].append(
                Sent(row.name, row.channel, row.topic, now, row.counts, journey=row.journey)
            )
        decisions.append(decision)
    return decisions


def _told(row: Message, facts: Facts, reserved: Sequence[Sent], looked_at: set[str]) -> Facts:
    """Return facts with what this batch has decided; an earlier try of the same message stands in nobody's way."""
    sent = tuple(one for one in facts.sent if one.id != row.id)
    claims = tuple(one for one in facts.claims if one.id not in looked_at)
    return facts._replace(sent=(*sent, *reserved), claims=claims)


def _decide_safely(row: Message, plan: Plan | None, known: GateFacts, now: Instant) -> Decision | None:
    try:
        return _decide(row, plan, known, now)
    except Exception as problem:  # noqa: BLE001  # whatever it is, the others go on
        # A record or a plan that the gate cannot digest: this message is held for an operator, the others go on.
        said = kind_and_place(problem)
        log.error("message %s could not be judged: %s", row.id, said)  # noqa: TRY400  # words may quote a record
        return Decision(row.id, "held", f"it could not be judged: {said}")


def _rank(space: Workspace, row: Message) -> tuple[int, int, Instant, Instant, int, str]:
    """Order messages of one customer: by the project's priority, then as they were decided."""
    return (row.customer_id, rank_of(space, row.journey), row.made_at, row.due_at, row.visit, row.id)


def _decide(row: Message, plan: Plan | None, known: GateFacts, now: Instant) -> Decision | None:
    """Return what becomes of a message; None when it stays as it is, because its journey rests."""
    if known.paused:
        return None
    if row.expires_at == outgoing.NEVER_AGAIN:
        return Decision(row.id, "cancelled", "its journey was stopped while it was under way")
    if known.run_status == Status.WAITING and known.run_due_at is not None and known.run_due_at <= now:
        return Decision(row.id, "ready", "something happened that its journey looks at first", now + UNSETTLED)
    if row.kind != "mail":
        over = row.expires_at is not None and now > row.expires_at
        return Decision(row.id, "expired", "time is up") if over else Decision(row.id, "attempting")
    node = _send(plan, row.node)
    if plan is None or node is None:
        return Decision(row.id, "held", "its step is not in the plan it was made by")
    facts = known.facts
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
    found = prepare(plan).nodes.get(node) if plan else None
    return found if isinstance(found, Send) and found.id == node else None


_FORBIDDEN = frozenset({"consent", "suppressed", "address", "recovery"})


def _as_row(message_id: str, found: gate.Decision) -> Decision:
    match found:
        case gate.Allow():
            return Decision(message_id, "attempting")
        case gate.Hold(until, rule, taken):
            reason = f"{rule}: {taken.journey} {taken.message}".rstrip() if taken else rule
            return Decision(message_id, "ready", reason, until, due_at=until)
        case gate.Drop(rule, detail, stops):
            reason = f"{rule}: {detail}" if detail else rule
            to: Literal["suppressed", "expired"] = "suppressed" if rule in _FORBIDDEN else "expired"
            return Decision(message_id, to, reason, ends=rule if stops else None)


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
    return Gated(cleared, dict(kept), None, len(claimed))


def _cleared(row: Message, fence: int, facts: Facts, plans: dict[str, Plan]) -> Cleared:
    plan = plans.get(row.plan or "")
    return Cleared(row, fence, facts, plan.object if plan else None)
