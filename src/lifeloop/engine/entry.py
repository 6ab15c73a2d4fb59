"""May somebody enter, where do they begin, and what makes their run unlike any other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine.conditions import holds
from lifeloop.engine.explain import value_of
from lifeloop.engine.prepared import prepare
from lifeloop.engine.scope import Scope, audience_scope
from lifeloop.engine.timing import add_length, anchor_moment, next_moment
from lifeloop.engine.values import Candidate, Facts, Refusal, State
from lifeloop.engine.zones import utc
from lifeloop.journey.length import Length
from lifeloop.journey.moment import FromAnchor
from lifeloop.journey.plan import Json, NodeId, OnEvent, OnMoment, Plan, Target, Wait

_PERSON = "-"
HOUR = 3600
MOST_AN_HOUR = 20
"""Times that one subject may enter a journey within an hour: journeys that set each other off come to rest here."""


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier run of this customer through the same journey, of whatever version."""

    subject: str
    key: str
    started_at: Instant
    active: bool


def enter(
    plan: Plan, candidate: Candidate, *, facts: Facts, now: Instant, runs: Sequence[PastRun] = ()
) -> State | Refusal:
    """Return the state a run begins with, or why there is none. ``advance`` with ``Wake.START`` comes next.

    Asked in this order: is the object still there, the start's ``where``, the audience, an active run of the same
    subject, ``again``, and whether it is too late for all of it.
    """
    if plan.object is not None and facts.object is None:
        return Refusal("gone", plan.object)
    scope = audience_scope(plan, facts, now, candidate.start)
    if not _where_holds(plan, candidate, scope):
        return Refusal("where")
    if not holds(plan.audience, scope):
        return Refusal("audience")
    refused = _may_again(plan, candidate, scope, runs)
    if refused:
        return refused
    node = first_look(plan, candidate, scope)
    if isinstance(node, Refusal):
        return node
    # Who joins late begins now: the time gone by, and what happened in it, belongs to no run.
    started_at = now if _is_late(plan, candidate, scope) else min(candidate.due_at, now)
    return _begun(candidate, facts, now, node, started_at)


def subject_of(plan: Plan, candidate: Candidate, facts: Facts, now: Instant) -> str | None:
    """Return what at most one active run is about: the person, the object, or ``once per`` value; None when unknown."""
    return _subject(plan, candidate, audience_scope(plan, facts, now, candidate.start))


def entry_key(plan: Plan, candidate: Candidate, subject: str) -> str:
    """Return the text that makes (journey, customer, entry key) unique: the same start can never begin two runs."""
    if plan.again.rule in ("never", "once"):
        return subject
    start = candidate.due_at if candidate.event_seq is None else f"e{candidate.event_seq}"
    return f"{subject}@{start}"


def first_look(plan: Plan, candidate: Candidate, scope: Scope) -> Target | Refusal:
    """Return where a run begins: at its first step, or for who joins late at the next dated wait still ahead."""
    if not _is_late(plan, candidate, scope):
        return plan.first
    prepared, node = prepare(plan), plan.ahead
    while node is not None:
        wait = prepared.node(node)
        if not isinstance(wait, Wait) or _is_ahead(wait, scope):
            return node
        node = wait.ahead
    return Refusal("late", f"meant for {utc(candidate.due_at)}")


def _where_holds(plan: Plan, candidate: Candidate, scope: Scope) -> bool:
    """Ask again what the start asked: the object may have changed since. An event is what it was."""
    if candidate.trigger == "date":
        wheres = [trigger.where for trigger in plan.triggers if isinstance(trigger, OnMoment)]
    elif candidate.trigger == "event":
        name = next((event.name for event in scope.events if event.seq == candidate.event_seq), None)
        starts = [trigger for trigger in plan.triggers if isinstance(trigger, OnEvent)]
        wheres = [trigger.where for trigger in starts if name in (None, trigger.event)]
    else:
        return True
    return not wheres or any(holds(where, scope) for where in wheres)


def _may_again(plan: Plan, candidate: Candidate, scope: Scope, runs: Sequence[PastRun]) -> Refusal | None:
    subject = _subject(plan, candidate, scope)
    if subject is None:
        return Refusal("again", f"{plan.again.per} is unknown")
    same = [run for run in runs if run.subject == subject]
    if any(run.active and _about(plan, run.subject) == _about(plan, subject) for run in runs):
        return Refusal("active")
    if sum(run.started_at > scope.now - HOUR for run in same) >= MOST_AN_HOUR:
        return Refusal("again", f"{MOST_AN_HOUR} times within an hour")
    if not same or plan.again.rule == "always":
        return None
    if plan.again.rule == "after" and plan.again.after is not None:
        latest = max(run.started_at for run in same)
        free_at = add_length(latest, plan.again.after, scope.zone, country=plan.country)
        return Refusal("again", f"not before {utc(free_at)}") if min(candidate.due_at, scope.now) < free_at else None
    return Refusal("again", plan.again.rule)


def _subject(plan: Plan, candidate: Candidate, scope: Scope) -> str | None:
    parts = [_PERSON if candidate.object_key is None else candidate.object_key]
    if plan.again.rule == "once" and plan.again.per is not None:
        value = value_of(plan.again.per, scope)
        if value is None:
            return None
        parts.append(_text(value))
    return "|".join(part.replace("%", "%25").replace("|", "%7C").replace("@", "%40") for part in parts)


def _about(plan: Plan, subject: str) -> str:
    """Return the part of a subject of which one run at a time is enough.

    ``once per contract.ends`` counts ends of one contract: when that date moves, the run moves along, and a second
    one beside it would say everything twice. ``once per event.order_id`` counts orders, and they may overlap.
    """
    per = plan.again.per
    is_record = per is not None and per.root in ("customer", plan.object)
    return subject.partition("|")[0] if is_record else subject


def _text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))


def _is_late(plan: Plan, candidate: Candidate, scope: Scope) -> bool:
    return add_length(candidate.due_at, plan.grace, scope.zone, country=plan.country) < scope.now


def _is_ahead(wait: Wait, scope: Scope) -> bool:
    until = wait.until
    if isinstance(until, FromAnchor):
        value = value_of(until.anchor, scope)
        moment = anchor_moment(until, value, scope.zone, country=scope.country)
    elif isinstance(until, Length):
        return True
    else:
        moment = next_moment(until, scope.now, scope.zone)
    return moment is not None and moment > scope.now


def _begun(candidate: Candidate, facts: Facts, now: Instant, node: NodeId | None, started_at: Instant) -> State:
    seq = candidate.event_seq
    return State(
        node=node,
        started_at=started_at,
        due_at=now,
        since=started_at,
        since_seq=facts.events[-1].seq if facts.events else 0,
        start=candidate.start,
        event=candidate.start if candidate.trigger == "event" else None,
        start_seq=seq,
        used=() if seq is None else (seq,),
    )
