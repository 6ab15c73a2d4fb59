"""What every part of the reader carries along: the names of the project, the names in scope, and the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict

from lifeloop.journey.conditions import read_condition, say_condition
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.known import Known
from lifeloop.journey.plan import Json
from lifeloop.journey.scope import Scope
from lifeloop.journey.shape import TEMPLATE, one_block, one_text, scalars_of
from lifeloop.journey.source import Entry, Items, Map, Node, Report, Scalar
from lifeloop.journey.spec import AnyStep, Clause, Given
from lifeloop.journey.written import given_value, is_name, plain_value


class Common(TypedDict):
    """The fields that every step has."""

    place: Place
    whole: Place
    places: Mapping[str, Place]
    id: str | None
    name: str | None
    note: str | None
    when: Clause | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of one journey. ``nested`` reads the steps inside a step; ``using``: shared steps being put in."""

    known: Known
    report: Report
    scope: Scope
    nested: Callable[[Node, str, Reading], tuple[AnyStep, ...]]
    defaults: Mapping[str, Map] = field(default_factory=dict)
    using: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """One step as it stands in the file: its block of keys, and the entry with its verb."""

    block: Map
    verb: Entry
    common: Common

    @property
    def what(self) -> Node:
        """Return what stands behind the verb."""
        return self.verb.value

    def text(self, key: str, report: Report) -> Scalar | None:
        """Return the text of a modifier, None when it is not there."""
        node = self.block.value(key)
        return one_text(node, key, report) if node is not None else None


def read_clause(node: Node, reading: Reading) -> Clause | None:
    """Return a condition as understood and as written; None, with a diagnostic, when it cannot be understood."""
    tree = read_condition(node, reading.scope, reading.report)
    if tree is None:
        return None
    return Clause(tree, node.text.strip() if isinstance(node, Scalar) else say_condition(tree), node)


def read_clause_of(block: Map, key: str, reading: Reading) -> Clause | None:
    """Return the condition of a modifier, None when it is not there."""
    node = block.value(key)
    return read_clause(node, reading) if node is not None else None


def read_texts(node: Node | None, reading: Reading) -> Mapping[str, Json]:
    """Return the ``with`` of a send or a call: values, and texts with templates; a name of data becomes one."""
    block = one_block(node, "with", reading.report) if node is not None else None
    return {entry.key.text: _text(entry.value, reading) for entry in block.entries} if block else {}


def texts_in(node: Node | None, reading: Reading) -> tuple[Scalar, ...]:
    """Return every text with a template in it; the name of data that stands alone becomes one, at its place."""
    if node is None:
        return ()
    named = (
        replace(scalar, text=f"{{{{ {scalar.text} }}}}") if is_name(scalar, reading.scope) else scalar
        for scalar in scalars_of(node)
    )
    return tuple(scalar for scalar in named if TEMPLATE.search(scalar.text))


def read_given(node: Node | None, reading: Reading) -> Mapping[str, Given]:
    """Return the ``with`` of ``record`` and ``enter``: values, and names of data to copy."""
    block = one_block(node, "with", reading.report) if node is not None else None
    if block is None:
        return {}
    return {entry.key.text: given_value(entry.value, None, reading.scope, reading.report) for entry in block.entries}


def _text(node: Node, reading: Reading) -> Json:
    match node:
        case Scalar(text=text) if is_name(node, reading.scope):
            given_value(node, None, reading.scope, reading.report)
            return f"{{{{ {text} }}}}"
        case Scalar(text=text) if TEMPLATE.search(text):
            return text
        case Items(items=items):
            return [_text(item, reading) for item in items]
        case Map(entries=entries):
            return {entry.key.text: _text(entry.value, reading) for entry in entries}
        case _:
            return plain_value(node)
