"""What the columns of a file mean: where a customer's and an event's data come from. Values only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lifeloop.work.importing.cells import Comma, Order

_HOLE = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Column:
    """The cell of a column."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Always:
    """The same for every row."""

    text: str

    def __str__(self) -> str:
        return f"always {self.text}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text with columns in it: ``{customer_id}@example.com``."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns it names."""
        return tuple(_HOLE.findall(self.text))


Source = Column | Always | Pattern


@dataclass(frozen=True, slots=True)
class PeopleMap:
    """Each row is about a customer: their id, data, things by kind, and permissions by topic."""

    id: Source
    data: Mapping[str, Source] = field(default_factory=dict)
    things: Mapping[str, Mapping[str, Source]] = field(default_factory=dict)
    consents: Mapping[str, Source] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventMap:
    """Each row says that something happened. Without an ``id`` it is made of what the row says."""

    name: str
    customer: Source
    at: Source
    id: Source | None = None
    data: Mapping[str, Source] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Habits:
    """How the file is written, where it was said; None: it is guessed."""

    delimiter: str | None = None
    encoding: str | None = None
    dates: Order | None = None
    decimal: Comma | None = None
    source: str = "import"
    timezone: str | None = None
    """Whose wall clock times without an offset are on; None: the project's."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one file brings: customers, events, or both from the same row."""

    people: PeopleMap | None = None
    events: tuple[EventMap, ...] = ()
    left_out: tuple[str, ...] = ()
    """Columns that nobody takes."""
    notes: tuple[str, ...] = ()
    """What a person should know about the guesses, as sentences."""


def sources_of(meaning: Meaning) -> list[Source]:
    """Return everything that is taken from the file."""
    found: list[Source] = []
    if meaning.people:
        people = meaning.people
        found += [people.id, *people.data.values(), *people.consents.values()]
        found += [source for fields in people.things.values() for source in fields.values()]
    for event in meaning.events:
        found += [event.customer, event.at, *event.data.values(), *([event.id] if event.id else [])]
    return found


def columns_of(source: Source) -> tuple[str, ...]:
    """Return the columns something is made of."""
    match source:
        case Column(name):
            return (name,)
        case Pattern():
            return source.columns
        case Always():
            return ()


def getter(source: Source, columns: Sequence[str]) -> Callable[[Sequence[str]], str]:
    """Return what takes a source's text out of the cells of a row."""
    match source:
        case Column(name):
            place = columns.index(name)
            return lambda cells: cells[place]
        case Always(text):
            return lambda _cells: text
        case Pattern(text):
            places = {name: place for place, name in enumerate(columns)}
            return lambda cells: _HOLE.sub(lambda found: cells[places[found[1]]], text)
