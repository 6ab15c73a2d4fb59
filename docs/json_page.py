"""The page of JSON shapes: what each command prints with ``--json``, as an outline that a person can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifeloop.cli.shapes import shapes

HEAD = """\
Every command that tells something tells it to programs too: `lifeloop COMMAND --json` prints one document, and commands
that go on (`run`) one document a line. Notes and progress go to stderr, exit codes are the same. All fields are always
there, empty where there is nothing; new fields may be added. When a field changes its meaning, `format` changes.

Moments are ISO 8601 in UTC. `text?` is a text or null. The shapes are JSON Schemas in `lifeloop.cli.shapes`, and a test
holds each command to its own.
"""
_WORDS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}
INDENT = "  "


def json_page() -> str:
    """Return the page."""
    parts = ["# What commands tell programs\n", HEAD]
    for name, shape in shapes().items():
        outline = "\n".join(_outline(shape, ""))
        parts.append(f"## lifeloop {name}\n\n{shape['description']}\n\n```text\n{outline}\n```\n")
    return "\n".join(parts)


def _outline(shape: dict[str, Any], indent: str) -> Iterator[str]:
    yield "{"
    for field, inner in shape["properties"].items():
        first, *rest = _said(inner, indent + INDENT)
        yield f'{indent}{INDENT}"{field}": {first}'
        yield from rest
    yield f"{indent}}}"


def _said(shape: dict[str, Any], indent: str) -> list[str]:
    if "properties" in shape:
        return list(_outline(shape, indent))
    if "items" in shape and "minItems" not in shape:
        first, *rest = _said(shape["items"], indent)
        return [f"[{first}", *rest[:-1], f"{rest[-1]}, …]"] if rest else [f"[{first}, …]"]
    if isinstance(shape.get("additionalProperties"), dict):
        first, *rest = _said(shape["additionalProperties"], indent)
        return ["{name: " + first, *rest[:-1], rest[-1] + ", …}"] if rest else ["{name: " + first + ", …}"]
    return [_word(shape)]


def _word(shape: dict[str, Any]) -> str:
    if "const" in shape:
        return str(shape["const"])
    if "enum" in shape:
        return " | ".join(f'"{word}"' for word in shape["enum"])
    if "anyOf" in shape:
        return _word(shape["anyOf"][0]) + "?"
    if shape.get("format") == "date-time":
        return "moment"
    if shape.get("type") == "array":
        return "[line, column]"
    return _WORDS.get(shape.get("type", ""), "anything")
