"""Lengths, moments, hours and limits in the words of the language: what an author would have written for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

from lifeloop.journey.catalogue import Limit
from lifeloop.journey.length import Length
from lifeloop.journey.moment import AtTime, FromAnchor, Hours, InHours, Moment, OnDate, OnMonthDay, OnWeekday

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WORKDAYS = (1, 2, 3, 4, 5)
WEEKEND = (6, 7)
EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)
DAYS_A_WEEK = 7
SAID_IN_WEEKS = range(21, 57)
MONTHS_A_YEAR = 12
MINUTE, HOUR = 60, 3600
TEENS = (11, 12, 13)


def length_words(length: Length) -> str:
    """Return ``3 days``, ``2 weeks``, ``1 year 6 months``, ``1 day 6 hours``, ``10 working days``."""
    parts = (*_month_parts(length.months), *_day_parts(length.days), (length.working_days, "working day"))
    said = [counted(number, unit) for number, unit in (*parts, *_second_parts(length.seconds)) if number]
    return " ".join(said) or "0 minutes"


def moment_words(moment: Moment) -> str:
    """Return what stands after ``until``: ``45 days before customer.contract_end at 10:00``."""
    match moment:
        case AtTime():
            return clock_words(moment.at)
        case OnWeekday(days=days):
            return f"{_a_day(days)} {'at ' if len(days) > 1 else ''}{clock_words(moment.at)}"
        case OnMonthDay():
            return f"the {ordinal(moment.day)} at {clock_words(moment.at)}"
        case OnDate():
            return f"{moment.on.isoformat()} {clock_words(moment.at)}"
        case InHours():
            return hours_words(moment.hours)
        case FromAnchor():
            return anchor_words(moment)


def anchor_words(moment: FromAnchor) -> str:
    """Return ``75 days before contract.ends at 10:00``."""
    side = "before" if moment.before else "after"
    at = f" at {clock_words(moment.at)}" if moment.at else ""
    return f"{length_words(moment.offset)} {side} {moment.anchor}{at}"


def until_words(until: Length | Moment) -> str:
    """Return ``3 days`` for a length, ``until …`` for a moment."""
    return length_words(until) if isinstance(until, Length) else f"until {moment_words(until)}"


def hours_words(hours: Hours) -> str:
    """Return ``weekdays 09:00-18:00``."""
    return f"{_days(hours.days)} {clock_words(hours.opens)}-{clock_words(hours.closes)}"


def limit_words(limit: Limit) -> str:
    """Return ``2 per week``, ``1 per 10 days``."""
    per = length_words(limit.per)
    return f"{limit.count} per {per.removeprefix('1 ')}"


def clock_words(at: time) -> str:
    """Return ``09:00``."""
    return at.strftime("%H:%M")


def counted(number: int, noun: str) -> str:
    """Return ``1 day`` or ``3 days``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def ordinal(number: int) -> str:
    """Return ``1st``, ``2nd``, ``3rd``, ``11th``."""
    ending = "th" if number % 100 in TEENS else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _a_day(days: tuple[int, ...]) -> str:
    if days == WORKDAYS:
        return "a weekday"
    if days == EVERY_DAY:
        return "any day"
    return _listed([WEEKDAYS[day - 1] for day in days], "or")


def _days(days: tuple[int, ...]) -> str:
    known = {WORKDAYS: "weekdays", WEEKEND: "weekends", EVERY_DAY: "every day"}
    return known.get(days) or ", ".join(WEEKDAYS[day - 1] for day in days)


def _listed(words: Sequence[str], joiner: str) -> str:
    *first, last = words
    return f"{', '.join(first)} {joiner} {last}" if first else last


def _month_parts(months: int) -> tuple[tuple[int, str], ...]:
    # The value does not remember its unit; people write "12 months" and "2 years", hardly ever "24 months".
    if months > MONTHS_A_YEAR and months % MONTHS_A_YEAR == 0:
        return ((months // MONTHS_A_YEAR, "year"),)
    return ((months, "month"),)


def _day_parts(days: int) -> tuple[tuple[int, str], ...]:
    # The same: "7 days", "14 days", but "3 weeks"; and "90 days" stays what it is.
    if days % DAYS_A_WEEK == 0 and days in SAID_IN_WEEKS:
        return ((days // DAYS_A_WEEK, "week"),)
    return ((days, "day"),)


def _second_parts(seconds: int) -> tuple[tuple[int, str], ...]:
    hours, rest = divmod(seconds, HOUR)
    minutes, left = divmod(rest, MINUTE)
    if hours == 1 and minutes and not left:
        return ((HOUR // MINUTE + minutes, "minute"),)
    return (hours, "hour"), (minutes, "minute"), (left, "second")
