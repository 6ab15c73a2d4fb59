"""How the cut-off of "30 days ago" goes along with the clock: second by second, but for jumps known beforehand.

While nothing jumps, a cut-off reaches a moment in exactly as many seconds as lie between the two. So it can be said
when a condition may turn, without asking it again in the meantime.
"""

from __future__ import annotations

from functools import lru_cache
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.timing import add_length
from lifeloop.engine.zones import day_text
from lifeloop.journey.length import Length

DAY = 86_400
QUARTER = 900
"""Clocks of this century change on a quarter of an hour."""
_CLOCK_CHANGES = 4 * 3600
_MONTHS_DIFFER = 4 * DAY
_HOLIDAYS = 21 * DAY
_CACHED = 16_384


def leeway(length: Length) -> int:
    """Return by how many seconds, at most, a cut-off may get ahead of the clock or behind it."""
    if not (length.months or length.days or length.working_days):
        return 0
    working = 2 * length.working_days * DAY + _HOLIDAYS if length.working_days else 0
    return _CLOCK_CHANGES + (_MONTHS_DIFFER if length.months else 0) + working


def next_jump(
    now: Instant, zone: ZoneInfo, length: Length, *, back: bool, country: str | None = None, by_day: bool = False
) -> Instant:
    """Return until when the cut-off surely goes along with the clock: its next jump, or the end of this UTC day.

    ``by_day``: only the day of the cut-off counts, so its midnight is a jump.
    """
    day = now // DAY
    jumps = _jumps(day, zone, length, back=back, country=country, by_day=by_day)
    return next((jump for jump in jumps if jump > now), (day + 1) * DAY)


@lru_cache(maxsize=_CACHED)
def _jumps(
    day: int, zone: ZoneInfo, length: Length, *, back: bool, country: str | None, by_day: bool
) -> tuple[Instant, ...]:
    moments = range(day * DAY, (day + 1) * DAY + 1, QUARTER)
    cutoffs = [add_length(moment, length, zone, back=back, country=country) for moment in moments]
    days = [day_text(cutoff, zone) for cutoff in cutoffs] if by_day else [""] * len(cutoffs)
    found = {
        moment
        for place in range(len(cutoffs) - 1)
        if cutoffs[place + 1] - cutoffs[place] != QUARTER or days[place] != days[place + 1]
        for moment in (moments[place], moments[place + 1])
    }
    return tuple(sorted(found))
