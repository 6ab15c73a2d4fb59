"""Lengths and moments on a customer's wall clock. Knows calendars; does not know journeys.

Calendar parts (months, then days, then working days) move the wall clock and are resolved once; hours and minutes
are exact and come last. Nothing is chained: the n-th repeat is counted from the anchor, so the 31st never drifts
to the 28th. Calendar arithmetic on dates is pendulum's; wall clocks become instants in ``zones.instant_of``.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pendulum

from lifeloop.clock import Instant
from lifeloop.engine.holiday import is_working_day
from lifeloop.engine.hours import next_open
from lifeloop.engine.stamps import local_in
from lifeloop.engine.zones import instant_of, local, steady_offset
from lifeloop.journey.length import Length
from lifeloop.journey.moment import AtTime, FromAnchor, InHours, Moment, OnDate, OnMonthDay, OnWeekday
from lifeloop.journey.plan import Json

_MINUTE = 60
_DAY = 86_400
_CACHED = 16_384
_MIDNIGHT = time()


def add_length(
    instant: Instant, length: Length, zone: ZoneInfo, *, back: bool = False, country: str | None = None
) -> Instant:
    """Return the instant that length later, or earlier with ``back``, on the zone's wall clock."""
    sign = -1 if back else 1
    if not (length.months or length.days or length.working_days):
        return instant + sign * length.seconds
    exact = sign * length.seconds
    if not (length.months or length.working_days):
        # Mere days, and the same clock here and there: those days have 24 hours each.
        there = instant + sign * length.days * _DAY
        offset = steady_offset(there // _DAY, zone)
        if offset is not None and offset == steady_offset(instant // _DAY, zone):
            return there + exact
    shown = local(instant, zone)
    day = shift_day(shown.date(), length, back=back, country=country)
    return instant_of(day, shown.time(), zone) + exact


def occurrence(anchor: Instant, every: Length, number: int, zone: ZoneInfo, *, country: str | None = None) -> Instant:
    """Return the ``number``-th repeat, counted from the anchor."""
    whole = Length(every.months * number, every.days * number, every.working_days * number, every.seconds * number)
    return add_length(anchor, whole, zone, country=country)


@lru_cache(maxsize=_CACHED)
def shift_day(day: date, length: Length, *, back: bool = False, country: str | None = None) -> date:
    """Move a date by the calendar parts of a length: months clamp to the end of the month, then days."""
    sign = -1 if back else 1
    moved = pendulum.date(day.year, day.month, day.day).add(months=sign * length.months)
    plain = date(moved.year, moved.month, moved.day) + timedelta(days=sign * length.days)
    return _shift_working(plain, sign * length.working_days, country)


def _shift_working(day: date, count: int, country: str | None) -> date:
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left:
        day += step
        left -= is_working_day(day, country)
    return day


def next_moment(moment: Moment, now: Instant, zone: ZoneInfo) -> Instant | None:
    """Return when a moment counted from ``now`` comes; ``now`` itself when the wall clock shows it at this minute.

    A date lies where it lies, also in the past. None for a moment that is counted from data (``anchor_moment``).
    """
    match moment:
        case AtTime(at=at):
            return max(now, _first(_every_day(), at, zone, now - _MINUTE + 1))
        case OnWeekday() | OnMonthDay():
            return max(now, _first(moment, moment.at, zone, now - _MINUTE + 1))
        case OnDate(on=on, at=at):
            return instant_of(on, at, zone)
        case InHours(hours=hours):
            return next_open(hours, now, zone)
        case FromAnchor():
            return None


def next_occurrence(every: OnWeekday | OnMonthDay, after: Instant, zone: ZoneInfo) -> Instant:
    """Return the first time a calendar start comes round strictly after an instant."""
    return _first(every, every.at, zone, after + 1)


def anchor_moment(moment: FromAnchor, value: Json, zone: ZoneInfo, *, country: str | None = None) -> Instant | None:
    """Return the moment counted from a date in the data, None when that date is unknown or out of the calendar."""
    found = local_in(value, zone)
    if found is None:
        return None
    try:
        day = shift_day(found[0], moment.offset, back=moment.before, country=country)
        at = instant_of(day, moment.at or found[1] or _MIDNIGHT, zone)
    except (ValueError, OverflowError):
        return None
    return at - moment.offset.seconds if moment.before else at + moment.offset.seconds


def _every_day() -> OnWeekday:
    return OnWeekday((1, 2, 3, 4, 5, 6, 7), _MIDNIGHT)


def _first(days: OnWeekday | OnMonthDay, at: time, zone: ZoneInfo, earliest: Instant) -> Instant:
    """Return the first such day and time not before ``earliest``; yesterday counts where a gap pushed it over."""
    day = local(earliest, zone).date() - timedelta(days=1)
    while True:
        if _is_on(day, days):
            found = instant_of(day, at, zone)
            if found >= earliest:
                return found
        day += timedelta(days=1)


def _is_on(day: date, days: OnWeekday | OnMonthDay) -> bool:
    if isinstance(days, OnWeekday):
        return day.isoweekday() in days.days
    return day.day == min(days.day, _days_in_month(day))


def _days_in_month(day: date) -> int:
    following = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return (following - timedelta(days=1)).day
