"""Calendar starts: noted once per time zone, and when one comes round its whole audience is called in by SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from lifeloop.clock import Instant
from lifeloop.engine.routing import Start, calendar_candidate
from lifeloop.journey.plan import OnCalendar, Plan
from lifeloop.store import customers, journeys, occasions
from lifeloop.store.conditions import Reading
from lifeloop.store.occasions import EVERYBODY, NOWHERE, Occasion
from lifeloop.store.transaction import Tx
from lifeloop.work.knowing import at_most
from lifeloop.work.workspace import Workspace

A_DAY = 86_400
SLICE = 5000
"""Customers in one transaction: others write in between, and a crash repeats no more than this."""


def note_calendars(tx: Tx, starts: Iterable[Start], now: Instant, *, zones: Sequence[str] | None = None) -> None:
    """Note when calendars come round in zones that were not known until now; ``zones`` None: in all there are."""
    wanted = list(starts)
    if wanted:
        occasions.note(tx, _next(wanted, customers.zones(tx) if zones is None else zones, now))


def plan_calendars(tx: Tx, changed: Iterable[str], starts: Iterable[Start], now: Instant) -> None:
    """Note when the calendars of journeys that have just changed come round; what they had ahead is forgotten."""
    occasions.drop(tx, list(changed), now)
    note_calendars(tx, starts, now)


def call_in(space: Workspace, now: Instant, names: Sequence[str] | None) -> Iterator[int]:
    """Make candidates of the audiences of all occasions that have come, each slice in a transaction of its own.

    Gives how many were called in each; whoever asks for no more leaves the others for later.
    """
    while (more := _call_slice(space, now, names)) is not None:
        yield more


def is_long_over(plan: Plan, at: Instant, now: Instant) -> bool:
    """Tell whether a start is surely too late, on whatever clock: years of old events need not be asked one by one."""
    return plan.ahead is None and at + at_most(plan.grace) + A_DAY < now


def _call_slice(space: Workspace, now: Instant, names: Sequence[str] | None) -> int | None:
    with space.store.transaction() as tx:
        journeys.hold(tx)
        one = occasions.claim(tx, names, now)
        if one is None:
            return None
        start = _start_of(space, tx, one)
        if start is None:
            occasions.drop(tx, [one.journey], 0)
            return 0
        last = None if is_long_over(start.plan, one.due_at, now) else occasions.last_of_slice(tx, one, SLICE)
        if last is None:
            occasions.proceed(tx, one, due_at=_next_at(start, one.zone, now))
            return 0
        called = occasions.call_in(tx, one, last, start.plan.audience, _reading(space, start, now))
        occasions.proceed(tx, one, after=last)
        return called


def _start_of(space: Workspace, tx: Tx, one: Occasion) -> Start | None:
    """Return what an occasion is of; None when that journey is no longer live, or starts otherwise."""
    plan = space.plans.live(tx).get(one.journey)
    if plan is None or one.place >= len(plan.triggers) or not isinstance(plan.triggers[one.place], OnCalendar):
        return None
    return Start(plan, plan.triggers[one.place])


def _reading(space: Workspace, start: Start, now: Instant) -> Reading:
    catalogue, plan = space.catalogue, start.plan
    return Reading(now, catalogue.timezone, catalogue.segments, plan.timezone, plan.country, plan.values)


def _next(starts: Iterable[Start], zones: Sequence[str], now: Instant) -> list[Occasion]:
    return [
        Occasion(start.plan.journey, start.plan.triggers.index(start.trigger), zone, _next_at(start, zone, now))
        for start in starts
        for zone in ([NOWHERE, *zones] if start.plan.timezone == "customer" else [EVERYBODY])
    ]


def _next_at(start: Start, zone: str, now: Instant) -> Instant:
    person = {} if zone in (EVERYBODY, NOWHERE) else {"timezone": zone}
    made = calendar_candidate(start, person, now)
    assert made is not None  # noqa: S101  # only calendar starts have occasions
    return made.due_at
