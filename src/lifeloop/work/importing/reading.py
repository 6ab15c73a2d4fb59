"""From a row of cells to a customer and what happened to them, typed by the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.zones import zone_named
from lifeloop.journey.attributes import Coerced
from lifeloop.journey.catalogue import Attribute, Catalogue
from lifeloop.journey.plan import Json
from lifeloop.store.transaction import dump
from lifeloop.work.importing.cells import Comma, Dates, Order, decide_comma, decide_dates, fitter, instant_at, yes_or_no
from lifeloop.work.importing.meaning import EventMap, Habits, Meaning, Pattern, PeopleMap, Source, columns_of, getter
from lifeloop.work.importing.problems import Rejected, RowProblemError, together
from lifeloop.work.importing.table import Row, Sheet
from lifeloop.work.ingesting import Happening, Person

Cells = Sequence[str]
Fields = Mapping[str, Json]
Take = Callable[[Cells], Json]

MONTH_FIRST = frozenset({"US", "PH", "FM", "MH", "PW"})
"""Countries that write the month before the day."""
REMEMBERED = 100_000
"""Rows among which two that say exactly the same are told apart by counting."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One row that was understood: whom it is about and what happened."""

    row: Row
    person: Person | None
    happenings: tuple[Happening, ...]


def usual_order(catalogue: Catalogue) -> Order:
    """Return how the project's country writes dates."""
    american = catalogue.country in MONTH_FIRST or (catalogue.country is None and catalogue.language == "en-US")
    return "month first" if american else "day first"


def zone_of_file(habits: Habits, catalogue: Catalogue) -> ZoneInfo:
    """Return whose wall clock the times in a file are on."""
    return zone_named(habits.timezone) or zone_named(catalogue.timezone) or ZoneInfo("UTC")


class Reader:
    """Reads the rows of one table by their meaning."""

    def __init__(self, table: Sheet, meaning: Meaning, habits: Habits, catalogue: Catalogue) -> None:
        self._table = table
        self._habits = habits
        self._catalogue = catalogue
        self._zone = zone_of_file(habits, catalogue)
        self._counted = Counted()
        self._takes: list[Callable[[Cells], object]] = []
        self.dates: dict[str, Dates] = {}
        """How each dated column is read, by name: for the guesses that are shown."""
        self._person = self._people(meaning.people) if meaning.people else None
        self._events = [self._event(event, several=_same_id(meaning, event)) for event in meaning.events]

    def read(self, row: Row) -> Taken | Rejected:
        """Return what a row says, or why it cannot be taken."""
        try:
            person = self._person(row.cells) if self._person else None
            return Taken(row, person, tuple(event(row.cells) for event in self._events))
        except RowProblemError as problem:
            found = together([problem, *self._problems(row.cells)])
            return Rejected(row.number, found.reason, found.column, found.value, tuple(row.cells))

    def _problems(self, cells: Cells) -> Iterator[RowProblemError]:
        """Yield everything that is wrong with a row; asked only of a row in which something is."""
        for take in self._takes:
            try:
                take(cells)
            except RowProblemError as problem:
                yield problem

    def rows(self) -> Iterator[Taken | Rejected]:
        """Read the whole file."""
        for row in self._table.rows():
            yield self.read(row) if isinstance(row, Row) else row

    def _people(self, mapped: PeopleMap) -> Callable[[Cells], Person]:
        key = self._key(mapped.id)
        data = self._fields(mapped.data, self._catalogue.customer)
        things = {
            kind: (self._fields(fields, self._attributes(kind)), self._catalogue.objects[kind].key)
            for kind, fields in mapped.things.items()
        }
        consents = {topic: self._permission(source) for topic, source in mapped.consents.items()}

        def person(cells: Cells) -> Person:
            return Person(key(cells), data(cells), _things(things, cells), _permissions(consents, cells))

        return person

    def _attributes(self, kind: str) -> Mapping[str, Attribute]:
        declared = self._catalogue.objects[kind]
        return {declared.key: Attribute(declared.key), **declared.attributes}

    def _event(self, mapped: EventMap, *, several: bool) -> Callable[[Cells], Happening]:
        customer, at = self._key(mapped.customer), self._moment(mapped.at)
        data = self._fields(mapped.data, self._catalogue.events[mapped.name].attributes)
        own = getter(mapped.id, self._table.columns) if mapped.id else None
        name, source = mapped.name, self._habits.source

        def event(cells: Cells) -> Happening:
            who, when, what = customer(cells), at(cells), data(cells)
            given = own(cells) if own else ""
            if own and not given:
                raise RowProblemError("the event has no id", str(mapped.id))
            id_ = (f"{name}:{given}" if several else given) if given else self._counted.id_of(name, who, when, what)
            return Happening(who, name, when, id_, source, what)

        return event

    def _key(self, source: Source) -> Callable[[Cells], str]:
        take = getter(source, self._table.columns)

        def key(cells: Cells) -> str:
            found = take(cells)
            if not found:
                raise RowProblemError("it does not say which customer", str(source))
            return found

        self._takes.append(key)
        return key

    def _moment(self, source: Source) -> Callable[[Cells], Instant]:
        take, order = getter(source, self._table.columns), self._order(source)

        def moment(cells: Cells) -> Instant:
            text = take(cells)
            found = instant_at(text, order, self._zone)
            if found is None:
                said = f'"{text}" is not a date and time such as 2026-12-31 09:00' if text else "it does not say when"
                raise RowProblemError(said, str(source), text)
            return found

        self._takes.append(moment)
        return moment

    def _permission(self, source: Source) -> Callable[[Cells], bool | None]:
        take = getter(source, self._table.columns)

        def permission(cells: Cells) -> bool | None:
            text = take(cells)
            said = yes_or_no(text)
            if text and said is None:
                raise RowProblemError(f'"{text}" is neither yes nor no', str(source), text)
            return said

        self._takes.append(permission)
        return permission

    def _fields(
        self, sources: Mapping[str, Source], attributes: Mapping[str, Attribute]
    ) -> Callable[[Cells], dict[str, Json]]:
        takes = [(name, self._value(source, attributes[name])) for name, source in sources.items()]

        def fields(cells: Cells) -> dict[str, Json]:
            found = ((name, take(cells)) for name, take in takes)
            return {name: value for name, value in found if value is not None}

        return fields

    def _value(self, source: Source, attribute: Attribute) -> Take:
        take = getter(source, self._table.columns)
        fit = fitter(attribute, self._order(source, attribute), self._comma(source))

        def value(cells: Cells) -> Json:
            text = take(cells)
            found: Coerced = fit(text)
            if found.reason:
                raise RowProblemError(found.reason, str(source), text)
            return found.value

        if not isinstance(source, Pattern):  # what is wrong with one is wrong with its columns
            self._takes.append(value)
        return value

    def _order(self, source: Source, attribute: Attribute | None = None) -> Order:
        usual = usual_order(self._catalogue)
        columns = columns_of(source)
        if (attribute and attribute.type not in ("date", "datetime")) or len(columns) != 1:
            return self._habits.dates or usual
        found = decide_dates(self._table.column(columns[0]), self._habits.dates or usual)
        if found is None:
            return self._habits.dates or usual
        self.dates[columns[0]] = found
        return self._habits.dates or found.order

    def _comma(self, source: Source) -> Comma:
        usual: Comma = "comma" if self._table.delimiter == ";" else "point"
        cells = [cell for name in columns_of(source) for cell in self._table.column(name)]
        return self._habits.decimal or decide_comma(cells, usual)


class Counted:
    """Ids for events that bring none, made of what they say; the second of two equal ones is another event."""

    def __init__(self) -> None:
        self._now: dict[bytes, int] = {}
        self._before: dict[bytes, int] = {}

    def id_of(self, name: str, customer: str, at: Instant, data: Fields) -> str:
        """Return the id: the same file gives the same ids again, in whatever pieces it is read."""
        said = blake2b(dump([name, customer, at, data]).encode(), digest_size=14)
        key = said.digest()
        count = self._now.get(key, self._before.get(key, 0)) + 1
        self._now[key] = count
        if len(self._now) >= REMEMBERED:
            self._before, self._now = self._now, {}
        return said.hexdigest() if count == 1 else f"{said.hexdigest()}-{count}"


def _same_id(meaning: Meaning, event: EventMap) -> bool:
    return sum(other.id == event.id for other in meaning.events) > 1


def _things(
    things: Mapping[str, tuple[Callable[[Cells], dict[str, Json]], str]], cells: Cells
) -> dict[str, tuple[Fields, ...]]:
    found: dict[str, tuple[Fields, ...]] = {}
    for kind, (fields, key) in things.items():
        thing = fields(cells)
        if not thing:
            continue  # this customer has none
        if key not in thing:
            raise RowProblemError(f"the {kind} has no {key}")
        found[kind] = (thing,)
    return found


def _permissions(consents: Mapping[str, Callable[[Cells], bool | None]], cells: Cells) -> dict[str, bool]:
    found = {topic: permission(cells) for topic, permission in consents.items()}
    return {topic: said for topic, said in found.items() if said is not None}
