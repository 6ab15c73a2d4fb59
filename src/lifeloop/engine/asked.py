"""What a condition reads: names, messages, everything inside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lifeloop.journey.condition import (
    AllOf,
    AnyObject,
    AnyOf,
    Compare,
    Condition,
    DataName,
    Happened,
    InSegment,
    MessageWas,
    Not,
)


def names_in(condition: Condition) -> Iterator[DataName]:
    """Yield the data names that comparisons read, in the order written."""
    match condition:
        case Compare(subject=subject, operands=operands):
            yield subject
            yield from (operand for operand in operands if isinstance(operand, DataName))
        case AllOf(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from names_in(part)
        case Not(part=part):
            yield from names_in(part)
        case _:
            pass


def asks_only(condition: Condition, roots: frozenset[str]) -> bool:
    """Tell whether a condition can be answered from those records alone, without asking about the past."""
    match condition:
        case Compare():
            return all(name.root in roots for name in names_in(condition))
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return all(asks_only(part, roots) for part in parts)
        case Not(part=part):
            return asks_only(part, roots)
        case _:
            return False


def parts_in(tree: Condition, segments: Mapping[str, Condition]) -> Iterator[Condition]:
    """Yield a condition and everything inside it, also inside its ``where`` and the segments it names."""
    yield tree
    match tree:
        case AllOf(parts=inner) | AnyOf(parts=inner):
            pass
        case Not(part=part):
            inner = (part,)
        case Happened(where=where) | AnyObject(where=where) if where is not None:
            inner = (where,)
        case InSegment(segment=name) if name in segments:
            inner = (segments[name],)
        case _:
            inner = ()
    for part in inner:
        yield from parts_in(part, segments)


def asks_messages(condition: Condition) -> bool:
    """Tell whether a condition asks about messages, so that saying one may change its answer."""
    match condition:
        case MessageWas():
            return True
        case AllOf(parts=parts) | AnyOf(parts=parts):
            return any(asks_messages(part) for part in parts)
        case Not(part=part):
            return asks_messages(part)
        case _:
            return False
