"""JSON Lines as rows: one customer or one event a line, told apart by what is in them.

Understood are our own form, that of Segment (``track``, ``identify``) and CloudEvents.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lifeloop.engine.zones import zone_named
from lifeloop.journey.attributes import Coerced, coerce
from lifeloop.journey.catalogue import Attribute, Catalogue
from lifeloop.journey.nearest import nearest
from lifeloop.journey.plan import Json
from lifeloop.work.importing.cells import fitter, instant_at, yes_or_no
from lifeloop.work.importing.guessing import LEFT_OUT, Said
from lifeloop.work.importing.lines import BadLineError, Lines
from lifeloop.work.importing.meaning import Habits
from lifeloop.work.importing.problems import Rejected, RowProblemError, UnreadableFileError, together
from lifeloop.work.importing.reading import Counted, Taken, usual_order, zone_of_file
from lifeloop.work.importing.table import Row
from lifeloop.work.importing.words import all_of
from lifeloop.work.ingesting import Happening, Person

Object = dict[str, Any]

NAME, WHO = ("event", "name"), ("customer", "customer_id", "userId", "user_id", "subject")
PERSON = ("id", "key", *WHO)
WHEN, ID = ("at", "timestamp", "time", "occurred_at"), ("id", "messageId", "message_id")
INSIDE = ("properties", "data", "traits")
ABOUT_PEOPLE = frozenset({"identify", "customer", "person"})
ENVELOPE = all_of("""
type specversion source context anonymousId sentAt receivedAt originalTimestamp integrations channel version
""")


def is_json(path: Path, head: str) -> bool:
    """Tell JSON Lines from a table, by how the file begins."""
    if head.lstrip().startswith("["):
        raise UnreadableFileError(
            f'"{path}" is one long list', hint=f"write one object a line:  jq -c '.[]' {path} > {path.stem}.jsonl"
        )
    return head.lstrip().startswith("{") or path.suffix in {".jsonl", ".ndjson"}


class Records:
    """The lines of one file, each a customer or an event."""

    def __init__(self, path: Path, catalogue: Catalogue, said: Said, habits: Habits) -> None:
        self._lines = Lines(path, habits.encoding)
        self._catalogue = catalogue
        self._said = said
        self._source = habits.source
        self._order = habits.dates or usual_order(catalogue)
        self._comma = habits.decimal or "point"
        self._zone = zone_named(habits.timezone) or zone_of_file(habits, catalogue)
        self._counted = Counted()

    def rows(self) -> Iterator[Taken | Rejected]:
        """Yield every line that says something, and every one that cannot be taken."""
        while True:
            try:
                line = next(self._lines)
            except StopIteration:
                return
            except BadLineError as bad:
                yield Rejected(bad.number, bad.reason)
                continue
            if line.strip():
                yield self._read(Row(self._lines.number, (line.strip(),)))

    def close(self) -> None:
        """Let go of the file."""
        self._lines.close()

    def _read(self, row: Row) -> Taken | Rejected:
        try:
            found = self._renamed(_object(row.cells[0]))
            if self._is_event(found):
                return Taken(row, None, (self._event(found),))
            return Taken(row, self._person(found), ())
        except RowProblemError as problem:
            return Rejected(row.number, problem.reason, problem.column, problem.value, tuple(row.cells))

    def _renamed(self, found: Object) -> Object:
        said = self._said.columns
        renamed = {said.get(name, name): value for name, value in found.items()}
        renamed.pop(LEFT_OUT, None)
        return renamed

    def _is_event(self, found: Object) -> bool:
        if self._said.event or self._said.kind == "events" or isinstance(found.get("event"), str):
            return True
        return isinstance(found.get("type"), str) and found["type"] not in ABOUT_PEOPLE

    def _event(self, found: Object) -> Happening:
        name = self._event_name(found)
        who, when = _first(found, WHO, self._said.customer), _first(found, WHEN, self._said.at)
        if who in (None, ""):
            raise RowProblemError("it does not say which customer", "customer")
        at = None if when is None else instant_at(str(when), self._order, self._zone)
        if at is None:
            said = f'"{when}" is not a date and time' if when is not None else "it does not say when"
            raise RowProblemError(said, "at", str(when or ""))
        known = {*NAME, *WHO, *WHEN, *ID, *ENVELOPE, "consents"}
        inside = _inside(found, known)
        data = self._fitted(inside, self._catalogue.events[name].attributes)
        given = _first(found, ID, self._said.id)
        id_ = str(given) if given not in (None, "") else self._counted.id_of(name, str(who), at, data)
        return Happening(str(who), name, at, id_, self._source, data)

    def _event_name(self, found: Object) -> str:
        kind = found.get("type")
        named = self._said.event or found.get("event") or (kind if kind != "track" else None)
        events = self._catalogue.events
        if not isinstance(named, str) or not named:
            raise RowProblemError("it does not say what happened", "event")
        for name in (named, ".".join(named.lower().split())):
            if name in events:
                return name
        near = nearest(named, events)
        meant = f', did you mean "{near}"?' if near else ""
        raise RowProblemError(f'there is no event "{named}"{meant}', "event", named)

    def _person(self, found: Object) -> Person:
        key = _first(found, PERSON, self._said.id or self._said.customer)
        if key in (None, ""):
            raise RowProblemError("it does not say which customer", "id")
        inside = {**_inside(found, {"id", "key", *WHO, *ENVELOPE, "consents", "timestamp", "messageId"})}
        things = {kind: self._things(kind, inside) for kind in self._catalogue.objects}
        data = self._fitted(inside, self._catalogue.customer)
        return Person(str(key), data, {kind: those for kind, those in things.items() if those}, self._consents(found))

    def _things(self, kind: str, inside: Object) -> tuple[Mapping[str, Json], ...]:
        declared = self._catalogue.objects[kind]
        given = inside.pop(f"{kind}s", None) or inside.pop(kind, None) or []
        found = []
        for thing in given if isinstance(given, list) else [given]:
            if not isinstance(thing, dict) or thing.get(declared.key) in (None, ""):
                raise RowProblemError(f"the {kind} has no {declared.key}", kind)
            found.append({**self._fitted(thing, declared.attributes), declared.key: str(thing[declared.key])})
        return tuple(found)

    def _consents(self, found: Object) -> dict[str, bool]:
        consents: dict[str, bool] = {}
        given = found.get("consents")
        for topic, said in given.items() if isinstance(given, dict) else ():
            answer = yes_or_no(str(said))
            if answer is None or topic not in self._catalogue.topics:
                what = "is neither yes nor no" if answer is None else "is not a topic of this project"
                raise RowProblemError(f'"{said if answer is None else topic}" {what}', "consents", str(said))
            consents[topic] = answer
        for topic, name in self._said.consents.items():
            answer = True if name is None else yes_or_no(str(found.get(name, "")))
            if answer is not None:
                consents[topic] = answer
        return consents

    def _fitted(self, values: Object, attributes: Mapping[str, Attribute]) -> dict[str, Json]:
        """Return values typed by the catalogue; what it does not name stays as it is."""
        data: dict[str, Json] = {}
        problems: list[RowProblemError] = []
        for name, value in values.items():
            attribute = attributes.get(name)
            fitted = Coerced(value) if attribute is None else self._fit(attribute, value)
            if fitted.reason:
                problems.append(RowProblemError(fitted.reason, name, str(value)))
            elif fitted.value is not None:
                data[name] = fitted.value
        if problems:
            raise together(problems)
        return data

    def _fit(self, attribute: Attribute, value: Any) -> Coerced:
        if isinstance(value, str):
            return fitter(attribute, self._order, self._comma)(value)
        return coerce(attribute, value)


def _object(line: str) -> Object:
    try:
        found = json.loads(line, parse_constant=_no_number)
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise RowProblemError("it holds half of a character") from None
    except (ValueError, RecursionError) as problem:
        where = f" (column {problem.colno})" if isinstance(problem, json.JSONDecodeError) else ""
        raise RowProblemError(f"this line is not JSON{where}") from None
    if not isinstance(found, dict):
        raise RowProblemError("each line is one object:  {…}")
    if "\\u0000" in line:
        raise RowProblemError("it holds a NUL character, which belongs in no text")
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _first(found: Object, names: tuple[str, ...], said: str | None) -> Any:
    return next((found[name] for name in ((said,) if said else names) if found.get(name) is not None), None)


def _inside(found: Object, known: set[str]) -> Object:
    """Return what a line tells besides who, what and when: in a part of its own, or beside them."""
    part = next((found[name] for name in INSIDE if isinstance(found.get(name), dict)), None)
    return dict(part) if part is not None else {name: value for name, value in found.items() if name not in known}
