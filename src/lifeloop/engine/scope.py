"""All that a condition may read while one decision is made."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import cast
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.values import Event, Facts, Record, Sent, State
from lifeloop.engine.zones import day_text, zone_of
from lifeloop.journey.plan import Plan

_NOTHING: Record = {}


@dataclass(slots=True)
class Scope:
    """All that a condition may read. Filled anew for each decision; nothing in it is ever changed by a condition.

    ``in_run`` says what a bare ``happened`` means and whose messages are asked; see the head of ``conditions``.
    """

    zone: ZoneInfo
    now: Instant
    customer: Record = field(default_factory=dict)
    event: Record = field(default_factory=dict)
    start: Record = field(default_factory=dict)
    memory: Record = field(default_factory=dict)
    values: Record = field(default_factory=dict)
    object_kind: str | None = None
    object: Record = field(default_factory=dict)
    things: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    sent: tuple[Sent, ...] = ()
    segments: AbstractSet[str] = frozenset()
    named: frozenset[str] = frozenset()
    started_at: Instant | None = None
    start_seq: int | None = None
    in_run: bool = False
    country: str | None = None

    def object_of(self, kind: str) -> Record:
        """Return this run's own object when it is of that kind, else an empty record."""
        return self.object if kind == self.object_kind else _NOTHING


def audience_scope(plan: Plan, facts: Facts, now: Instant, start: Record) -> Scope:
    """Return the scope of an audience or of a start's ``where``: no run yet, questions look at all that ever was."""
    return Scope(
        zone=zone_of(facts.customer, plan),
        now=now,
        customer=facts.customer,
        event=start,
        start=start,
        values=cast("Record", plan.values),
        object_kind=plan.object,
        object=facts.object or _NOTHING,
        things=facts.things,
        events=facts.events,
        sent=facts.sent,
        segments=facts.segments,
        named=facts.named,
        country=plan.country,
    )


def run_scope(plan: Plan, zone: ZoneInfo, state: State, facts: Facts, now: Instant) -> Scope:
    """Return the scope of everything asked inside a run: bare questions look back to its start."""
    return Scope(
        zone=zone,
        now=now,
        customer=facts.customer,
        event=state.event or _NOTHING,
        start=_dated(state, zone),
        memory=state.memory,
        values=cast("Record", plan.values),
        object_kind=plan.object,
        object=facts.object or _NOTHING,
        things=facts.things,
        events=facts.events,
        sent=facts.sent,
        segments=facts.segments,
        named=facts.named,
        started_at=state.started_at,
        start_seq=state.start_seq,
        in_run=True,
        country=plan.country,
    )


def _dated(state: State, zone: ZoneInfo) -> Record:
    """Return what ``start.`` is: ``start.date`` is the day the run began, unless its event brought a date itself."""
    start = state.start
    return start if start.get("date") is not None else {**start, "date": day_text(state.started_at, zone)}
