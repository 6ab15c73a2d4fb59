"""A mapping file: a few lines of YAML that say what the columns of a file mean, for imports that come again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from lifeloop.engine.zones import zone_named
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.composing import read_yaml
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Items, Map, Node, Report, Scalar, read_file
from lifeloop.work.importing.meaning import (
    Always,
    Column,
    EventMap,
    Habits,
    Meaning,
    Pattern,
    PeopleMap,
    Source,
    columns_of,
    sources_of,
)
from lifeloop.work.importing.problems import MappingError

TOP = ("customers", "objects", "consents", "events", "delimiter", "encoding", "dates", "decimal", "timezone", "source")
EVENT = ("name", "customer", "at", "id", "data")
CHOICES = {"dates": ("day first", "month first"), "decimal": ("comma", "point")}


class MappingFile:
    """One mapping file, read; it is turned into a meaning once the columns of a file are known."""

    def __init__(self, path: Path, catalogue: Catalogue, shown: str | None = None) -> None:
        self._catalogue = catalogue
        self._columns: tuple[str, ...] = ()
        self._mistakes: list[str] = []
        self._top = _read(path, shown or path.name)
        self._check(self._top, TOP, "a mapping")

    def habits(self) -> Habits:
        """Return how the file is written, where the mapping says it."""
        said = {
            name: self._text(self._top.value(name))
            for name in ("delimiter", "encoding", "dates", "decimal", "source", "timezone")
            if self._top.value(name)
        }
        for name, choices in CHOICES.items():
            if name in said and said[name] not in choices:
                self._wrong(self._top.value(name), f"{name} is one of: {', '.join(choices)}")
        if "timezone" in said and zone_named(said["timezone"]) is None:
            self._wrong(self._top.value("timezone"), f'"{said["timezone"]}" is not a time zone')
        self._raise()
        return Habits(**said)  # type: ignore[arg-type]  # checked above

    def meaning(self, columns: tuple[str, ...]) -> Meaning:
        """Return what the columns mean; every mistake in the mapping is reported at once.

        Raises:
            MappingError: it names columns, data or events that are not there.
        """
        self._columns = columns
        people = self._people()
        events = tuple(self._event(node, people) for node in _items(self._top.value("events")))
        if people is None and not events:
            self._wrong(self._top, 'a mapping says "customers" or "events", or both')
        self._raise()
        meaning = Meaning(people, tuple(event for event in events if event))
        used = {column for source in sources_of(meaning) for column in columns_of(source)}
        return Meaning(people, meaning.events, tuple(column for column in columns if column not in used))

    def _people(self) -> PeopleMap | None:
        node = self._top.value("customers")
        if not isinstance(node, Map):
            if node is not None or self._top.value("objects") or self._top.value("consents"):
                self._wrong(node or self._top, 'write under "customers" which column holds their id:  id: customer_id')
            return None
        sources = {entry.key.text: self._source(entry.value) for entry in node.entries}
        key = sources.pop("id", None)
        if key is None:
            self._wrong(node, "which column holds the customer's id?   id: customer_id")
        self._known(node, self._catalogue.customer, "customer")
        return PeopleMap(key or Always(""), _only(sources), self._things(), self._consents())

    def _things(self) -> dict[str, dict[str, Source]]:
        node = self._top.value("objects")
        found = {}
        for entry in node.entries if isinstance(node, Map) else ():
            kind = self._catalogue.objects.get(entry.key.text)
            if kind is None or not isinstance(entry.value, Map):
                self._wrong(entry.key, _unknown("object", entry.key.text, self._catalogue.objects))
                continue
            self._known(entry.value, {kind.key: None, **kind.attributes}, kind.name)
            if entry.value.value(kind.key) is None:
                self._wrong(entry.key, f"a {kind.name} is known by its {kind.key}: say which column holds it")
            found[kind.name] = _only({each.key.text: self._source(each.value) for each in entry.value.entries})
        return found

    def _consents(self) -> dict[str, Source]:
        node = self._top.value("consents")
        if not isinstance(node, Map):
            return {}
        self._check(node, self._catalogue.topics, "consents", what="topic")
        return _only({entry.key.text: self._source(entry.value) for entry in node.entries})

    def _event(self, node: Node, people: PeopleMap | None) -> EventMap | None:
        if not isinstance(node, Map):
            self._wrong(node, "an event is written:  - name: order.delivered")
            return None
        self._check(node, EVENT, "an event")
        name = self._text(node.value("name"))
        declared = self._catalogue.events.get(name)
        if declared is None:
            self._wrong(node.value("name") or node, _unknown("event", name, self._catalogue.events))
            return None
        data = node.value("data")
        sources = {each.key.text: self._source(each.value) for each in data.entries} if isinstance(data, Map) else {}
        if isinstance(data, Map):
            self._known(data, declared.attributes, name)
        customer = self._source(node.value("customer")) or (people.id if people else None)
        at, own = self._source(node.value("at")), self._source(node.value("id"))
        if customer is None or at is None:
            missing = "at: date" if customer else "customer: customer_id"
            self._wrong(node, f"say which column tells {'when' if customer else 'whom'}:  {missing}")
            return None
        return EventMap(name, customer, at, own, _only(sources))

    def _source(self, node: Node | None) -> Source | None:
        match node:
            case None:
                return None
            case Map() if len(node.entries) == 1 and node.entries[0].key.text in ("always", "column"):
                word, text = node.entries[0].key.text, self._text(node.entries[0].value)
                return Always(text) if word == "always" else self._column(node.entries[0].value, text)
            case Scalar(text=text) if "{" in text:
                pattern = Pattern(text)
                for name in pattern.columns:
                    self._column(node, name)
                return pattern
            case Scalar(text=text) if text in self._columns:
                return Column(text)
            case Scalar(text=text):
                return self._always(node, text)
            case _:
                self._wrong(node, "write the name of a column, or  {always: the same for everybody}")
                return None

    def _always(self, node: Scalar, text: str) -> Source | None:
        """Take a text that is no column for itself, unless it looks like a column with a slip in it."""
        near = nearest(text, self._columns)
        if near is None:
            return Always(text)
        self._wrong(node, f'there is no column "{text}", did you mean "{near}"?  (a fixed text:  {{always: {text}}})')
        return None

    def _column(self, node: Node, name: str) -> Source | None:
        if name in self._columns:
            return Column(name)
        self._wrong(node, _unknown("column", name, self._columns))
        return None

    def _known(self, node: Map, attributes: Mapping[str, object], owner: str) -> None:
        for entry in node.entries:
            if entry.key.text not in attributes and entry.key.text != "id":
                self._wrong(entry.key, f"{owner}: {_unknown('attribute', entry.key.text, attributes)}")

    def _check(self, node: Map, words: Iterable[str], where: str, what: str = "word") -> None:
        known = list(words)
        for entry in node.entries:
            if entry.key.text not in known:
                self._wrong(entry.key, f"{where}: {_unknown(what, entry.key.text, known)}")

    def _text(self, node: Node | None) -> str:
        if isinstance(node, Scalar):
            return node.text
        if node is not None:
            self._wrong(node, "one word or text belongs here")
        return ""

    def _wrong(self, node: Node | None, sentence: str) -> None:
        place = (node or self._top).place
        self._mistakes.append(f"{place.file}:{place.line}:{place.column}  {sentence}")

    def _raise(self) -> None:
        if self._mistakes:
            first, *more = dict.fromkeys(self._mistakes)
            raise MappingError(first, *more)


def _read(path: Path, shown: str) -> Map:
    report = Report()
    text = read_file(path, report, shown)
    node = read_yaml(text, shown, report) if text is not None else None
    if report.found:
        said = [f"{one.place.file}:{one.place.line}:{one.place.column}  {one.message}" for one in report.found]
        raise MappingError(said[0], *said[1:])
    if not isinstance(node, Map):
        raise MappingError(f"{shown} says nothing", hint="it begins, for example, with:  customers: {id: customer_id}")
    return node


def _items(node: Node | None) -> tuple[Node, ...]:
    if isinstance(node, Items):
        return node.items
    return () if node is None else (node,)


def _only(sources: Mapping[str, Source | None]) -> dict[str, Source]:
    return {name: source for name, source in sources.items() if source is not None}


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = nearest(name, names)
    meant = f', did you mean "{near}"?' if near else f"; there is: {', '.join(names)}" if names else ""
    return f'there is no {what} "{name}"{meant}'
