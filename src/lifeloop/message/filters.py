"""The filters that a text may use: Jinja's harmless ones, and ours for money, figures, dates and times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from babel import Locale, dates, numbers
from jinja2 import pass_context
from jinja2.filters import FILTERS as JINJA
from jinja2.runtime import Context, Undefined

from lifeloop.message.here import Here, on_the_wall
from lifeloop.message.limits import within
from lifeloop.message.links import safe_address

_KEPT = (
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "e",
    "escape",
    "first",
    "float",
    "int",
    "items",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reverse",
    "round",
    "sort",
    "sum",
    "title",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
)
_DATE_WORDS = {"weekday": "EEEE", "day": "d MMMM", "month": "MMMM", "year": "yyyy"}


class FilterProblemError(ValueError):
    """A value that a filter cannot write; the text says why."""


def _known(value: Any) -> Any:
    """Return the value; writing down what is unknown is an error that names it."""
    if isinstance(value, Undefined):
        str(value)
    return value


@pass_context
def _money(context: Context, value: Any, currency: str | None = None) -> str:
    """Write ``59.9`` as ``€59.90`` and ``25`` as ``€25``; ``15 USD`` brings its own currency."""
    here: Here = context.parent["_here"]
    amount, own = _amount(_known(value))
    return _write_money(amount, currency or own or here.currency, here.locale)


def _amount(value: Any) -> tuple[float, str | None]:
    text, _, unit = str(value).strip().partition(" ")
    try:
        return float(text), unit.strip().upper() or None
    except ValueError:
        raise FilterProblemError("what stands here is not an amount of money") from None


@lru_cache(maxsize=65_536)
def _write_money(amount: float, currency: str, locale: str) -> str:
    pattern: Any = Locale.parse(locale).currency_formats["standard"].pattern
    if amount == int(amount):
        return numbers.format_currency(
            amount, currency, pattern.replace(".00", ""), locale=locale, currency_digits=False
        )
    return numbers.format_currency(amount, currency, locale=locale)


@pass_context
def _number(context: Context, value: Any, digits: int | None = None) -> str:
    """Write ``12408`` as ``12,408``, with as many digits behind the point as asked for."""
    here: Here = context.parent["_here"]
    return _write_number(_figure(value), digits, here.locale)


@pass_context
def _percent(context: Context, value: Any) -> str:
    """Write ``0.1`` as ``10%``."""
    here: Here = context.parent["_here"]
    return numbers.format_percent(_figure(value), locale=here.locale)


def _figure(value: Any) -> float:
    try:
        return float(_known(value))
    except (TypeError, ValueError):
        raise FilterProblemError("what stands here is not a number") from None


@lru_cache(maxsize=65_536)
def _write_number(value: float, digits: int | None, locale: str) -> str:
    if digits is None:
        return numbers.format_decimal(value, locale=locale)
    pattern = "#,##0" + ("." + "0" * min(digits, 9) if digits > 0 else "")
    return numbers.format_decimal(round(value, digits), pattern, locale=locale)


@pass_context
def _date(context: Context, value: Any, form: str = "long") -> str:
    """Write ``2026-06-30`` as ``30 June 2026``.

    ``form``: short, medium, long, full, day, weekday, month, year, or letters as in ``EEEE d MMMM``.
    """
    here: Here = context.parent["_here"]
    return _write_date(read_moment(_known(value), here), form, here.locale)


@pass_context
def _time(context: Context, value: Any, form: str = "short") -> str:
    """Write the time of day of a date with a time, on the reader's clock."""
    here: Here = context.parent["_here"]
    moment = read_moment(_known(value), here)
    if not isinstance(moment, datetime):
        raise FilterProblemError("what stands here is a date without a time of day")
    return _write_time(moment.replace(tzinfo=None), form, here.locale)


@pass_context
def _days_left(context: Context, value: Any) -> int:
    """Return how many days lie between the journey clock and a date, on the reader's calendar."""
    here: Here = context.parent["_here"]
    moment = read_moment(_known(value), here)
    day = moment.date() if isinstance(moment, datetime) else moment
    return (day - here.clock.date()).days


def read_moment(value: Any, here: Here) -> date:
    """Return ISO text, or a date, as a date or as the time the reader's clock shows."""
    moment = value if isinstance(value, date) else _parse_moment(str(value))
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        return on_the_wall(int(moment.timestamp()), here.zone)
    return moment


@lru_cache(maxsize=65_536)
def _parse_moment(text: str) -> date:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-06-30") else datetime.fromisoformat(text)
    except ValueError:
        raise FilterProblemError("what stands here is not a date") from None


@lru_cache(maxsize=65_536)
def _write_date(moment: date, form: str, locale: str) -> str:
    try:
        return dates.format_date(moment, _DATE_WORDS.get(form, form), locale=locale)
    except (AttributeError, ValueError, KeyError):
        raise FilterProblemError(f'"{form}" is no way to write a date; try "long" or "d MMMM"') from None


@lru_cache(maxsize=4096)
def _write_time(moment: datetime, form: str, locale: str) -> str:
    return dates.format_time(moment, form, locale=locale)


def _replace(value: Any, old: str, new: str) -> str:
    text = str(_known(value))
    old, new = str(old), str(new)
    if not old:
        raise FilterProblemError("replace needs the letters that are to go")
    grown = len(text) + text.count(old) * (len(new) - len(old))
    within("" if grown < len(text) else " " * min(grown, 200_000))
    return text.replace(old, new)


@pass_context
def _join(context: Context, items: Any, between: str = "", attribute: str | None = None) -> str:
    """Write a list with something between its parts."""
    parts = [context.environment.getattr(item, attribute) if attribute else item for item in _known(items)]
    within(" " * min(len(parts) * len(str(between)), 200_000))
    return within(str(between).join([str(part) for part in parts]))


def _address(value: Any) -> str:
    """Write an address that data decide; anything but http, https, mailto and tel becomes ``#``."""
    return safe_address(_known(value))


FILTERS: dict[str, Callable[..., Any]] = {name: JINJA[name] for name in _KEPT} | {
    "money": _money,
    "number": _number,
    "percent": _percent,
    "date": _date,
    "time": _time,
    "days_left": _days_left,
    "replace": _replace,
    "join": _join,
    "address": _address,
}
