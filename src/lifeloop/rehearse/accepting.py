"""Rewrites what tests expect to what happened, in the text of the file: everything else stays as its author wrote it.

Lines of steps that came as expected are kept to the letter, with their comments. Of a step that came at another time
only the time is written anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from lifeloop.journey.composing import read_yaml
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.plan import Json
from lifeloop.journey.saying import say_value
from lifeloop.journey.source import Items, Map, Node, Report, Scalar
from lifeloop.journey.spec import Expectation
from lifeloop.rehearse.outcomes import STRICT, Outcome
from lifeloop.rehearse.testing import TestResult, fits

NOTHING = "nothing"
DEEPER = 2


def accepted(text: str, results: Sequence[TestResult]) -> str:
    """Return a journey file in which these tests expect what happened."""
    edits = [edit for result in results if (edit := _edit(text, result)) is not None]
    lines = text.splitlines(keepends=True)
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        lines[edit.start : edit.end] = edit.lines
    return "".join(lines)


@dataclass(frozen=True, slots=True)
class _Edit:
    """Lines ``start`` up to ``end`` (from 0) become others."""

    start: int
    end: int
    lines: list[str]


@dataclass(frozen=True, slots=True)
class _Old:
    """One thing expected so far, and the lines it stands on, with the comments above it."""

    wanted: Expectation
    node: Node
    lines: tuple[str, ...]


def _edit(text: str, result: TestResult) -> _Edit | None:
    place = result.test.expect_place
    if place is None:
        return None
    lines = text.splitlines(keepends=True)
    found = _at(read_yaml(text, place.file, Report()), place)
    key = _line_of_key(lines, place)
    head, indent = lines[key], _indent(lines[key]) + DEEPER
    if isinstance(found, Items) and not head[_column_of_value(head) :].strip().startswith("["):
        start = place.line - 1
        end = max(item.place.end_line - (item.place.end_column == 1) for item in found.items)
        old = list(_old(lines, start, found, result.test.expect))
        new = _merged(old, result, _indent(lines[start]) if old else indent)
        return _Edit(start, end, new) if new else _Edit(key, end, [_with_value(head, f" {NOTHING}")])
    new = _merged([], result, indent)
    end = place.end_line
    return _Edit(key, end, [_with_value(head, ""), *new] if new else [_with_value(head, f" {NOTHING}")])


def _at(node: Node | None, place: Place) -> Node | None:
    """Return the node that stands at a place."""
    if node is None or node.place == place:
        return node
    inner: Sequence[Node] = ()
    if isinstance(node, Map):
        inner = [entry.value for entry in node.entries]
    elif isinstance(node, Items):
        inner = node.items
    return next((found for one in inner if (found := _at(one, place)) is not None), None)


def _line_of_key(lines: Sequence[str], place: Place) -> int:
    here = place.line - 1
    return next((n for n in range(here, -1, -1) if "expect:" in lines[n].partition("#")[0]), here)


def _column_of_value(head: str) -> int:
    return head.index("expect:") + len("expect:")


def _with_value(head: str, value: str) -> str:
    """Return the line of ``expect:`` with another value, and the comment that stood behind it."""
    column = _column_of_value(head)
    _, mark, comment = head[column:].rstrip("\n").partition(" #")
    return head[:column] + value + (f" {mark.strip()}{comment}" if mark else "") + "\n"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _old(lines: Sequence[str], start: int, found: Items, expect: Sequence[Expectation]) -> Iterator[_Old]:
    """Yield what was expected with its lines; comments above a step belong to it."""
    above = start
    for node, wanted in zip(found.items, expect, strict=True):
        end = node.place.end_line - (node.place.end_column == 1)
        while end > node.place.line and not lines[end - 1].partition("#")[0].strip():
            end -= 1
        yield _Old(wanted, node, tuple(lines[above:end]))
        above = end


def _merged(old: Sequence[_Old], result: TestResult, indent: int) -> list[str]:
    new = list(_worth_expecting(result))
    names_before = [_name(one.wanted.what, one.wanted.name, tuple(one.wanted.data)) for one in old]
    names_now = [_name(one.what, one.name, tuple(one.data)) for one in new]
    kept = {
        block.b + offset: old[block.a + offset]
        for block in SequenceMatcher(None, names_before, names_now, autojunk=False).get_matching_blocks()
        for offset in range(block.size)
    }
    written = [_line(one, kept.get(number), indent) for number, one in enumerate(new)]
    return [line for lines in written for line in lines]


def _worth_expecting(result: TestResult) -> Iterator[Outcome]:
    """Yield what a test must expect, and what this one looked at before."""
    named = {_name(one.what, one.name, tuple(one.data)) for one in result.test.expect if one.what not in STRICT}
    for one in result.outcomes:
        if one.what in STRICT or _name(one.what, one.name, tuple(one.data)) in named:
            yield one


def _name(what: str, name: str, data: tuple[str, ...]) -> tuple[str, str]:
    return what, ", ".join(sorted(data)) if what == "set" else name


def _line(new: Outcome, old: _Old | None, indent: int) -> Sequence[str]:
    if old is not None:
        if fits(old.wanted, new):
            return old.lines
        retimed = _retimed(new, old)
        if retimed is not None:
            return retimed
    return _written(new, indent)


def _retimed(new: Outcome, old: _Old) -> Sequence[str] | None:
    """Return the same lines with another time, None where more than the time is other."""
    at = old.node.value("at") if isinstance(old.node, Map) else None
    same_data = all(new.data.get(key) == value for key, value in old.wanted.data.items())
    if not isinstance(at, Scalar) or not same_data:
        return None
    lines = list(old.lines)
    number = len(lines) - 1 - (_last_line(old) - at.place.line)
    line = lines[number]
    lines[number] = line[: at.place.column - 1] + _moment(new) + line[at.place.end_column - 1 :]
    return lines


def _last_line(old: _Old) -> int:
    place = old.node.place
    first = next(i for i, line in enumerate(old.lines) if line.partition("#")[0].strip())
    return place.line + len(old.lines) - 1 - first


def _written(new: Outcome, indent: int) -> list[str]:
    pad = " " * indent
    at = [] if new.what == "stop" else [f"at: {_moment(new)}"]
    said = [f"set: {_flow(new.data)}"] if new.what == "set" else [f"{new.what}: {_plain(new.name)}"]
    first, *rest = [*at, *said]
    return [f"{pad}- {first}\n", *(f"{pad}  {line}\n" for line in rest)]


def _moment(new: Outcome) -> str:
    return f"day {new.day} {new.at:%H:%M}"


def _flow(data: object) -> str:
    pairs = data.items() if isinstance(data, dict) else ()
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in pairs) + "}"


def _value(value: Json) -> str:
    if value is None:
        return "null"
    return _plain(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    """Return a text as YAML writes it, in quotes where it must be."""
    if any(mark in text for mark in (": ", " #", "{", "}", "[", "]", ",")) or text[:1] in "\"'&*!|>%@`-?#" or not text:
        return json.dumps(text, ensure_ascii=False)
    return text if text == text.strip() and say_value(text, "text") else json.dumps(text, ensure_ascii=False)
