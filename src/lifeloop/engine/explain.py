"""Why a condition holds or not, line by line, with the values that decided: for ``why`` and for traces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from lifeloop.clock import Instant
from lifeloop.engine.condition_words import deep, events_that_fit, messages_that_fit
from lifeloop.engine.conditions import holds, reading_of
from lifeloop.engine.scope import Scope
from lifeloop.engine.values import Record
from lifeloop.journey.condition import (
    AllOf,
    AnyObject,
    AnyOf,
    Compare,
    Condition,
    DataName,
    Happened,
    MessageWas,
    Not,
)
from lifeloop.journey.plan import Json

_HELD: Mapping[str, Callable[[Scope], Record]] = {
    "customer": attrgetter("customer"),
    "event": attrgetter("event"),
    "start": attrgetter("start"),
    "values": attrgetter("values"),
    "journey": attrgetter("memory"),
}
"""Where a scope holds the records that every run has; any other root is a kind of object."""


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of a condition: whether it holds, what it read (name to value, null for unknown), and its parts."""

    condition: Condition
    holds: bool
    read: Record
    parts: tuple[Explained, ...] = ()


def explain(condition: Condition, scope: Scope) -> Explained:
    """Return the condition's tree with the truth of every line."""
    match condition:
        case AllOf(parts=inner) | AnyOf(parts=inner):
            parts = tuple(explain(part, scope) for part in inner)
        case Not(part=part):
            parts = (explain(part, scope),)
        case _:
            parts = ()
    return Explained(condition, holds(condition, scope), _read(condition, scope), parts)


def read_by(explained: Explained) -> Record:
    """Return everything a condition read, flat, in the order asked."""
    found: dict[str, Json] = dict(explained.read)
    for part in explained.parts:
        found.update(read_by(part))
    return found


def _read(condition: Condition, scope: Scope) -> Record:
    match condition:
        case Compare(subject=subject, operands=operands):
            names = [subject, *(operand for operand in operands if isinstance(operand, DataName))]
            return {str(name): value_of(name, scope) for name in names}
        case Happened(where=where):
            reading = None if where is None else reading_of(where)
            found = tuple(events_that_fit(scope, condition, reading, {}))
            return {f"{condition.event} happened": len(found), **_latest(event.at for event in found)}
        case MessageWas():
            times = tuple(at for _, at in messages_that_fit(scope, condition))
            return {f"{condition.pattern} {condition.what}": len(times), **_latest(times)}
        case AnyObject(kind=kind):
            return {kind: len(scope.things.get(kind, ()))}
        case _:
            return {}


def _latest(times: Iterable[Instant]) -> Record:
    latest = max(times, default=None)
    return {} if latest is None else {"last at": latest}


def value_of(name: DataName, scope: Scope) -> Json:
    """Return what a data name holds, None when it is unknown."""
    if not name.path:
        return None
    held = _HELD.get(name.root)
    record = scope.object_of(name.root) if held is None else held(scope)
    return deep(record.get(name.path[0]), name.path[1:])
