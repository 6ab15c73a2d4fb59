"""Dotted names of data, checked against what exists: ``customer.contract_end``, ``event.score``."""

from __future__ import annotations

import re

from lifeloop.journey.condition import DataName
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.scope import Scope
from lifeloop.journey.source import Report, Scalar

NAME = re.compile(r"[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)+")
ROOT_MEANINGS = {
    **dict.fromkeys(("person", "user", "contact", "profile", "subscriber", "lead", "recipient", "client"), "customer"),
    **dict.fromkeys(("trigger", "entry", "entered", "started"), "start"),
    **dict.fromkeys(("answer", "response", "payload"), "event"),
    **dict.fromkeys(("vars", "constants", "params", "config", "project"), "values"),
    **dict.fromkeys(("run", "memory", "state", "flow"), "journey"),
}
_ATTRIBUTE_MEANINGS = (
    ("first_name", "firstname", "given_name", "forename", "name"),
    ("last_name", "lastname", "surname", "family_name", "name"),
    ("email", "mail", "e_mail", "email_address"),
    ("phone", "tel", "telephone", "mobile", "phone_number"),
    ("language", "locale", "lang"),
    ("timezone", "time_zone", "tz", "zone"),
    ("birthday", "birth_date", "date_of_birth", "dob"),
    ("since", "customer_since", "created_at", "joined", "signup_date"),
    ("contract_end", "ends", "end_date", "expires", "renewal_date", "contract_ends"),
    ("score", "rating", "nps", "grade", "stars", "last_score"),
    ("total", "amount", "price", "value", "sum"),
    ("plan", "tier", "subscription", "package"),
)


def data_name(text: str) -> DataName:
    """Return a dotted text as a name."""
    root, *path = text.split(".")
    return DataName(root, tuple(path))


def check_name(scalar: Scalar, report: Report, scope: Scope) -> DataName | None:
    """Return the data that a text names; None, with a diagnostic, when there is none such here."""
    text = scalar.text
    if NAME.fullmatch(text) is None:
        _not_a_name(scalar, report, scope)
        return None
    name = data_name(text)
    if name.root not in scope.roots:
        _unknown_root(scalar, name, report, scope)
        return None
    names = scope.roots[name.root]
    if names is None or ".".join(name.path) in names:
        return name
    _unknown_attribute(scalar, name, report, scope)
    return None


def check_date_name(scalar: Scalar, report: Report, scope: Scope) -> DataName | None:
    """Return the date that a text names; None, with a diagnostic, when it is not one."""
    name = check_name(scalar, report, scope)
    attribute = scope.attribute(name) if name else None
    if name is None or attribute is None or attribute.type in {"date", "datetime"}:
        return name
    dates = dates_of(scope)
    label = f"did you mean {nearest(str(name), dates)}?" if nearest(str(name), dates) else _some_dates(dates)
    report.add("J122", f"{name} is not a date", scalar.place, label=label)
    return None


def dates_of(scope: Scope) -> list[str]:
    """Return the full names of all dates that may be read here."""
    return sorted(
        f"{root}.{name}"
        for root, names in scope.roots.items()
        for name, attribute in (names or {}).items()
        if attribute.type in {"date", "datetime"}
    )


def attribute_meanings(names: list[str]) -> dict[str, str]:
    """Return other people's words for the attributes that this project has."""
    groups = [group for group in _ATTRIBUTE_MEANINGS if set(group) & set(names)]
    return {word: next(name for name in group if name in names) for group in groups for word in reversed(group)}


def _not_a_name(scalar: Scalar, report: Report, scope: Scope) -> None:
    word = scalar.text
    full = next((f"{root}.{word}" for root, names in scope.roots.items() if names and word in names), None)
    label = f"did you mean {full}?" if full else "write, for example, customer.first_name"
    fixes = (Suggestion(full),) if full else ()
    report.add("J123", f'"{word}" is not the name of a piece of data', scalar.place, label=label, suggestions=fixes)


def _unknown_root(scalar: Scalar, name: DataName, report: Report, scope: Scope) -> None:
    if str(name) in scope.catalogue.events:
        label = f"ask  {name} happened  or  {name} did not happen"
        report.add("J123", f"{name} is an event, not a piece of data", scalar.place, label=label)
        return
    root = nearest(name.root, scope.roots, ROOT_MEANINGS)
    if root is None and name.root == "event":
        label = "only behind an event or a wait for one; the event that started this journey is  start."
        report.add("J123", f"there is no event here that {name} could read", scalar.place, label=label)
        return
    if root is None and name.root in scope.catalogue.objects:
        label = f"ask  any {name.root} is present where …, or start the journey from a {name.root}"
        report.add("J123", f"this journey is not about one {name.root}", scalar.place, label=label)
        return
    message = f"{name} is not in the catalogue"
    if root is None:
        known = ", ".join(f"{known}." for known in sorted(scope.roots))
        report.add("J123", message, scalar.place, label=f"names here begin with {known}")
        return
    right = ".".join((root, *name.path))
    known_there = scope.attribute(DataName(root, name.path)) is not None or scope.roots[root] is None
    fix = (Suggestion(right, certain=known_there),)
    report.add("J123", message, scalar.place, label=f"did you mean {right}?", suggestions=fix)


def _unknown_attribute(scalar: Scalar, name: DataName, report: Report, scope: Scope) -> None:
    known = sorted(scope.roots[name.root] or {})
    word = ".".join(name.path)
    right = nearest(word, known, attribute_meanings(known))
    message = f"{name} is not in the catalogue"
    if right is not None:
        full = f"{name.root}.{right}"
        report.add("J123", message, scalar.place, label=f"did you mean {full}?", suggestions=(Suggestion(full),))
        return
    elsewhere = [root for root, names in scope.roots.items() if names and word in names]
    if elsewhere:
        full = f"{elsewhere[0]}.{word}"
        report.add("J123", message, scalar.place, label=f"did you mean {full}?", suggestions=(Suggestion(full),))
        return
    label = f"{name.root} has {some(known)}" if known else f"nothing is known of {name.root} here"
    report.add("J123", message, scalar.place, label=label, hint=_declare(name))


def _declare(name: DataName) -> str:
    return (
        f"or declare it in lifeloop.yaml, under customer:   {'.'.join(name.path)}: text?"
        if name.root == "customer"
        else ""
    )


def some(names: list[str], most: int = 8) -> str:
    """Return a few names as a list that ends with an ellipsis when there are more."""
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def _some_dates(dates: list[str]) -> str:
    return f"dates are {some(dates)}" if dates else "no date is declared in lifeloop.yaml"
