"""Values written in a condition, typed by the data they are compared with."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from lifeloop.journey.catalogue import Attribute
from lifeloop.journey.condition import Kind, Value
from lifeloop.journey.times import parse_time, say_time

TRUE = {"true", "yes", "on"}
FALSE = {"false", "no", "off"}
NOTHING = frozenset({"null", "none", "nil", "empty", "blank", "unknown", "undefined", "unset"})
"""Words of programmers for what is missing."""
_NUMBER = re.compile(r"[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_UNITS = r"(?:%|€|\$|£|[A-Za-z]{3}|euros?|dollars?|pounds?|points?|percent)"
_WITH_UNIT = re.compile(rf"(?:{_UNITS}\s*)?({_NUMBER.pattern})(?:\s*{_UNITS})?")
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\S+))?")


def parse_number(text: str) -> int | float | None:
    """Return a number: ``20``, ``59.90``, ``1,000``, ``15 EUR``, ``10%`` (which is 10); None when it is none."""
    found = _WITH_UNIT.fullmatch(text.strip())
    if found is None:
        return None
    digits = found[1].replace(",", "")
    return float(digits) if "." in digits else int(digits)


def parse_date(text: str) -> str | None:
    """Return a date as ISO text; None when it is none."""
    try:
        return date.fromisoformat(text.strip()).isoformat() if len(text.strip()) == len("2026-12-01") else None
    except ValueError:
        return None


def parse_datetime(text: str) -> str | None:
    """Return a date and time as ISO text to the minute, or as written when it has seconds or a zone."""
    found = _DATE_TIME.fullmatch(text.strip())
    day = parse_date(found[1]) if found else None
    if found is None or day is None:
        return None
    at = parse_time(found[2]) if found[2] else time(0)
    if at is not None:
        return f"{day}T{say_time(at)}"
    try:
        return datetime.fromisoformat(text.strip().replace(" ", "T", 1)).isoformat()
    except ValueError:
        return None


def parse_literal(text: str, kind: Kind) -> Value | None:
    """Return a text as a value of a kind; None when it cannot be one."""
    match kind:
        case "number":
            return parse_number(text)
        case "boolean":
            word = text.strip().lower()
            return True if word in TRUE else False if word in FALSE else None
        case "date":
            return parse_date(text)
        case "datetime":
            return parse_datetime(text)
        case _:
            return text


def guess_kind(text: str, *, quoted: bool = False) -> Kind:
    """Return what a bare value must be where nothing is declared: ``5`` a number, ``true`` a yes or no."""
    if quoted:
        return "text"
    if _NUMBER.fullmatch(text):
        return "number"
    if text.lower() in {"true", "false"}:
        return "boolean"
    if parse_date(text):
        return "date"
    return "datetime" if parse_datetime(text) else "text"


def expected(attribute: Attribute | None, kind: Kind) -> str:
    """Say what a value must be: ``a number from 0 to 10``, ``one of free, plus, premium``."""
    if attribute is not None and attribute.choices:
        return f"one of {', '.join(attribute.choices)}"
    if kind == "number" and attribute is not None and (attribute.low is not None or attribute.high is not None):
        return f"a number {_range(attribute)}"
    return {
        "text": "a text",
        "number": "a number",
        "boolean": "true or false",
        "date": "a date, such as 2026-12-31",
        "datetime": "a date and time, such as 2026-12-31 09:00",
    }[kind]


def in_range(attribute: Attribute, value: float) -> bool:
    """Whether a number lies in the range that is declared for it."""
    return (attribute.low is None or value >= attribute.low) and (attribute.high is None or value <= attribute.high)


def _range(attribute: Attribute) -> str:
    if attribute.low is None:
        return f"up to {attribute.high:g}"
    return f"from {attribute.low:g}" + (f" to {attribute.high:g}" if attribute.high is not None else "")
