"""Times of day and days of the week, in the words people use for them."""

from __future__ import annotations

import re
from datetime import time

from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Report, Scalar

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WEEKDAYS = (1, 2, 3, 4, 5)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
WEEKEND = (6, 7)
_NOON = 12

_GROUPS = {
    **dict.fromkeys(("weekday", "weekdays", "a weekday", "working day", "working days", "a working day"), WEEKDAYS),
    **dict.fromkeys(("weekend", "weekends", "the weekend", "a weekend day", "weekend day"), WEEKEND),
    **dict.fromkeys(("day", "days", "every day", "daily", "any day", "each day", "all days"), EVERY_DAY),
}
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d\d))?(?::00)?\s?([ap]m)?", re.IGNORECASE)


def parse_time(text: str, *, end: bool = False) -> time | None:
    """Return a time of day: ``10:00``, ``9:30``, ``10am``, ``noon``. ``end``: 24:00 is allowed and is midnight."""
    word = text.strip().lower()
    if word in {"noon", "midnight"}:
        return time(_NOON if word == "noon" else 0)
    found = _TIME.fullmatch(word)
    if found is None or (found[2] is None and found[3] is None):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if end and (hour, minute, found[3]) == (24, 0, None):
        return time(0)
    if found[3]:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if found[3] == "pm" else 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None  # noqa: PLR2004  # hours and minutes of a day


def read_time(scalar: Scalar, report: Report) -> time | None:
    """Return the time of day written there; None, with a diagnostic, when it is not one."""
    at = parse_time(scalar.text)
    if at is None:
        text = scalar.text.strip()
        hour = int(text) if re.fullmatch(r"\d{1,2}", text) else None
        fixed = f"{hour:02}:00" if hour is not None and hour < 24 else None  # noqa: PLR2004  # hours of a day
        label = f"write {fixed}" if fixed else "write hours and minutes, for example 10:00"
        suggestions = (Suggestion(fixed, certain=True),) if fixed else ()
        report.add("J116", f'"{text}" is not a time of day', scalar.place, label=label, suggestions=suggestions)
    return at


def say_time(at: time) -> str:
    """Return a time of day as it is written: ``09:00``."""
    return f"{at.hour:02}:{at.minute:02}"


def find_days(text: str) -> tuple[int, ...] | None:
    """Return ISO weekdays for ``Tuesday``, ``Monday to Friday``, ``Sat, Sun``, ``weekdays``; None: no days."""
    word = " ".join(text.lower().split())
    word = re.sub(r"^(?:on |every |each |next |the next )(?=\w)", "", word) if word not in _GROUPS else word
    if word in _GROUPS:
        return _GROUPS[word]
    found: list[int] = []
    for piece in re.split(r"\s*,\s*(?:and\s+|or\s+)?|\s+and\s+|\s+or\s+", word):
        days = _GROUPS.get(piece) or _span(piece)
        if days is None:
            return None
        found += days
    return tuple(sorted(set(found))) or None


def near_days(words: str) -> str | None:
    """Return the days that misspelt words probably mean."""
    return nearest(words, (*DAYS, "every day", "weekdays", "a weekday", "weekend"))


def say_days(days: tuple[int, ...]) -> str:
    """Return weekdays as they are written: ``weekdays``, ``every day``, ``Monday to Thursday``, ``Monday, Friday``."""
    if days in {WEEKDAYS: "", EVERY_DAY: "", WEEKEND: ""}:
        return {WEEKDAYS: "weekdays", EVERY_DAY: "every day", WEEKEND: "weekend"}[days]
    names = [DAYS[day - 1] for day in days]
    if len(days) > 2 and days == tuple(range(days[0], days[0] + len(days))):  # noqa: PLR2004  # a stretch, not a pair
        return f"{names[0]} to {names[-1]}"
    return ", ".join(names)


def _span(piece: str) -> tuple[int, ...] | None:
    ends = [_day(name) for name in re.split(r"\s*(?:-|\u2013|\bto\b|\btill\b|\bthrough\b)\s*", piece)]
    if any(end is None for end in ends) or len(ends) > 2:  # noqa: PLR2004  # from and to
        return None
    first, last = ends[0] or 0, ends[-1] or 0
    return tuple((first + step - 1) % 7 + 1 for step in range((last - first) % 7 + 1))


def _day(name: str) -> int | None:
    short = name.strip().removeprefix("a ").removesuffix(".")
    short = short.removesuffix("s") if short.endswith("days") else short
    matches = [n for n, day in enumerate(DAYS, 1) if len(short) >= 2 and day.lower().startswith(short)]  # noqa: PLR2004  # "Mo"
    return matches[0] if len(matches) == 1 else None
