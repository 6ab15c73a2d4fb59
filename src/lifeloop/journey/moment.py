"""What may stand after ``until``, as values: a moment is worked out on the customer's wall clock by the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import Literal

from lifeloop.journey.condition import DataName
from lifeloop.journey.length import Length


@dataclass(frozen=True, slots=True)
class Hours:
    """A weekly window, ``[opens, closes)`` on the given ISO weekdays (1 Monday … 7 Sunday).

    When ``closes`` is not after ``opens`` the window runs over midnight and belongs to the day it starts on.
    """

    days: tuple[int, ...]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True)
class AtTime:
    """``until 10:00``: the next time the wall clock shows it; at once when it shows it now."""

    at: time
    kind: Literal["time"] = "time"


@dataclass(frozen=True, slots=True)
class OnWeekday:
    """``until Tuesday 10:00`` or ``until a weekday at 10:00``: the next such day and time. ISO weekdays."""

    days: tuple[int, ...]
    at: time
    kind: Literal["weekday"] = "weekday"


@dataclass(frozen=True, slots=True)
class OnMonthDay:
    """``until the 1st at 09:00``; a day that a month lacks is its last day."""

    day: int
    at: time
    kind: Literal["monthday"] = "monthday"


@dataclass(frozen=True, slots=True)
class OnDate:
    """``until 2026-12-01 09:00``."""

    on: date
    at: time
    kind: Literal["date"] = "date"


@dataclass(frozen=True, slots=True)
class InHours:
    """``until weekdays 09:00-18:00``: the first minute inside; at once when already inside."""

    hours: Hours
    kind: Literal["hours"] = "hours"


@dataclass(frozen=True, slots=True)
class FromAnchor:
    """``45 days before customer.contract_end at 10:00``.

    Counted on the calendar from the anchor's date in the customer's zone. Without ``at``: the anchor's own
    time of day, or midnight when the anchor is a date.
    """

    offset: Length
    before: bool
    anchor: DataName
    at: time | None = None
    kind: Literal["anchor"] = "anchor"


Moment = AtTime | OnWeekday | OnMonthDay | OnDate | InHours | FromAnchor
