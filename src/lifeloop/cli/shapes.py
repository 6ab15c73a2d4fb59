"""The shapes of JSON documents: one JSON Schema per command, published in ``docs/json.md`` and checked in tests.

A command module that prints JSON says so with ``SHAPE = document(…)``; for a stream, that is the shape of
each line. Fields may be added; a field that changes its meaning raises ``lifeloop.cli.output.FORMAT``.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from lifeloop.cli.output import FORMAT
from lifeloop.cli.registry import COMMANDS

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
COUNT: Shape = {"type": "integer", "minimum": 0}
NUMBER: Shape = {"type": "number"}
FLAG: Shape = {"type": "boolean"}
ANYTHING: Shape = {}
INSTANT: Shape = {"type": "string", "format": "date-time"}
PLACE: Shape = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}


def document(what: str, /, **fields: Shape) -> Shape:
    """Return the shape of a whole document; all fields are always there. ``what`` says what it tells."""
    return {**fields_of(format={"const": FORMAT}, **fields), "description": what}


def fields_of(**fields: Shape) -> Shape:
    """Return the shape of a part with these fields. A trailing ``_`` keeps clear of Python's own words."""
    named = {name.rstrip("_"): shape for name, shape in fields.items()}
    return {"type": "object", "properties": named, "required": list(named), "additionalProperties": False}


def many(item: Shape) -> Shape:
    """Return the shape of a list."""
    return {"type": "array", "items": item}


def by_name(item: Shape) -> Shape:
    """Return the shape of a part whose fields are names of yours: journeys, people, messages."""
    return {"type": "object", "additionalProperties": item}


def maybe(shape: Shape) -> Shape:
    """Return the shape of a field that may be null."""
    return {"anyOf": [shape, {"type": "null"}]}


def one_of(*words: str) -> Shape:
    """Return the shape of a field that holds one of a few words."""
    return {"enum": list(words)}


DIAGNOSTIC = fields_of(
    code=TEXT,
    severity=one_of("error", "warning", "note"),
    message=TEXT,
    file=TEXT,
    range=fields_of(start=PLACE, end=PLACE),
    suggestions=many(fields_of(text=TEXT, certain=FLAG)),
    explain=TEXT,
    related=many({"type": "object"}),
)


def shapes() -> Mapping[str, Shape]:
    """Return the shape of every command that prints JSON, by its name; ``SHAPES`` says those of its subcommands."""
    found: dict[str, Shape] = {}
    for command in COMMANDS:
        module = import_module(command.path.partition(":")[0])
        shape = getattr(module, "SHAPE", None)
        if shape is not None:
            found[command.name] = shape
        found |= {f"{command.name} {name}": more for name, more in getattr(module, "SHAPES", {}).items()}
    return found
