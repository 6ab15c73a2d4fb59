"""What came out of a rehearsal, in the words of tests, and why it came at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time

from lifeloop.engine.values import (
    AskPerson,
    CallAction,
    Effect,
    EmitEvent,
    EnterJourney,
    Event,
    Record,
    SendMessage,
    Visited,
)
from lifeloop.rehearse.days import Days
from lifeloop.rehearse.happened import Happened

STRICT = frozenset({"send", "call", "enter", "stop"})
"""What a test must expect; the rest is looked at only where it is named."""
_MOMENTS = frozenset({"waited", "held", "event", "time is up", "missed", "answered"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that came out: at which minute on the customer's clock, what, and with which data.

    ``node``: the step; ``cause``: the visit that made it come at this moment, None where it came at once.
    """

    day: int
    at: time
    what: str
    name: str
    data: Record
    node: str | None = None
    cause: Visited | None = None

    def __str__(self) -> str:
        return f"day {self.day} {self.at:%H:%M}   {self.what} {self.name}"


def outcomes_of(happened: Sequence[Happened], days: Days) -> tuple[Outcome, ...]:
    """Return everything that tests may speak of, in order."""
    found: list[Outcome] = []
    causes: dict[str, Visited] = {}
    for one in happened:
        effect = one.effect
        if isinstance(effect, Visited) and effect.what in _MOMENTS:
            causes[one.key] = effect
        named = _named(effect)
        if named is not None and one.journey is not None:
            what, name, data = named
            found.append(Outcome(*days.of_instant(one.at), what, name, data, _node(effect), causes.get(one.key)))
    return tuple(found)


def _node(effect: Effect | Event) -> str | None:
    return getattr(effect, "node", None)


def _named(effect: Effect | Event) -> tuple[str, str, Record] | None:
    match effect:
        case SendMessage():
            return "send", effect.message, effect.args
        case CallAction():
            return "call", f"{effect.connection}.{effect.action}", effect.args
        case EnterJourney():
            return "enter", effect.journey, effect.start
        case EmitEvent():
            return "record", effect.name, effect.data
        case AskPerson():
            return "ask", effect.who, {}
        case Visited(what="set", data=data):
            return "set", ", ".join(data), {name.removeprefix("journey."): value for name, value in data.items()}
        case Visited(what="milestone", detail=name):
            return "milestone", name, {}
        case Visited(what="stopped", detail=reason):
            return "stop", reason, {}
        case _:
            return None
