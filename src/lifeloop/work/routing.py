"""Passing facts on: an event or a changed record lets people in, moves their start, and wakes who is on the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine.routing import (
    ZONE,
    Routes,
    Start,
    change_candidate,
    date_candidate,
    event_candidate,
)
from lifeloop.engine.values import Candidate, Event, Facts, Record
from lifeloop.journey.plan import Json, Plan
from lifeloop.store import candidates, enrollments, facts, objects
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Change, NewCandidate, StoredEvent, Subject
from lifeloop.work.calling import is_long_over, note_calendars
from lifeloop.work.workspace import Workspace

Key = tuple[str, int, str, str]
"""Journey, customer, trigger, subject: what makes a candidate another one."""


def route_events(space: Workspace, tx: Tx, new: Sequence[StoredEvent], now: Instant) -> frozenset[str]:
    """Make candidates of whom these events let in, and wake whom they concern; returns the journeys that have work."""
    routes = space.plans.routes(tx)
    found = [made for event in new for made in _started(space, routes, event, now)]
    if found:
        candidates.add(tx, found)
    wakes = [(event.customer_id, routes.wakes_on_event.get(event.name, frozenset())) for event in new]
    return _stirred(tx, _wake(tx, wakes, now) | {one.candidate.journey for one in found})


def route_changes(space: Workspace, tx: Tx, changes: Sequence[Change], now: Instant) -> frozenset[str]:
    """Move date starts, make candidates of changes, and wake whom they concern; returns the journeys that have work."""
    if not changes:
        return frozenset()
    routes = space.plans.routes(tx)
    wakes = [(one.customer_id, routes.wakes_on_change.get(_attribute(one), frozenset())) for one in changes]
    dated = schedule(tx, _dated(routes, changes), now)
    changed = _changed(routes, changes, now)
    if changed:
        candidates.add(tx, changed)
    zones = {one.new for one in changes if _attribute(one) == ZONE and isinstance(one.new, str)}
    if zones:
        note_calendars(tx, routes.calendars, now, zones=sorted(zones))
    return _stirred(tx, _wake(tx, wakes, now) | dated | {one.candidate.journey for one in changed})


@dataclass(frozen=True, slots=True)
class Due:
    """One customer whose date start of one trigger must be worked out; ``object_key`` for one thing, None for all."""

    customer_id: int
    start: Start
    object_key: str | None = None

    @property
    def key(self) -> tuple[int, int, str | None]:
        """What makes it another one; a start is itself, because plans are too large to compare."""
        return self.customer_id, id(self.start), self.object_key


def schedule(tx: Tx, wanted: Iterable[Due], now: Instant) -> frozenset[str]:
    """Work out date starts anew: written where there is one now, forgotten where there is none any more."""
    expanded = _each_object(tx, _distinct(wanted))
    subjects = [Subject(one.customer_id, None, one.start.plan.object, one.object_key) for one in expanded]
    known = facts.records(tx, subjects)  # a date start asks nothing of the past
    there: list[NewCandidate] = []
    gone: list[Key] = []
    for one, records in zip(expanded, known, strict=True):
        made = _date_start(one, records, now)
        if made:
            there.append(made)
        else:
            gone.append((one.start.plan.journey, one.customer_id, "date", one.object_key or ""))
    if there:
        candidates.retime(tx, there)
    if gone:
        candidates.remove(tx, gone)
    return frozenset(one.candidate.journey for one in there)


def _date_start(one: Due, known: Facts | None, now: Instant) -> NewCandidate | None:
    if known is None or (one.start.plan.object is not None and known.object is None):
        return None
    made = date_candidate(one.start, known, now, one.object_key)
    return NewCandidate(one.customer_id, made, one.object_key or "") if made else None


def _each_object(tx: Tx, wanted: Sequence[Due]) -> list[Due]:
    """Spell out *all things of this customer* where a start is about things."""
    open_ones = [one for one in wanted if one.start.plan.object is not None and one.object_key is None]
    if not open_ones:
        return list(wanted)
    kinds = {one.start.plan.object for one in open_ones if one.start.plan.object}
    things = defaultdict(list)
    for thing in objects.of_customers(tx, sorted({one.customer_id for one in open_ones}), kinds):
        things[thing.customer_id, thing.kind].append(thing.key)
    spelled = [
        Due(one.customer_id, one.start, key)
        for one in open_ones
        for key in things[one.customer_id, one.start.plan.object or ""]
    ]
    about_one = [one for one in wanted if one.start.plan.object is None or one.object_key is not None]
    return _distinct([*about_one, *spelled])


def _distinct(wanted: Iterable[Due]) -> list[Due]:
    return list({one.key: one for one in wanted}.values())


def _dated(routes: Routes, changes: Sequence[Change]) -> Iterable[Due]:
    for change in changes:
        for start in routes.dates.get(_attribute(change), ()):
            about_it = start.plan.object is not None and change.name.root == start.plan.object
            yield Due(change.customer_id, start, change.object_key if about_it else None)


def _started(space: Workspace, routes: Routes, event: StoredEvent, now: Instant) -> Iterable[NewCandidate]:
    for start in routes.events.get(event.name, ()):
        if is_long_over(start.plan, event.at, now):
            continue
        key = object_key_in(space, start.plan, event.data)
        made = event_candidate(start, Event(event.seq, event.name, event.at, event.data), key)
        if made:
            yield NewCandidate(event.customer_id, made, str(event.seq))


def object_key_in(space: Workspace, plan: Plan, data: Record) -> str | None:
    """Return which thing an event is about, where the journey is about things and the event names its key."""
    kind = space.catalogue.objects.get(plan.object) if plan.object else None
    value = data.get(kind.key) if kind else None
    return None if value is None else str(value)


def _changed(routes: Routes, changes: Sequence[Change], now: Instant) -> list[NewCandidate]:
    found = []
    for change in changes:
        for start in routes.changes.get(_attribute(change), ()):
            made = _change_start(start, change, now)
            if made:
                found.append(NewCandidate(change.customer_id, made, f"{change.object_key or ''}@{now}"))
    return found


def _change_start(start: Start, change: Change, now: Instant) -> Candidate | None:
    before, after = _nested(change, change.old), _nested(change, change.new)
    return change_candidate(start, before, after, now, change.object_key)


def _nested(change: Change, value: Json) -> Record:
    record: Json = value
    for part in reversed(change.name.path):
        record = {part: record}
    return record if isinstance(record, dict) else {}


def _attribute(change: Change) -> str:
    return ".".join((change.name.root, *change.name.path[:1]))


def _wake(tx: Tx, wakes: Sequence[tuple[int, frozenset[str]]], now: Instant) -> frozenset[str]:
    named = [(customer, names) for customer, names in wakes if names]
    if named:
        enrollments.wake(tx, named, now)
    return frozenset(name for _, names in named for name in names)


def _stirred(tx: Tx, names: frozenset[str]) -> frozenset[str]:
    tx.stirred |= names
    return names
