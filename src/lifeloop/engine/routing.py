"""From a fact to the journeys it concerns: whom it lets in, whom it wakes. Knows plans; knows no customers in bulk.

``make_routes`` turns the plans into look-ups by name, once; after that each event or changed attribute costs one look.
Conditions on a start are asked here only as far as the fact itself answers them. ``enter`` asks all of them again,
with everything known, so a candidate too many costs time and never a wrong entry.

A date start is a candidate with a moment. When data change that it is counted from (or that its ``where`` reads),
ask ``date_candidate`` again: it has the new moment, or is None where the customer no longer has one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.asked import asks_only, names_in
from lifeloop.engine.conditions import holds
from lifeloop.engine.explain import value_of
from lifeloop.engine.scope import Scope, audience_scope
from lifeloop.engine.timing import add_length, anchor_moment, next_occurrence
from lifeloop.engine.values import Candidate, Event, Facts, Record
from lifeloop.engine.zones import zone_of
from lifeloop.journey.condition import ALWAYS, DataName
from lifeloop.journey.plan import OnCalendar, OnChange, OnEvent, OnMoment, OnSegment, Plan, Trigger

ZONE = "customer.timezone"
_OF_THE_EVENT = frozenset({"event", "start", "values"})


@dataclass(frozen=True, slots=True)
class Start:
    """One trigger of one live plan."""

    plan: Plan
    trigger: Trigger


@dataclass(frozen=True, slots=True)
class Routes:
    """Look-ups by name: of an event, of an attribute (``customer.status``), of a segment."""

    events: Mapping[str, tuple[Start, ...]]
    changes: Mapping[str, tuple[Start, ...]]
    dates: Mapping[str, tuple[Start, ...]]
    segments: Mapping[str, tuple[Start, ...]]
    calendars: tuple[Start, ...]
    wakes_on_event: Mapping[str, frozenset[str]]
    """Names of journeys whose runs an event can move, stop or convert."""
    wakes_on_change: Mapping[str, frozenset[str]]
    """Names of journeys whose runs a changed attribute can re-time or stop."""


def make_routes(live: Iterable[Plan], running: Iterable[Plan] = ()) -> Routes:
    """Index plans: ``live`` ones let people in; they and older ones still ``running`` have people to wake."""
    plans = tuple(live)
    starts = [Start(plan, trigger) for plan in plans for trigger in plan.triggers]
    everybody = (*plans, *running)
    return Routes(
        events=_by(starts, lambda start: _event_names(start.trigger)),
        changes=_by(starts, lambda start: _changed_names(start.trigger)),
        dates=_by(starts, lambda start: _date_names(start.plan, start.trigger)),
        segments=_by(starts, lambda start: _segment_names(start.trigger)),
        calendars=tuple(start for start in starts if isinstance(start.trigger, OnCalendar)),
        wakes_on_event=_journeys(everybody, lambda plan: plan.listens),
        wakes_on_change=_journeys(everybody, _watched),
    )


def changed(before: Record, after: Record, root: str) -> tuple[str, ...]:
    """Return the names of the attributes in which two versions of a record differ; null and absent are the same."""
    return tuple(f"{root}.{name}" for name in sorted({*before, *after}) if before.get(name) != after.get(name))


def event_candidate(start: Start, event: Event, object_key: str | None = None) -> Candidate | None:
    """Return who an event makes a candidate, at the time it happened; None when its own data rule it out."""
    trigger = start.trigger
    if not isinstance(trigger, OnEvent) or trigger.event != event.name:
        return None
    if trigger.where != ALWAYS and asks_only(trigger.where, _OF_THE_EVENT):
        facts = Facts("", {})
        if not holds(trigger.where, audience_scope(start.plan, facts, event.at, event.data)):
            return None
    return Candidate(start.plan.journey, event.at, "event", event.data, event.seq, object_key)


def date_candidate(start: Start, facts: Facts, now: Instant, object_key: str | None = None) -> Candidate | None:
    """Return the date start of a customer, or of one object of theirs, as the data stand; None when there is none.

    A start that lies further back than the grace is one only in a journey that can be joined late.
    """
    trigger, plan = start.trigger, start.plan
    if not isinstance(trigger, OnMoment):
        return None
    scope = audience_scope(plan, facts, now, {})
    moment = start_moment(trigger, scope)
    if moment is None or (plan.ahead is None and _is_over(plan, moment, scope)):
        return None
    own = frozenset({"customer", "values", *((plan.object,) if plan.object else ())})
    if asks_only(trigger.where, own) and not holds(trigger.where, scope):
        return None
    return Candidate(plan.journey, moment, "date", object_key=object_key)


def start_moment(trigger: OnMoment, scope: Scope) -> Instant | None:
    """Return the first of a date start's moments whose date is known."""
    moments = (_moment(each, scope) for each in trigger.moments)
    return next((moment for moment in moments if moment is not None), None)


def change_candidate(
    start: Start, before: Record, after: Record, now: Instant, object_key: str | None = None
) -> Candidate | None:
    """Return who a change of a record makes a candidate; ``start.before`` and ``start.after`` tell the change."""
    trigger = start.trigger
    if not isinstance(trigger, OnChange):
        return None
    was, became = (_inside(record, trigger.attribute) for record in (before, after))
    if was == became or (trigger.to is not None and not _same(became, trigger.to)):
        return None
    told: Record = {"before": was, "after": became}
    return Candidate(start.plan.journey, now, "change", told, object_key=object_key)


def segment_candidate(start: Start, now: Instant, *, joined: bool) -> Candidate | None:
    """Return who joining or leaving a segment makes a candidate."""
    trigger = start.trigger
    if not isinstance(trigger, OnSegment) or trigger.leaves is joined:
        return None
    return Candidate(start.plan.journey, now, "segment")


def calendar_candidate(start: Start, customer: Record, after: Instant) -> Candidate | None:
    """Return the next calendar start strictly after an instant, on this customer's clock."""
    if not isinstance(start.trigger, OnCalendar):
        return None
    at = next_occurrence(start.trigger.every, after, zone_of(customer, start.plan))
    return Candidate(start.plan.journey, at, "calendar")


def hand_candidate(
    plan: Plan, facts: Facts, now: Instant, given: Record | None = None, object_key: str | None = None
) -> Candidate:
    """Return somebody entered by hand: now, or at the date start they have missed, so that they join in late."""
    scope = audience_scope(plan, facts, now, given or {})
    moments = (start_moment(trigger, scope) for trigger in plan.triggers if isinstance(trigger, OnMoment))
    missed = next((moment for moment in moments if moment is not None), now)
    return Candidate(plan.journey, min(missed, now), "hand", given or {}, object_key=object_key)


def _moment(moment: Any, scope: Scope) -> Instant | None:
    return anchor_moment(moment, value_of(moment.anchor, scope), scope.zone, country=scope.country)


def _is_over(plan: Plan, moment: Instant, scope: Scope) -> bool:
    return add_length(moment, plan.grace, scope.zone, country=plan.country) < scope.now


def _inside(record: Record, name: DataName) -> Any:
    found: Any = record
    for part in name.path:
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _same(value: Any, wanted: Any) -> bool:
    return bool(value == wanted) and isinstance(value, bool) is isinstance(wanted, bool)


def _event_names(trigger: Trigger) -> Iterator[str]:
    if isinstance(trigger, OnEvent):
        yield trigger.event


def _segment_names(trigger: Trigger) -> Iterator[str]:
    if isinstance(trigger, OnSegment):
        yield trigger.segment


def _changed_names(trigger: Trigger) -> Iterator[str]:
    if isinstance(trigger, OnChange):
        yield _short(trigger.attribute)


def _date_names(plan: Plan, trigger: Trigger) -> Iterator[str]:
    if isinstance(trigger, OnMoment):
        yield from (_short(moment.anchor) for moment in trigger.moments)
        yield from (_short(name) for name in names_in(trigger.where))
        if plan.timezone == "customer":
            yield ZONE


def _watched(plan: Plan) -> Iterator[str]:
    yield from (_short(name) for name in plan.watches)
    if plan.timezone == "customer":
        yield ZONE


def _short(name: DataName) -> str:
    """Return the attribute a name lies in: changes are told by attribute, however deep they are."""
    return ".".join((name.root, *name.path[:1]))


def _by(starts: Iterable[Start], names_of: Callable[[Start], Iterator[str]]) -> Mapping[str, tuple[Start, ...]]:
    found: dict[str, tuple[Start, ...]] = {}
    for start in starts:
        for name in dict.fromkeys(names_of(start)):
            found[name] = (*found.get(name, ()), start)
    return found


def _journeys(plans: Iterable[Plan], names_of: Callable[[Plan], Iterable[str]]) -> Mapping[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for plan in plans:
        for name in names_of(plan):
            found.setdefault(name, set()).add(plan.journey)
    return {name: frozenset(journeys) for name, journeys in found.items()}
