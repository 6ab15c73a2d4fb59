"""Lengths and moments as a person says them: like ``lifeloop.journey.saying``, but in weeks and years where people do.

A value does not remember its unit. People write "7 days" and "14 days", but "3 weeks"; "12 months", but "2 years".
"""

from __future__ import annotations

from lifeloop.journey.length import Length
from lifeloop.journey.lengths import say_length
from lifeloop.journey.moment import FromAnchor, Moment
from lifeloop.journey.saying import say_moment
from lifeloop.journey.times import say_time

DAYS_A_WEEK = 7
SAID_IN_WEEKS = range(21, 57)
MONTHS_A_YEAR = 12


def length_words(length: Length) -> str:
    """Return ``3 days``, ``3 weeks``, ``18 months``, ``1 day 6 hours``, ``10 working days``."""
    if length == Length(days=length.days) and length.days in SAID_IN_WEEKS and length.days % DAYS_A_WEEK == 0:
        return counted(length.days // DAYS_A_WEEK, "week")
    if length == Length(months=length.months) and (length.months == MONTHS_A_YEAR or length.months % MONTHS_A_YEAR):
        return counted(length.months, "month")
    return say_length(length)


def moment_words(moment: Moment) -> str:
    """Return what stands after ``until``: ``45 days before customer.contract_end at 10:00``."""
    return anchor_words(moment) if isinstance(moment, FromAnchor) else say_moment(moment)


def anchor_words(moment: FromAnchor) -> str:
    """Return ``75 days before contract.ends at 10:00``."""
    if moment.offset == Length():
        return say_moment(moment)
    side = "before" if moment.before else "after"
    at = f" at {say_time(moment.at)}" if moment.at else ""
    return f"{length_words(moment.offset)} {side} {moment.anchor}{at}"


def until_words(until: Length | Moment) -> str:
    """Return ``3 days`` for a length, ``until …`` for a moment."""
    return length_words(until) if isinstance(until, Length) else f"until {moment_words(until)}"


def counted(number: int, noun: str) -> str:
    """Return ``1 day`` or ``3 days``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
