"""What a cell says: dates of either order, numbers with a comma, yes and no in several languages.

Which order and which comma a column has is decided from all its cells in the sample, never cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from lifeloop.clock import Instant
from lifeloop.engine.stamps import instant_in
from lifeloop.journey.attributes import Coerced, coerce
from lifeloop.journey.catalogue import Attribute

Order = Literal["day first", "month first"]
ORDERS: tuple[Order, ...] = ("day first", "month first")
Comma = Literal["comma", "point"]
Fit = Callable[[str], Coerced]

YES = frozenset(["yes", "y", "true", "1", "x", "on", "ja", "j", "wahr", "oui", "o", "vrai", "si", "sí", "waar"])
NO = frozenset(["no", "n", "false", "0", "off", "nee", "nein", "falsch", "non", "faux", "onwaar"])
_SPLIT = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?:[ T,]+(\d{1,2}):(\d\d)(?::(\d\d))?)?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)|(\d{4})/(\d\d?)/(\d\d?)")
_COMMA = re.compile(r"[^\d]*\d+(\.\d{3})*,\d{1,2}\D*|[^\d]*\d{1,3}(\.\d{3})+,\d+\D*|[^\d]*\d{1,3}(\.\d{3}){2,}\D*")
_POINT = re.compile(
    r"[^\d]*\d+(,\d{3})*\.(\d{1,2}|\d{4,})\D*|[^\d]*\d{1,3}(,\d{3})+\.\d+\D*|[^\d]*\d{1,3}(,\d{3}){2,}\D*"
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")
_MILLISECONDS = 13


@dataclass(frozen=True, slots=True)
class Dates:
    """How a column writes its dates. Not ``certain``: every cell could be read both ways."""

    order: Order
    certain: bool
    example: str


def decide_dates(cells: Iterable[str], usual: Order) -> Dates | None:
    """Return in which order a column writes day and month; None where no cell leaves that open."""
    example = ""
    for cell in cells:
        found = _SPLIT.fullmatch(cell)
        if found is None:
            continue
        example = example or cell
        ways = [order for order in ORDERS if _is_day(iso_date(cell, order))]
        if found[2] == "." and "day first" in ways:  # nobody writes the month first before a full stop
            return Dates("day first", True, cell)
        if len(ways) == 1:
            return Dates(ways[0], True, cell)
    return Dates(usual, False, example) if example else None


def _is_day(text: str) -> bool:
    """Return whether there is such a day: 45/01/2026 proves nothing."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def decide_comma(cells: Iterable[str], usual: Comma) -> Comma:
    """Return what stands before the cents in a column."""
    for cell in cells:
        if _COMMA.fullmatch(cell):
            return "comma"
        if _POINT.fullmatch(cell):
            return "point"
    return usual


def iso_date(text: str, order: Order) -> str:
    """Return a date, with its time if it has one, in the one notation the rest reads; other text stays as it is."""
    found = _SPLIT.fullmatch(text)
    if found is None:
        plain = _COMPACT.fullmatch(text)
        return "-".join(part.zfill(2) for part in plain.groups() if part) if plain else text
    day, month = (found[1], found[3]) if order == "day first" else (found[3], found[1])
    date = f"{found[4]}-{month:0>2}-{day:0>2}"
    return f"{date}T{found[5]:0>2}:{found[6]}:{found[7] or '00'}" if found[5] else date


def plain_number(text: str, comma: Comma) -> str:
    """Return a number with a point before the decimals; other text stays as it is."""
    return text.replace(".", "").replace(",", ".") if comma == "comma" else text


def instant_at(text: str, order: Order, zone: ZoneInfo) -> Instant | None:
    """Return the moment a cell names: a date and time, on that zone's clock unless it says another; or Unix time."""
    if _EPOCH.fullmatch(text):
        number = float(text)
        return int(number / 1000 if len(text.split(".", maxsplit=1)[0]) == _MILLISECONDS else number)
    return instant_in(iso_date(text, order), zone)


def yes_or_no(text: str) -> bool | None:
    """Return whether a cell says yes; None when it says neither."""
    word = text.strip().lower()
    return True if word in YES else False if word in NO else None


def fitter(attribute: Attribute, order: Order, comma: Comma) -> Fit:
    """Return what turns the cells of a column into values of an attribute, or says why one does not fit."""
    match attribute.type:
        case "date" | "datetime":
            return lambda text: _dated(coerce(attribute, iso_date(text, order)), text)
        case "number" | "money" if comma == "comma":
            return lambda text: coerce(attribute, plain_number(text, comma))
        case "boolean":
            return lambda text: _truth(attribute, text)
        case "text" if attribute.name == "timezone" and not attribute.choices:
            return zone_name
        case _:
            return lambda text: coerce(attribute, text)


def zone_name(text: str) -> Coerced:
    """Return a time zone as the world writes it; ``europe/lisbon`` is one, ``CEST`` is none."""
    known = _zones().get(text.strip().lower())
    if known or not text.strip():
        return Coerced(known)
    return Coerced(None, f'"{text}" is not a time zone, such as Europe/Amsterdam')


@cache
def _zones() -> dict[str, str]:
    return {name.lower(): name for name in available_timezones()}


def _dated(found: Coerced, text: str) -> Coerced:
    """Say the cell as it was written, not as it was read."""
    if found.reason is None:
        return found
    return found._replace(reason=f'"{text}" is not a date such as 2026-12-31 or 31.12.2026')


def _truth(attribute: Attribute, text: str) -> Coerced:
    word = yes_or_no(text)
    return coerce(attribute, text) if word is None else Coerced(word)
