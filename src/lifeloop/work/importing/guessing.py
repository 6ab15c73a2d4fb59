"""What the columns of a file probably mean: by their names, by their cells, and by what was said about them.

Permission is never guessed. A column that nothing is known about is left out, and said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from lifeloop.journey.catalogue import Catalogue, ObjectType
from lifeloop.journey.nearest import nearest
from lifeloop.work.importing.meaning import Always, Column, EventMap, Meaning, PeopleMap, Source
from lifeloop.work.importing.problems import MappingError, UnknownNameError
from lifeloop.work.importing.table import Sheet
from lifeloop.work.importing.words import CUSTOMER, EVENT_ID, MOMENT, best, plain, tells_permission

LEFT_OUT = "-"
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
_SURE = 0.8


@dataclass(frozen=True, slots=True)
class Said:
    """What was said about the file on the command line."""

    kind: Literal["customers", "events", "objects"] = "customers"
    object: str | None = None
    event: str | None = None
    at: str | None = None
    id: str | None = None
    customer: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column to what it means: an attribute, ``contract.ends``, or ``-`` to leave it out."""
    consents: Mapping[str, str | None] = field(default_factory=dict)
    """Topic to the column that tells; None: everybody in the file said yes."""


def guess(table: Sheet, catalogue: Catalogue, said: Said) -> Meaning:
    """Return what the columns of a table mean.

    Raises:
        MappingError: the customers cannot be told apart, or something was named that is not there.
    """
    work = _Guess(table, catalogue, said)
    return work.events() if said.kind == "events" else work.people()


class _Guess:
    def __init__(self, table: Sheet, catalogue: Catalogue, said: Said) -> None:
        self._table = table
        self._catalogue = catalogue
        self._said = said
        self._notes: list[str] = []
        for name in (*said.columns, *(column for column in said.consents.values() if column)):
            self._column(name)
        for topic in said.consents:
            check_name("topic", topic, catalogue.topics)
        consents = {column for column in said.consents.values() if column}
        self._free = [name for name in table.columns if said.columns.get(name) != LEFT_OUT and name not in consents]

    def people(self) -> Meaning:
        customer = self._catalogue.customer
        spelled = {f"{kind.name}.{name}" for kind in self._kinds() for name in (kind.key, *kind.attributes)}
        self._check_targets({"id", *customer, *spelled})
        asked = self._said.customer if self._said.kind == "objects" else self._said.id or self._said.customer
        key = self._take(asked, CUSTOMER, "id")
        data = self._attributes(customer)
        self._address(data)
        if key is None and "email" not in data:
            raise MappingError(
                "no column tells the customers apart", hint=f"say which one does:  --id COLUMN   ({self._listed()})"
            )
        if key is None:
            self._notes.append("no column holds an id of your own: the e-mail address is taken for it")
        things = self._things()
        consents = {
            topic: Always("yes") if column is None else Column(column) for topic, column in self._said.consents.items()
        }
        return self._meaning(PeopleMap(key or data["email"], data, things, consents))

    def events(self) -> Meaning:
        name = self._said.event
        if name is None:
            raise MappingError("which event is it?", hint="say it:  --event order.delivered")
        declared = self._catalogue.events[check_name("event", name, self._catalogue.events)]
        self._check_targets({"id", "customer", "at", *declared.attributes})
        customer = self._take(self._said.customer, CUSTOMER - {"id"}, "customer")
        own = self._take(self._said.id, EVENT_ID if customer else EVENT_ID - {"id"}, "id")
        customer = customer or self._take(None, {"id"}, "customer")
        at = self._take(self._said.at, MOMENT, "at")
        if customer is None or at is None:
            missing = "whom it happened to" if customer is None else "when it happened"
            option = "--customer" if customer is None else "--at"
            raise MappingError(f"no column tells {missing}", hint=f"say which:  {option} COLUMN   ({self._listed()})")
        data = self._attributes(declared.attributes)
        if own is None:
            self._notes.append("the rows have no id of their own: one is made of what each row says")
        lacking = [each.name for each in declared.attributes.values() if not each.optional and each.name not in data]
        self._notes += [f"no column holds {each}, which {name} should tell" for each in lacking]
        return self._meaning(None, EventMap(name, customer, at, own, data))

    def _meaning(self, people: PeopleMap | None, *events: EventMap) -> Meaning:
        left = [name for name in self._table.columns if name in self._free or name in self._dropped()]
        for name in self._free:
            if tells_permission(name, self._catalogue.topics):
                topics = self._catalogue.topics.values()
                topic = next((one.name for one in topics if one.basis == "consent"), "TOPIC")
                self._notes.append(
                    f'"{name}" may tell of permission, which is never guessed:  --consent {topic}="{name}"'
                )
        return Meaning(people, events, tuple(left), tuple(self._notes))

    def _dropped(self) -> set[str]:
        return {name for name, target in self._said.columns.items() if target == LEFT_OUT}

    def _take(self, asked: str | None, words: Iterable[str], target: str) -> Column | None:
        """Return the column that was named, or one that is called so."""
        said = next((name for name, what in self._said.columns.items() if what == target), None)
        name = self._column(asked) if asked else said
        if name is None:
            called = set(words)
            name = next((each for each in self._free if plain(each) in called and each not in self._said.columns), None)
        if name in self._free:
            self._free.remove(name)
        return Column(name) if name else None

    def _attributes(self, names: Iterable[str]) -> dict[str, Source]:
        known = list(names)
        found: dict[str, Source] = {}
        for column, target in self._said.columns.items():
            if column in self._free and target in known:
                found[target] = self._used(column)
        for column in list(self._free):
            named = best(column, (name for name in known if name not in found))
            if named and not tells_permission(column, self._catalogue.topics):
                found[named] = self._used(column)
        return found

    def _used(self, column: str) -> Column:
        self._free.remove(column)
        return Column(column)

    def _address(self, data: dict[str, Source]) -> None:
        """Find the e-mail addresses by what they look like."""
        if "email" in data or "email" not in self._catalogue.customer:
            return
        for column in self._free:
            cells = self._table.column(column)
            if cells and sum(bool(_ADDRESS.fullmatch(cell)) for cell in cells) >= len(cells) * _SURE:
                data["email"] = self._used(column)
                return

    def _things(self) -> dict[str, dict[str, Source]]:
        found: dict[str, dict[str, Source]] = {}
        for kind in self._kinds():
            fields = self._fields_of(kind)
            if kind.key in fields:
                found[kind.name] = fields
            elif self._said.object:
                hint = f"say which:  --map COLUMN={kind.name}.{kind.key}   ({self._listed()})"
                raise MappingError(f"no column holds the {kind.key} of the {kind.name}", hint=hint)
            elif fields:
                listed = ", ".join(f'"{source}"' for source in fields.values())
                self._notes.append(f"{listed} left out: no column holds the {kind.key} of the {kind.name}")
                self._free += [str(source) for source in fields.values()]
        return found

    def _kinds(self) -> list[ObjectType]:
        kinds = self._catalogue.objects
        if self._said.object:
            return [kinds[check_name("object", self._said.object, kinds)]]
        return list(kinds.values())

    def _fields_of(self, kind: ObjectType) -> dict[str, Source]:
        spelled = {f"{kind.name}.{name}": name for name in (kind.key, *kind.attributes)}
        fields: dict[str, Source] = {}
        for column, target in self._said.columns.items():
            if column in self._free and target in spelled:
                fields[spelled[target]] = self._used(column)
        for column in list(self._free):
            free = {full: name for full, name in spelled.items() if name not in fields}
            full = best(column, free)
            short = free[full] if full else best(column, free.values())
            if short:
                fields[short] = self._used(column)
        return fields

    def _check_targets(self, known: set[str]) -> None:
        for target in self._said.columns.values():
            if target != LEFT_OUT:
                check_name("attribute", target, known)

    def _column(self, name: str) -> str:
        return check_name("column", name, self._table.columns)

    def _listed(self) -> str:
        return "columns: " + ", ".join(self._table.columns)


def check_name(what: str, name: str, known: Iterable[str]) -> str:
    """Return a name that is known.

    Raises:
        UnknownNameError: it is not; the nearest one is named.
    """
    names = list(known)
    if name in names:
        return name
    near = nearest(name, names)
    listed = f"there is: {', '.join(names)}" if names else ""
    raise UnknownNameError(f'there is no {what} "{name}"' + (f', did you mean "{near}"?' if near else ""), hint=listed)
