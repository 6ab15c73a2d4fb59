"""Moments as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.zones import local, zone_named
from lifeloop.journey.prose_time import counted

MINUTE, HOUR, DAY = 60, 3600, 86_400


def when(instant: Instant, zone: ZoneInfo, now: Instant) -> str:
    """Return ``Thu 16 Apr 10:00`` on that zone's clock, with the year where it is another."""
    wall = local(instant, zone)
    year = f" {wall:%Y}" if wall.year != local(now, zone).year else ""
    return f"{wall:%a %d %b}{year} {wall:%H:%M}"


def iso(instant: Instant) -> str:
    """Return ``2026-04-16T09:00:00+00:00``."""
    return datetime.fromtimestamp(instant, UTC).isoformat()


def iso_or_none(instant: Instant | None) -> str | None:
    """Return the moment for a program; None where there is none."""
    return None if instant is None else iso(instant)


def ahead(instant: Instant, now: Instant) -> str:
    """Return ``in 3 days``, ``5 minutes ago``, ``now``, ``just now``."""
    seconds = abs(instant - now)
    if seconds < MINUTE:
        return "now" if instant >= now else "just now"
    unit, noun = next(
        (size, word) for size, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")) if seconds >= size
    )
    length = counted(round(seconds / unit), noun)
    return f"in {length}" if instant > now else f"{length} ago"


def zone_for(timezone: object, project: str) -> ZoneInfo:
    """Return a customer's zone, or else the project's."""
    return (zone_named(timezone) if isinstance(timezone, str) else None) or zone_named(project) or ZoneInfo("UTC")
