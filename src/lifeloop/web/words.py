"""How the page writes dates, numbers and names: plain English, in the time zone of the project."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
CHANNELS = {"sms": "text message", "push": "push", "call": "call", "ask": "question"}


def local(instant: Instant, zone: ZoneInfo) -> datetime:
    """Return an instant on the project's wall clock."""
    return datetime.fromtimestamp(instant, zone)


def long_time(moment: datetime) -> str:
    """Write ``Tue 19 May 2026, 10:00``."""
    return f"{long_day(moment.date())}, {moment:%H:%M}"


def short_time(moment: datetime) -> str:
    """Write ``19 May 10:00``."""
    return f"{moment.day} {MONTHS[moment.month - 1]} {moment:%H:%M}"


def long_day(day: date) -> str:
    """Write ``Tue 19 May 2026``."""
    return f"{DAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}"


def period(first: date, last: date) -> str:
    """Write ``in 2026`` where that is all of it, else the months it spans."""
    if first.year == last.year:
        return f"in {first.year}"
    return f"from {MONTHS[first.month - 1]} {first.year} to {MONTHS[last.month - 1]} {last.year}"


def initials(name: str) -> str:
    """Return one or two letters for the round picture of a person."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    letters = [word[0] for word in (words[:1] + words[1:][-1:])]
    return "".join(letters).upper() or "?"


def number(count: int) -> str:
    """Write ``3,412``."""
    return f"{count:,}"


def channel(name: str) -> str:
    """Name a way out in plain words."""
    return CHANNELS.get(name, name)
