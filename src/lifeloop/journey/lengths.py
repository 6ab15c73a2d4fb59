"""Lengths of time, read from what an author writes: ``3 days``, ``1 day 6 hours``, ``10 working days``, ``P3D``."""

from __future__ import annotations

import re

from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.length import Length
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Report, Scalar, is_long

_UNITS: dict[str, Length] = {
    "second": Length(seconds=1),
    "minute": Length(seconds=60),
    "hour": Length(seconds=3600),
    "day": Length(days=1),
    "week": Length(days=7),
    "month": Length(months=1),
    "year": Length(months=12),
    "working day": Length(working_days=1),
}
_SHORT = {
    "s": "second", "sec": "second", "secs": "second", "min": "minute", "mins": "minute", "h": "hour", "hr": "hour",
    "hrs": "hour", "d": "day", "w": "week", "wk": "week", "wks": "week", "mo": "month", "mos": "month", "y": "year",
    "yr": "year", "yrs": "year", "workday": "working day", "workdays": "working day", "weekday": "working day",
    "weekdays": "working day", "business day": "working day", "business days": "working day",
}  # fmt: skip
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_SPELLED = (*_UNITS, *(f"{unit}s" for unit in _UNITS))
_HOUR = 3600
_PART = re.compile(r"\s*(?:and\s+|,\s*)?(\d+|[a-z]+)\s*((?:working|business)\s+days?|[a-z]+)", re.IGNORECASE)
_ISO = re.compile(
    r"P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE
)
LONGEST = Length(months=1200, days=36_525, working_days=26_000, seconds=3_155_760_000)
"""A hundred years in each unit: more is a slip of the keyboard."""


def parse_length(text: str) -> Length | None:
    """Return the length that a text says, None when it says none (or one with words ``fmt`` would not write)."""
    return _iso(text) or _parts(text, strict=True)


def read_length(scalar: Scalar, report: Report) -> Length | None:
    """Return the length written there; None, with a diagnostic, when it is not one."""
    if is_long(scalar, "J111", "a length of time", report):
        return None
    text = scalar.text.strip()
    length = parse_length(text)
    if length is None:
        _explain(scalar, text, report)
        return None
    if _too_long(length):
        report.add("J111", f'"{text}" is longer than a hundred years', scalar.place, label="is that what you mean?")
        return None
    if length.working_days and length != Length(working_days=length.working_days):
        label = "write working days, or days and hours"
        report.add("J111", "working days stand alone", scalar.place, label=label)
        return None
    return length


def say_length(length: Length) -> str:
    """Return the one way to write a length."""
    if length == Length():
        return "0 days"
    parts = [
        _say(length.months // 12, "year"),
        _say(length.months % 12, "month"),
        _say(length.days, "day"),
        _say(length.working_days, "working day"),
        *_say_seconds(length.seconds),
    ]
    return " ".join(part for part in parts if part)


def _say(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}" if count else ""


def _say_seconds(seconds: int) -> tuple[str, str, str]:
    if seconds < 2 * _HOUR and seconds % 60 == 0 and seconds % _HOUR:
        return "", _say(seconds // 60, "minute"), ""
    return _say(seconds // _HOUR, "hour"), _say(seconds % _HOUR // 60, "minute"), _say(seconds % 60, "second")


def _iso(text: str) -> Length | None:
    found = _ISO.fullmatch(text.strip())
    if found is None:
        return None
    years, months, weeks, days, hours, minutes, seconds = (int(group or 0) for group in found.groups())
    return Length(years * 12 + months, weeks * 7 + days, 0, hours * 3600 + minutes * 60 + seconds)


def _parts(text: str, *, strict: bool) -> Length | None:
    position, total, text = 0, Length(), text.strip()
    while position < len(text):
        found = _PART.match(text, position)
        unit = _unit(found[2], strict=strict) if found else None
        count = _count(found[1]) if found else None
        if found is None or unit is None or count is None:
            return None
        total = _add(total, _UNITS[unit], count)
        position = found.end()
    return total if text else None


def _count(text: str) -> int | None:
    return int(text) if text.isdigit() else _NUMBERS.get(text.lower())


def _unit(text: str, *, strict: bool) -> str | None:
    word = " ".join(text.lower().split())
    if word in _UNITS:
        return word
    if word.endswith("s") and word[:-1] in _UNITS:
        return word[:-1]
    return None if strict else _SHORT.get(word)


def _add(total: Length, unit: Length, count: int) -> Length:
    return Length(
        total.months + unit.months * count,
        total.days + unit.days * count,
        total.working_days + unit.working_days * count,
        total.seconds + unit.seconds * count,
    )


def _too_long(length: Length) -> bool:
    return (
        length.months > LONGEST.months
        or length.days > LONGEST.days
        or length.working_days > LONGEST.working_days
        or length.seconds > LONGEST.seconds
    )


def _explain(scalar: Scalar, text: str, report: Report) -> None:
    message = f'"{text}" is not a length of time'
    if re.fullmatch(r"\d+", text):
        _ask_unit(scalar, text, report)
        return
    meant = _parts(text, strict=False)
    if meant is not None and meant != Length():
        said = say_length(meant)
        report.add("J111", message, scalar.place, label=f"write {said}", suggestions=(Suggestion(said, certain=True),))
        return
    near = _nearest(text)
    if near is not None:
        report.add("J111", message, scalar.place, label=f'did you mean "{near}"?', suggestions=(Suggestion(near),))
        return
    label = _decimal(text) or "write a number and a unit, for example 3 days, 2 weeks or 6 months"
    report.add("J111", message, scalar.place, label=label)


def _nearest(text: str) -> str | None:
    """Return the length that a misspelt one probably is: ``3 days`` for ``3 dayz``."""
    parts = [(found[1], nearest(found[2].strip(), _SPELLED)) for found in _PART.finditer(text)]
    length = _parts(" ".join(f"{count} {unit}" for count, unit in parts if unit), strict=True)
    whole = "".join(found.group() for found in _PART.finditer(text)) == text
    return say_length(length) if whole and length is not None and all(unit for _, unit in parts) else None


def _ask_unit(scalar: Scalar, text: str, report: Report) -> None:
    forms = [_say(int(text) or 1, unit) for unit in ("minute", "hour", "day", "week", "month")]
    label = f"{text} what? Write {', '.join(forms[:-1])} or {forms[-1]}"
    suggestions = tuple(Suggestion(form) for form in forms if int(text))
    report.add("J111", f'"{text}" is not a length of time', scalar.place, label=label, suggestions=suggestions)


def _decimal(text: str) -> str | None:
    found = re.fullmatch(r"(\d+)[.,](\d+)\s*([a-z ]+)", text, re.IGNORECASE)
    unit = _unit(found[3].strip(), strict=False) if found else None
    if found is None or unit is None:
        return None
    smaller = {
        "hour": ("minute", 60),
        "day": ("hour", 24),
        "week": ("day", 7),
        "year": ("month", 12),
        "minute": ("second", 60),
    }
    if unit not in smaller:
        return f"write whole {unit}s"
    name, factor = smaller[unit]
    return f"write whole numbers: {_say(round(float(f'{found[1]}.{found[2]}') * factor), name)}"
