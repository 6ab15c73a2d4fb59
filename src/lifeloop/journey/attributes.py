"""Declared data: ``yearly_value: money?`` read into an attribute, and values fitted to what is declared."""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite
from typing import NamedTuple

from lifeloop.journey.catalogue import Attribute, AttributeType
from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.lengths import parse_length, say_length
from lifeloop.journey.literals import expected, in_range, parse_date, parse_datetime, parse_literal
from lifeloop.journey.nearest import nearest
from lifeloop.journey.plan import Json
from lifeloop.journey.scope import kind_of
from lifeloop.journey.source import Node, Report, Scalar, part

TYPES: dict[str, AttributeType] = {
    "text": "text",
    "number": "number",
    "integer": "number",
    "money": "money",
    "date": "date",
    "datetime": "datetime",
    "boolean": "boolean",
    "yes/no": "boolean",
    "email": "email",
    "phone": "phone",
    "length": "length",
}
"""The words for types in ``lifeloop.yaml``."""

_MEANINGS = {
    **dict.fromkeys(("string", "str", "char", "varchar", "enum", "id", "uuid", "url", "any"), "text"),
    **dict.fromkeys(("int", "float", "decimal", "double", "numeric", "count", "score"), "number"),
    **dict.fromkeys(("amount", "price", "currency", "euro", "eur"), "money"),
    **dict.fromkeys(("time", "timestamp", "moment", "instant", "date-time"), "datetime"),
    **dict.fromkeys(("bool", "flag", "true/false", "yes or no", "checkbox"), "boolean"),
    **dict.fromkeys(("mail", "e-mail"), "email"),
    **dict.fromkeys(("tel", "telephone", "mobile"), "phone"),
    **dict.fromkeys(("duration", "interval", "period"), "length"),
    "day": "date",
}
_PERSONAL: frozenset[AttributeType] = frozenset({"email", "phone"})
_NAME = re.compile(r"[A-Za-z_][\w-]*")
_RANGE = re.compile(r"(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)")
_PHONE = re.compile(r"\+?[\d\s()./-]{5,25}")
_EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\".]+")


class Coerced(NamedTuple):
    """A value fitted to an attribute, or the reason why it does not fit: ``"abc" is not a number``."""

    value: Json
    reason: str | None = None


def read_attribute(name: Scalar, node: Node, report: Report) -> Attribute | None:
    """Return one declared attribute: ``date?``, ``phone? personal``, ``free | plus | premium``, ``0..10``."""
    if _NAME.fullmatch(name.text) is None:
        label = "use letters, digits and _; begin with a letter"
        report.add("J181", f'"{name.text}" cannot be the name of a piece of data', name.place, label=label)
        return None
    if not isinstance(node, Scalar) or not node.text.strip():
        label = "write its type, for example  text  or  date?"
        report.add("J181", f"the type of {name.text} is missing", node.place, label=label)
        return None
    found = re.fullmatch(r"(.*?)\s*(\?)?\s*(\bpersonal)?\s*(\?)?", node.text.strip())
    assert found is not None  # noqa: S101  # every part of the pattern may be empty
    optional, personal = bool(found[2] or found[4]), bool(found[3])
    word = found[1].removeprefix("(").removesuffix(")").strip() or "text"
    return _typed(Attribute(name.text, optional=optional, personal=personal), word, node, report)


def _typed(plain: Attribute, word: str, node: Scalar, report: Report) -> Attribute | None:
    if "|" in word:
        return _choosing(plain, word, node, report)
    if (bounds := _RANGE.fullmatch(word)) is not None:
        return _ranging(plain, bounds[1], bounds[2], node, report)
    kind = TYPES.get(word.lower())
    if kind is not None:
        return replace(plain, type=kind, personal=plain.personal or kind in _PERSONAL)
    near = nearest(word, TYPES, _MEANINGS)
    label = f'did you mean "{near}"?' if near else f"types are {', '.join(TYPES)}, 0..10, and a | b | c"
    fixes = (Suggestion(near),) if near else ()
    place = _within(node, word)
    report.add("J181", f'there is no type "{word}"', place, label=label, suggestions=fixes)
    # One mistake, one message: whoever uses this attribute is not told again that it is unknown.
    return replace(plain, type=TYPES[near] if near else "text")


def _choosing(plain: Attribute, word: str, node: Scalar, report: Report) -> Attribute | None:
    choices = tuple(choice.strip().strip("\"'") for choice in word.split("|"))
    if (odd := _odd_end(word)) is not None:
        label = "after the choices come only  ?  and  personal"
        report.add("J181", f'"{odd}" does not belong here', _within(node, odd), label=label)
        return replace(plain, choices=(*choices[:-1], choices[-1].split("?")[0].split(" ")[0]))
    if len(set(choices)) < len(choices) or not all(choices):
        message = f"the choices of {plain.name} are empty or repeated"
        report.add("J181", message, node.place, label="write  a | b | c")
        return None
    return replace(plain, choices=choices)


def _ranging(plain: Attribute, low: str, high: str, node: Scalar, report: Report) -> Attribute | None:
    if float(low) < float(high):
        return replace(plain, type="number", low=float(low), high=float(high))
    label = f"write {high}..{low}" if float(low) > float(high) else "write, for example, 0..10"
    report.add("J181", f"{low}..{high} is not a range", node.place, label=label)
    return None


def _within(node: Scalar, word: str) -> Place:
    start = node.text.find(word)
    return part(node, start, start + len(word)).place if start >= 0 else node.place


def _odd_end(choices: str) -> str | None:
    """Return what stands behind the last choice and is none: ``? persnal``, ``persnl``."""
    last = choices.rpartition("|")[2].strip()
    if "?" in last:
        return last[last.index("?") + 1 :].strip() or last
    word = last.rpartition(" ")[2]
    return word if word != last and nearest(word, ["personal"]) else None


def coerce(attribute: Attribute, value: object) -> Coerced:
    """Return a value, as text or as JSON, fitted to what is declared. Empty and missing are unknown: None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return Coerced(None)
    if isinstance(value, list | dict | tuple):
        return Coerced(None, "one value belongs here, not several")
    if attribute.type in ("number", "money"):
        return _number(attribute, value)
    text = _as_text(value)
    match attribute.type:
        case "email":
            return Coerced(text) if _EMAIL.fullmatch(text) else Coerced(None, f'"{text}" is not an e-mail address')
        case "phone":
            return Coerced(text) if _PHONE.fullmatch(text) else Coerced(None, f'"{text}" is not a phone number')
        case "length":
            length = parse_length(text)
            return Coerced(say_length(length)) if length else Coerced(None, f'"{text}" is not a length of time')
        case "date":
            return _date(text)
        case _:
            return _other(attribute, text)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip()


def _number(attribute: Attribute, value: object) -> Coerced:
    text = _as_text(value)
    number = parse_literal(text, "number") if not isinstance(value, int | float) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        return Coerced(None, f'"{text}" is not a number')
    if isinstance(number, float) and not isfinite(number):
        return Coerced(None, f'"{text}" is not a number')
    if not in_range(attribute, number):
        return Coerced(None, f"{text} is not {expected(attribute, 'number')}")
    return Coerced(number)


def _date(text: str) -> Coerced:
    day = parse_date(text)
    if day is None and (moment := parse_datetime(text)) is not None:
        day = moment[: len("2026-12-31")]  # exports write dates as midnight
    return Coerced(day) if day else Coerced(None, f'"{text}" is not a date such as 2026-12-31')


def _other(attribute: Attribute, text: str) -> Coerced:
    if attribute.choices and text not in attribute.choices:
        right = next((choice for choice in attribute.choices if choice.lower() == text.lower()), None)
        return Coerced(right) if right else Coerced(None, f'"{text}" is not {expected(attribute, "text")}')
    kind = kind_of(attribute)
    literal = parse_literal("true" if text == "1" else "false" if text == "0" else text, kind)
    if kind == "text":
        return Coerced(text)
    return Coerced(literal) if literal is not None else Coerced(None, f'"{text}" is not {expected(attribute, kind)}')
