"""Weekly windows: when is it open next. Bounds are ``[opens, closes)`` on the wall clock of a zone.

A window that runs over midnight belongs to the day it starts on, also for holidays. Both bounds go through
``instant_of``: a window that lies wholly inside the gap of a clock change stays shut that day.
"""

from __future__ import annotations

from datetime import date, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.errors import BrokenPlanError
from lifeloop.engine.holiday import is_day_off
from lifeloop.engine.zones import instant_of, local
from lifeloop.journey.moment import Hours

ANY_HOUR = Hours((1, 2, 3, 4, 5, 6, 7), time(), time())
"""Round the clock: what ``holidays: avoid`` means without hours."""

_DAY = timedelta(days=1)
_YEAR = 366


def next_open(hours: Hours, instant: Instant, zone: ZoneInfo, *, avoid: str | None = None) -> Instant:
    """Return the first instant inside the window, ``instant`` itself when inside; ``avoid``: holidays of a country.

    Raises:
        BrokenPlanError: the window does not open within a year.
    """
    today = local(instant, zone).date()
    for ahead in range(-1, _YEAR + 1):
        day = today + ahead * _DAY
        if day.isoweekday() not in hours.days or is_day_off(day, avoid):
            continue
        opens, closes = _window(hours, day, zone)
        if instant < closes and opens < closes:
            return max(instant, opens)
    raise BrokenPlanError("its hours never open")


@lru_cache(maxsize=16_384)
def _window(hours: Hours, day: date, zone: ZoneInfo) -> tuple[Instant, Instant]:
    last = day if hours.closes > hours.opens else day + _DAY
    return instant_of(day, hours.opens, zone), instant_of(last, hours.closes, zone)
