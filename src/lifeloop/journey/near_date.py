"""What somebody meant who wrote a date in another way than ours: day first, with strokes, or one that never comes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_DATE = re.compile(r"\s*(\d{1,4})([-/. ])(\d{1,2})\2(\d{1,4})(?:[T ,]+(\d{1,2}:\d\d))?\s*")
_YEAR = 4


@dataclass(frozen=True, slots=True)
class Meant:
    """What to say of it, and the dates that it may be, as we write them."""

    label: str
    dates: tuple[str, ...]


def near_date(text: str) -> Meant | None:
    """Return what is meant by a date that is not one of ours; None when it looks like none at all."""
    found = _DATE.fullmatch(text)
    if found is None or (len(found[1]) == _YEAR) == (len(found[4]) == _YEAR):
        return None
    first, second, third = int(found[1]), int(found[3]), int(found[4])
    orders = [(first, second, third)] if len(found[1]) == _YEAR else [(third, second, first), (third, first, second)]
    clock = f" {found[5]:0>5}" if found[5] else ""
    dates = tuple(dict.fromkeys(f"{day}{clock}" for order in orders if (day := _day(*order))))
    if not dates:
        return Meant("there is no such day; write year, month and day, as in 2026-12-31", ())
    if len(dates) == 1:
        return Meant(f'did you mean "{dates[0]}"?', dates)
    return Meant(f"the year comes first: write {' or '.join(dates)}", dates)


def _day(year: int, month: int, day: int) -> str | None:
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
