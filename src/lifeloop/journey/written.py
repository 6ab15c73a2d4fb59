"""Values as they stand in a file, typed: by what the catalogue declares, else as YAML 1.2 would read them."""

from __future__ import annotations

import re
from datetime import date, datetime

from lifeloop.journey.catalogue import Attribute
from lifeloop.journey.condition import DataName, Value
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.names import NAME, check_name
from lifeloop.journey.nearest import nearest
from lifeloop.journey.plan import Json
from lifeloop.journey.scope import Scope
from lifeloop.journey.shape import TEMPLATE
from lifeloop.journey.source import Items, Map, Node, Report, Scalar

_WHOLE = re.compile(r"[-+]?\d+")
_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?:\.\d*)?[eE][-+]?\d+)")
_WORDS: dict[str, bool | None] = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
    "null": None, "Null": None, "NULL": None, "~": None, "": None,
}  # fmt: skip
_TYPES = {
    "number": "a number", "money": "an amount, for example 59.90", "date": "a date, for example 2026-06-30",
    "datetime": "a date and time, for example 2026-06-30T10:00", "boolean": "true or false",
}  # fmt: skip


def plain_value(node: Node) -> Json:
    """Return a value as YAML 1.2 reads it; dates stay text."""
    match node:
        case Scalar(text=text, quoted=quoted):
            return text if quoted else _plain(text)
        case Items(items=items):
            return [plain_value(item) for item in items]
        case Map(entries=entries):
            return {entry.key.text: plain_value(entry.value) for entry in entries}


def typed_value(node: Node, attribute: Attribute | None, report: Report) -> Json:
    """Return a value as the catalogue types it, with a diagnostic when it cannot be that; null is always allowed."""
    value = plain_value(node)
    if attribute is None or value is None or not isinstance(node, Scalar):
        return value
    if attribute.type in {"text", "email", "phone", "length"}:
        return _chosen(node, attribute, report)
    fits = _fits(value, attribute)
    if not fits:
        expected = _TYPES[attribute.type]
        report.add("J126", f'"{node.text}" does not fit {attribute.name}', node.place, label=f"this is {expected}")
    elif _outside(value, attribute):
        low, high = (_say(bound) for bound in (attribute.low, attribute.high))
        report.add(
            "J126", f"{attribute.name} is never {node.text}", node.place, label=f"it lies between {low} and {high}"
        )
    return value


def given_value(node: Node, attribute: Attribute | None, scope: Scope, report: Report) -> Value | DataName | None:
    """Return what ``set``, ``record`` and ``enter`` hand on: a written value, or the name of data to copy."""
    if not isinstance(node, Scalar):
        report.add("J104", "one value belongs here", node.place, label="write a text, a number, or the name of data")
        return None
    if TEMPLATE.search(node.text):
        _no_template(node, report)
        return None
    if is_name(node, scope):
        return check_name(node, report, scope)
    value = typed_value(node, attribute, report)
    return value if isinstance(value, str | int | float | bool) else None


def is_name(node: Node, scope: Scope) -> bool:
    """Tell whether a text is exactly a dotted name of data: it copies that data."""
    return (
        isinstance(node, Scalar)
        and not node.quoted
        and NAME.fullmatch(node.text) is not None
        and node.text.split(".")[0] in {*scope.roots, "event", "start", "journey", "values"}
    )


def _no_template(node: Scalar, report: Report) -> None:
    inner = re.fullmatch(r"\s*\{\{\s*([\w.-]+)\s*\}\}\s*", node.text)
    label = f"write:  {inner[1]}" if inner else "write a value, or exactly the name of the data to copy"
    fixes = (Suggestion(inner[1], certain=True),) if inner else ()
    report.add("J113", "data is copied by its name here, without {{ }}", node.place, label=label, suggestions=fixes)


def _plain(text: str) -> Value | None:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _chosen(node: Scalar, attribute: Attribute, report: Report) -> str:
    if attribute.choices and node.text not in attribute.choices:
        near = nearest(node.text, attribute.choices)
        label = f'did you mean "{near}"?' if near else f"it is one of {', '.join(attribute.choices)}"
        fixes = (Suggestion(near),) if near else ()
        report.add("J126", f'{attribute.name} is never "{node.text}"', node.place, label=label, suggestions=fixes)
    return node.text


def _fits(value: Json, attribute: Attribute) -> bool:
    match attribute.type:
        case "number" | "money":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case _:
            return isinstance(value, str) and _is_date(value)


def _is_date(text: str) -> bool:
    for kind in (date, datetime):
        try:
            kind.fromisoformat(text)
        except ValueError:
            continue
        return True
    return False


def _outside(value: Json, attribute: Attribute) -> bool:
    if not isinstance(value, int | float):
        return False
    return (attribute.low is not None and value < attribute.low) or (
        attribute.high is not None and value > attribute.high
    )


def _say(bound: float | None) -> str:
    return "any number" if bound is None else f"{bound:g}"
