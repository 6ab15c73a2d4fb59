"""Segments: named conditions of a project, which may ask about each other, but not in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.condition import ALWAYS, AllOf, AnyObject, AnyOf, Condition, Happened, InSegment, Not
from lifeloop.journey.conditions import read_condition
from lifeloop.journey.scope import project_scope
from lifeloop.journey.shape import is_blank, one_block
from lifeloop.journey.source import Entry, Node, Report


def read_segments(node: Node | None, catalogue: Catalogue, report: Report) -> dict[str, Condition]:
    """Return the sound segments by name, each after those that it asks about."""
    block = one_block(node, "segments", report) if node is not None and not is_blank(node) else None
    entries = block.entries if block else ()
    names: dict[str, Condition] = {entry.key.text: ALWAYS for entry in entries}
    scope = project_scope(replace(catalogue, segments=names))
    found: dict[str, Condition] = {}
    for entry in entries:
        condition = read_condition(entry.value, scope, report)
        if condition is not None:
            found[entry.key.text] = condition
    sound = {name: found[name] for name in found if not _circle(name, found, entries, report)}
    return {name: sound[name] for name in _inside_first(sound)}


def _inside_first(segments: Mapping[str, Condition]) -> list[str]:
    ordered: dict[str, None] = {}

    def put(name: str) -> None:
        if name in segments and name not in ordered:
            for inner in asked_segments(segments[name]):
                put(inner)
            ordered[name] = None

    for name in segments:
        put(name)
    return list(ordered)


def with_inner(names: Iterable[str], segments: Mapping[str, Condition]) -> set[str]:
    """Return these segments and all that they ask about."""
    found: set[str] = set()
    ahead = list(names)
    while ahead:
        name = ahead.pop()
        if name in segments and name not in found:
            found.add(name)
            ahead += asked_segments(segments[name])
    return found


def _circle(name: str, found: dict[str, Condition], entries: tuple[Entry, ...], report: Report) -> bool:
    seen: set[str] = set()
    ahead = list(asked_segments(found[name]))
    while ahead:
        other = ahead.pop()
        if other == name:
            place = next(entry.key.place for entry in entries if entry.key.text == name)
            report.add("J185", f'the segment "{name}" asks about itself', place, label="break this circle")
            return True
        if other not in seen and other in found:
            seen.add(other)
            ahead += asked_segments(found[other])
    return False


def asked_segments(condition: Condition) -> list[str]:
    """Return the segments that a condition asks about."""
    match condition:
        case InSegment():
            return [condition.segment]
        case AllOf() | AnyOf():
            return [name for part in condition.parts for name in asked_segments(part)]
        case Not():
            return asked_segments(condition.part)
        case Happened() | AnyObject() if condition.where is not None:
            return asked_segments(condition.where)
        case _:
            return []
