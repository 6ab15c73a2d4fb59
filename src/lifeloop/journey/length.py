"""A length of time as a value: ``3 days``, ``1 day 6 hours``, ``10 working days``.

Calendar parts (months, days) and exact parts (seconds) are kept apart, because a day on somebody's wall
clock is not always 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Length:
    """Calendar months and days, working days, and exact seconds; all at least 0."""

    months: int = 0
    days: int = 0
    working_days: int = 0
    seconds: int = 0
