"""Time zones: which one holds for a customer, and the one function that turns a wall clock into an instant.

Python's ``fold`` rules and pendulum's both move a time that does not exist forward by the length of the gap. The
promise here is another: **a local time that does not exist is the first instant after the gap, one that happens
twice is the first**. Every local time in Lifeloop becomes an instant through ``instant_of``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, available_timezones

from lifeloop.clock import Instant
from lifeloop.journey.plan import Json, Plan

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # naive on purpose: wall clocks are compared with wall clocks
_FIRST_DAY = date(1970, 1, 1).toordinal()
_DAY = 86_400
_CACHED = 65_536
_OF_PEOPLE = 16_384
"""What is asked of people's own moments is kept for as long as it is asked again soon: they are without end."""


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def zone_named(name: Json) -> ZoneInfo | None:
    """Return the zone of that IANA name, None when there is none: folders, paths and offsets are not zones."""
    return _zone(name) if isinstance(name, str) and name in _known_zones() else None


def zone_of(customer: Mapping[str, Json], plan: Plan) -> ZoneInfo:
    """Return the zone this customer's times are on: the journey's own, the customer's, or else the project's."""
    wanted = customer.get("timezone") if plan.timezone == "customer" else plan.timezone
    return _first_named(wanted if isinstance(wanted, str) else None, plan.project_timezone)


@lru_cache(maxsize=_CACHED)
def _first_named(wanted: str | None, project: str) -> ZoneInfo:
    return zone_named(wanted) or zone_named(project) or _zone("UTC")


def local(instant: Instant, zone: ZoneInfo) -> datetime:
    """Return what the wall clock of that zone shows."""
    return datetime.fromtimestamp(instant, zone)


def day_text(instant: Instant, zone: ZoneInfo) -> str:
    """Return the local date as ``YYYY-MM-DD``."""
    offset = steady_offset(instant // _DAY, zone)
    return local(instant, zone).date().isoformat() if offset is None else _date_text((instant + offset) // _DAY)


@lru_cache(maxsize=_CACHED)
def _date_text(day: int) -> str:
    return date.fromordinal(_FIRST_DAY + day).isoformat()


@lru_cache(maxsize=_CACHED)
def steady_offset(day: int, zone: ZoneInfo) -> int | None:
    """Return how many seconds a clock is ahead of UTC all through a day of UTC, counted from 1970, and the day before.

    None where the clock is changed meanwhile, and before 1970. So no time within that day happens twice, and none is
    left out. Since 1970 no zone has changed its clock twice within four days.
    """
    if day < 0:
        return None
    first, *others = (local(at * _DAY, zone).utcoffset() for at in (day - 1, day, day + 1))
    return _seconds(first or timedelta()) if all(each == first for each in others) else None


@lru_cache(maxsize=_OF_PEOPLE)
def instant_of(day: date, at: time, zone: ZoneInfo) -> Instant:
    """Return the instant a wall clock shows that day and time; see the head of this file for gaps and overlaps."""
    wall = datetime.combine(day, at).replace(microsecond=0)
    before, after = _offsets(wall, zone)
    if before < after:
        return _end_of_gap(wall, zone, before, after)
    return _seconds(wall - _EPOCH - before)


def _offsets(wall: datetime, zone: ZoneInfo) -> tuple[timedelta, timedelta]:
    """Return the offsets of both readings of a wall time; they differ only in a gap (rising) or an overlap."""
    first = wall.replace(tzinfo=zone)
    return first.utcoffset() or timedelta(), first.replace(fold=1).utcoffset() or timedelta()


def _end_of_gap(wall: datetime, zone: ZoneInfo, before: timedelta, after: timedelta) -> Instant:
    """Find the clock change itself: it lies between the wall time read with the later and with the earlier offset."""
    low, high = _seconds(wall - _EPOCH - after), _seconds(wall - _EPOCH - before)
    changed = bisect_left(range(low, high), True, key=lambda at: local(at, zone).utcoffset() != before)
    return low + changed


def _seconds(delta: timedelta) -> int:
    return delta.days * 86_400 + delta.seconds


def utc(instant: Instant) -> str:
    """Return the instant as ``YYYY-MM-DDTHH:MM:SSZ``, for data that others read."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
