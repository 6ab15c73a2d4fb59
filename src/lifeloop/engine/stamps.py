"""Dates and date-times as they stand in data: ISO 8601 text, read strictly and remembered.

Anything else is *unknown*, never an error: data comes from everywhere.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.zones import instant_of
from lifeloop.journey.plan import Json

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STAMP = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_DATE_LENGTH = 10
_CACHED = 8192
"""Texts that are kept read: what people's records say is without end, and is asked again soon or never."""


def date_text(value: Json) -> str | None:
    """Return the date as written at the beginning of a text, None when there is none."""
    return value[:_DATE_LENGTH] if isinstance(value, str) and _DATE.match(value) else None


def instant_in(value: Json, zone: ZoneInfo) -> Instant | None:
    """Return the instant a text names, on that zone's clock unless it says an offset; None when it names none."""
    return _instant_in(value, zone) if isinstance(value, str) else None


@lru_cache(maxsize=_CACHED)
def _instant_in(text: str, zone: ZoneInfo) -> Instant | None:
    try:
        found = _stamp(text)
        return None if found is None else _on_clock(found, zone)
    except (ValueError, OverflowError):
        return None


def local_in(value: Json, zone: ZoneInfo) -> tuple[date, time | None] | None:
    """Return day and time of day on that zone's wall clock, without a time for a mere date; None when unknown."""
    return _local_in(value, zone) if isinstance(value, str) else None


@lru_cache(maxsize=_CACHED)
def _local_in(text: str, zone: ZoneInfo) -> tuple[date, time | None] | None:
    try:
        found = _stamp(text)
        if found is None:
            return None
        if found.tzinfo is not None:
            found = found.astimezone(zone)
    except (ValueError, OverflowError):
        return None
    is_date = len(text.strip()) == _DATE_LENGTH
    return found.date(), None if is_date else found.time().replace(microsecond=0)


def _stamp(text: str) -> datetime | None:
    text = text.strip()
    return datetime.fromisoformat(text) if _STAMP.fullmatch(text) else None


def _on_clock(found: datetime, zone: ZoneInfo) -> Instant:
    if found.tzinfo is not None:
        return int(found.replace(microsecond=0).timestamp())
    return instant_of(found.date(), found.time().replace(microsecond=0), zone)
