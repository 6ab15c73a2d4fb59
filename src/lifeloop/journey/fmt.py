"""The tidy form of a journey file: order of keys, lengths of time, indents, ids, and the line that editors look for.

Works on the text itself, at the places the reader gives, so that comments, quotes and line breaks stay as they were.
Never changes what a file means: a text that cannot be read, or that would mean something else, comes back untouched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from lifeloop.journey.composing import read_yaml
from lifeloop.journey.fmt_edits import Edit, apply_edits, indented, reordered
from lifeloop.journey.fmt_order import is_in_order, ordered_keys
from lifeloop.journey.fmt_walk import blocks_with_order, lengths_written, lines_of_texts, steps_written
from lifeloop.journey.lengths import parse_length, say_length
from lifeloop.journey.source import Items, Map, Node, Report, Scalar

MODELINE = "# yaml-language-server: $schema={schema}"
SCHEMA = "../.lifeloop/schema.json"
MOST_ROUNDS = 500
"""Each round puts one block in order; a file with more than so many has a problem of another kind."""

Ids = Mapping[tuple[int, int], str]
"""Line and column of a step's verb to the id it gets."""


def tidy(text: str, *, ids: Ids | None = None, schema: str = SCHEMA) -> str:
    """Return the tidy form of a journey file; ``ids`` are pinned on steps that have none."""
    before = _read(text)
    if before is None:
        return text
    passes: tuple[Callable[[str], str], ...] = (
        lambda given: _with_ids(given, ids or {}),
        _with_plain_lengths,
        _with_indents,
        _in_order,
        _without_loose_ends,
        lambda given: _with_modeline(given, schema),
    )
    done = text
    for change in passes:
        done = change(done)
    after = _read(done)
    return done if after is not None and meaning(after) == meaning(before, ids or {}) else text


def meaning(node: Node, ids: Ids | None = None) -> object:
    """Return what a file says, without order of keys, places and spellings of lengths: equal means the same."""
    match node:
        case Scalar():
            length = None if node.quoted else parse_length(node.text)
            return length or node.text
        case Items():
            return tuple(meaning(item, ids) for item in node.items)
        case Map():
            said = {entry.key.text: meaning(entry.value, ids) for entry in node.entries}
            pinned = [ids[spot] for entry in node.entries if (spot := _spot(entry.key)) in ids] if ids else []
            return {**said, **({"id": pinned[0]} if pinned and "id" not in said else {})}


def _read(text: str) -> Map | None:
    report = Report()
    node = read_yaml(text, "", report)
    return node if isinstance(node, Map) and not report.found else None


def _spot(scalar: Scalar) -> tuple[int, int]:
    return scalar.place.line, scalar.place.column


def _with_ids(text: str, ids: Ids) -> str:
    node = _read(text)
    if node is None or not ids:
        return text
    return apply_edits(text, [edit for step in steps_written(node) for edit in _pin(step, text, ids)])


def _pin(step: Map, text: str, ids: Ids) -> Iterator[Edit]:
    verb = next((entry.key for entry in step.entries if _spot(entry.key) in ids), None)
    if verb is None or step.entry("id"):
        return
    named = f"id: {ids[_spot(verb)]}"
    line, column = _spot(verb)
    if text.splitlines()[step.place.line - 1][step.place.column - 1] == "{":
        yield Edit(line, column, line, column, f"{named}, ")
    else:
        yield Edit(line, column, line, column, f"{named}\n{' ' * (column - 1)}")


def _with_plain_lengths(text: str) -> str:
    node = _read(text)
    return apply_edits(text, [edit for length in lengths_written(node) for edit in _plain(length)]) if node else text


def _plain(scalar: Scalar) -> Iterator[Edit]:
    length = parse_length(scalar.text)
    if length and scalar.text.strip().upper().startswith("P"):
        place = scalar.place
        yield Edit(place.line, place.column, place.end_line, place.end_column, say_length(length))


def _with_indents(text: str) -> str:
    node = _read(text)
    return indented(text, node) if node else text


def _in_order(text: str) -> str:
    for _ in range(MOST_ROUNDS):
        node = _read(text)
        if node is None:
            return text
        messy = next((block for block in blocks_with_order(node) if not is_in_order(block)), None)
        if messy is None:
            return text
        done = reordered(text, messy.node, ordered_keys(messy), node)
        if done == text:
            return text
        text = done
    return text


def _without_loose_ends(text: str) -> str:
    """No blanks at the ends of lines, never two empty lines in a row, one line break at the end."""
    node = _read(text)
    if node is None:
        return text
    kept = lines_of_texts(node, text.splitlines())
    lines: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        bare = line if number in kept else line.rstrip()
        if bare or number in kept or (lines and lines[-1]):
            lines.append(bare)
    return "\n".join(lines).rstrip("\n") + "\n"


def _with_modeline(text: str, schema: str) -> str:
    node = _read(text)
    is_shared = node is None or node.entry("journey") is None
    if is_shared or "yaml-language-server:" in text.split("\n\n", 1)[0]:
        return text
    return f"{MODELINE.format(schema=schema)}\n{text}"
