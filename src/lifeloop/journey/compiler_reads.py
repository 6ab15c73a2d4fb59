"""What the conditions of a journey read, so that facts can be loaded in one go and changes wake the right runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.condition import (
    AllOf,
    AnyObject,
    AnyOf,
    Compare,
    Condition,
    DataName,
    Happened,
    InSegment,
    Not,
)
from lifeloop.journey.moment import FromAnchor
from lifeloop.journey.plan import Ask, Branch, Node, Wait, WaitFor


@dataclass(frozen=True, slots=True)
class Reads:
    """Names of events, segments and kinds of objects, and data names, each once and in order."""

    events: tuple[str, ...]
    segments: tuple[str, ...]
    objects: tuple[str, ...]
    names: tuple[DataName, ...]


def parts_of(condition: Condition) -> Iterator[Condition]:
    """Yield a condition with everything nested in it."""
    yield condition
    match condition:
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from parts_of(part)
        case Not(part=part):
            yield from parts_of(part)
        case Happened(where=where) | AnyObject(where=where) if where is not None:
            yield from parts_of(where)
        case _:
            pass


def reads_of(conditions: Iterable[Condition], catalogue: Catalogue) -> Reads:
    """Return what some conditions read, those of the segments they name included."""
    parts = tuple(_with_segments(conditions, catalogue.segments, frozenset()))
    return Reads(
        events=_each(part.event for part in parts if isinstance(part, Happened)),
        segments=_each(part.segment for part in parts if isinstance(part, InSegment)),
        objects=_each(part.kind for part in parts if isinstance(part, AnyObject)),
        names=tuple(dict.fromkeys(name for part in parts for name in _names(part, catalogue))),
    )


def conditions_of(nodes: Iterable[Node]) -> Iterator[Condition]:
    """Yield the conditions that nodes ask."""
    for node in nodes:
        match node:
            case Branch(cases=cases):
                yield from (case.when for case in cases)
            case WaitFor(where=where):
                yield where
            case _:
                pass


def anchors_of(nodes: Iterable[Node]) -> Iterator[DataName]:
    """Yield the data that the moments of nodes are counted from."""
    for node in nodes:
        match node:
            case Wait(until=FromAnchor(anchor=anchor)):
                yield anchor
            case WaitFor(max=FromAnchor(anchor=anchor)) | Ask(max=FromAnchor(anchor=anchor)):
                yield anchor
            case _:
                pass


def _with_segments(
    conditions: Iterable[Condition], segments: Mapping[str, Condition], seen: frozenset[str]
) -> Iterator[Condition]:
    for condition in conditions:
        for part in parts_of(condition):
            yield part
            if isinstance(part, InSegment) and part.segment in segments and part.segment not in seen:
                yield from _with_segments((segments[part.segment],), segments, seen | {part.segment})


def _names(part: Condition, catalogue: Catalogue) -> Iterator[DataName]:
    match part:
        case Compare():
            yield part.subject
            yield from (operand for operand in part.operands if isinstance(operand, DataName))
        case AnyObject(kind=kind) if kind in catalogue.objects:
            # A thing that comes or goes always changes its key.
            yield DataName(kind, (catalogue.objects[kind].key,))
        case _:
            pass


def _each(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
