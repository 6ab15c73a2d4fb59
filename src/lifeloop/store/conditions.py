"""Conditions read as SQL, agreeing with ``lifeloop.engine.conditions``, whose table of meanings binds both.

A condition becomes a test on a row of ``customer`` with the alias ``c``. Every leaf is true or false, never NULL.
What authors wrote, names too, is always a bound parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.stamps import date_text, instant_in
from lifeloop.engine.timing import add_length
from lifeloop.engine.values import Record
from lifeloop.engine.zones import day_text, zone_named
from lifeloop.journey.condition import (
    AllOf,
    AnyObject,
    AnyOf,
    Compare,
    Condition,
    DataName,
    Happened,
    InSegment,
    Kind,
    MessageWas,
    Named,
    Not,
    Span,
    Value,
)
from lifeloop.journey.length import Length
from lifeloop.journey.plan import Json
from lifeloop.store import customers
from lifeloop.store.customers import COLUMNS
from lifeloop.store.facts import SAID
from lifeloop.store.readings import UNKNOWN, Data, Words, column
from lifeloop.store.transaction import Tx, dump

_SIGNS = {
    "is": "=",
    "is not": "<>",
    "is at least": ">=",
    "is at most": "<=",
    "is above": ">",
    "is below": "<",
    "is before": "<",
    "is after": ">",
}
_TYPES: Mapping[Kind, str] = {
    "text": "text",
    "number": "numeric",
    "boolean": "boolean",
    "date": "text",
    "datetime": "bigint",
}
TIMES = {"sent": "coalesce(m.sent_at, m.made_at)"} | {
    what: f"m.{what}_at" for what in ("opened", "clicked", "replied", "bounced")
}
_STATUSES = ", ".join(f"'{status}'" for status in ("ready", *SAID))


class NotSqlError(ValueError):
    """A condition that only Python can read."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a condition is read with.

    ``timezone`` is the project's; ``journey_timezone`` holds for everybody when it is not ``customer``. A segment
    that is not among ``segments`` is asked by its members. ``object_kind``: rows of ``object`` are joined as ``o``.
    """

    now: Instant
    timezone: str = "UTC"
    segments: Mapping[str, Condition] = field(default_factory=dict)
    journey_timezone: str = "customer"
    country: str | None = None
    values: Record = field(default_factory=dict)
    object_kind: str | None = None


def where(tx: Tx, condition: Condition, reading: Reading) -> tuple[str, dict[str, Any]]:
    """A condition on ``customer`` rows (alias ``c``) as SQL with bound parameters."""
    words = words_for(tx, reading)
    return Writer(words, reading).write(condition, Place()), words.values


def words_for(tx: Tx, reading: Reading) -> Words:
    """Return what puts a condition's values into SQL."""
    return Words(tx, *_zone(reading), zones=_zones(tx) if reading.journey_timezone == "customer" else ())


def _zone(reading: Reading) -> tuple[str, bool]:
    fixed = reading.journey_timezone != "customer" and zone_named(reading.journey_timezone) is not None
    name = reading.journey_timezone if fixed else reading.timezone
    return (name if zone_named(name) else "UTC"), reading.journey_timezone != "customer"


def _zones(tx: Tx) -> tuple[str, ...]:
    return tuple(name for name in customers.zones(tx) if zone_named(name))


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the tree we are: the event and the object that a ``where`` looks at, and the segments we are in."""

    event: str | None = None
    kind: str | None = None
    thing: str | None = None
    depth: int = 0
    segments: tuple[str, ...] = ()


@dataclass(slots=True)
class Writer:
    """Writes a tree as SQL, node by node."""

    words: Words
    reading: Reading

    def write(self, condition: Condition, place: Place) -> str:
        """Return SQL that is true or false."""
        match condition:
            case AllOf(parts=parts):
                return self._joined(parts, " AND ", "TRUE", place)
            case AnyOf(parts=parts):
                return self._joined(parts, " OR ", "FALSE", place)
            case Not(part=part):
                return f"(NOT {self.write(part, place)})"
            case Compare():
                return f"coalesce({self._compare(condition, place)}, FALSE)"
            case Named(name=name):
                raise NotSqlError(f'"{name}" is a Python predicate and cannot be asked of the database')
            case Happened() | MessageWas() | InSegment() | AnyObject():
                question = self._question(condition, replace(place, depth=place.depth + 1))
                return f"(NOT {question})" if condition.negated else question
            case _:
                assert_never(condition)

    def _joined(self, parts: tuple[Condition, ...], joiner: str, empty: str, place: Place) -> str:
        return f"({joiner.join(self.write(part, place) for part in parts) or empty})"

    # --- questions about other tables ---------------------------------------------------------------------------

    def _question(self, asked: Happened | MessageWas | InSegment | AnyObject, place: Place) -> str:
        match asked:
            case Happened():
                return self._happened(asked, place)
            case MessageWas():
                return self._message_was(asked)
            case InSegment(segment=segment):
                return self._in_segment(segment, place)
            case AnyObject():
                return self._any_object(asked, place)

    def _happened(self, asked: Happened, place: Place) -> str:
        alias = f"e{place.depth}"
        tests = [*self._events(asked, alias), *self._in_span(asked.span, f'{alias}."at"')]
        if asked.where is not None:
            tests.append(self.write(asked.where, replace(place, event=f"{alias}.data")))
        found = f"FROM event {alias} WHERE {' AND '.join(tests)}"
        if asked.at_least <= 1:
            return f"EXISTS (SELECT 1 {found})" if asked.at_least == 1 else "TRUE"
        return f"((SELECT count(*) {found}) >= {self.words.param(asked.at_least, 'bigint')})"

    def _events(self, asked: Happened, alias: str) -> list[str]:
        return [f"{alias}.customer_id = c.id", f"{alias}.name = {self._text(asked.event)}"]

    def _message_was(self, asked: MessageWas) -> str:
        tests = [*self._messages(asked), *self._in_span(asked.span, TIMES[asked.what])]
        return f"EXISTS (SELECT 1 FROM message m WHERE {' AND '.join(tests)})"

    def _messages(self, asked: MessageWas) -> list[str]:
        known = ["m.customer_id = c.id", "m.kind = 'mail'", f"m.status IN ({_STATUSES})"]
        return [*known, f"{TIMES[asked.what]} IS NOT NULL", self._like("m.name", asked.pattern)]

    def _like(self, name: str, pattern: str) -> str:
        if self.words.tx.postgres:
            plain = pattern.replace("!", "!!").replace("%", "!%").replace("_", "!_").replace("*", "%")
            return f"{name} LIKE {self._text(plain)} ESCAPE '!'"
        plain = pattern.replace("[", "[[]").replace("?", "[?]")
        return f"{name} GLOB {self._text(plain)}"

    def _in_segment(self, segment: str, place: Place) -> str:
        meaning = self.reading.segments.get(segment)
        if meaning is None:
            return (
                "EXISTS (SELECT 1 FROM segment_member s WHERE s.customer_id = c.id"
                f" AND s.segment = {self._text(segment)})"
            )
        return self.write(meaning, self._inside(segment, place))

    def _inside(self, segment: str, place: Place) -> Place:
        if segment in place.segments:
            raise NotSqlError(f'the segment "{segment}" is defined by itself')
        return Place(depth=place.depth, segments=(*place.segments, segment))

    def _any_object(self, asked: AnyObject, place: Place) -> str:
        alias = f"o{place.depth}"
        tests = self._things(asked, alias)
        if asked.where is not None:
            tests.append(self.write(asked.where, replace(place, kind=asked.kind, thing=f"{alias}.fields")))
        return f"EXISTS (SELECT 1 FROM object {alias} WHERE {' AND '.join(tests)})"

    def _things(self, asked: AnyObject, alias: str) -> list[str]:
        return [f"{alias}.customer_id = c.id", f"{alias}.kind = {self._text(asked.kind)}"]

    def _in_span(self, span: Span, time: str) -> list[str]:
        if span.kind in ("ever", "default"):
            return []
        if span.kind != "last" or span.length is None:
            return ["FALSE"]  # the start of a run, where there is no run
        length = span.length
        first = self.words.per_zone(lambda zone: self._shifted(zone, length, back=True), "bigint")
        return [f"{time} > {first}", f"{time} <= {self.words.param(self.reading.now, 'bigint')}"]

    # --- comparisons --------------------------------------------------------------------------------------------

    def _compare(self, asked: Compare, place: Place) -> str:
        data = self._data(asked.subject, place)
        match asked.operator:
            case "is present":
                return f"{data.type} <> 'null'"
            case "is missing":
                return f"coalesce({data.type}, 'null') = 'null'"
            case "contains":
                return self._contains(asked, data, place)
            case "is more than ago" | "is less than ago" | "is within":
                return self._about_now(asked, self.words.read(data, asked.as_kind))
            case _:
                return self._against(asked, self.words.read(data, asked.as_kind), place)

    def _contains(self, asked: Compare, data: Data, place: Place) -> str:
        words, wanted = self.words, asked.operands[0]
        text, inside = self._raw_text(wanted, place), "strpos" if words.tx.postgres else "instr"
        table, member = words.members(data)
        listed = f"{words.read(member, asked.as_kind)} = {self._operand(wanted, asked.as_kind, place)}"
        return (
            f"CASE WHEN {words.is_list(data)} THEN EXISTS (SELECT 1 FROM {table} WHERE {listed})"
            f" ELSE {inside}({words.read(data, 'text')}, {text}) > 0 END"
        )

    def _raw_text(self, operand: Value | DataName | Length, place: Place) -> str:
        if isinstance(operand, DataName):
            return self.words.read(self._data(operand, place), "text")
        return self._text(operand if isinstance(operand, str) else None)

    def _about_now(self, asked: Compare, value: str) -> str:
        length = asked.operands[0]
        if not isinstance(length, Length) or asked.as_kind not in ("date", "datetime"):
            return "FALSE"
        back, kind = asked.operator != "is within", _TYPES[asked.as_kind]
        day = day_text if asked.as_kind == "date" else lambda instant, _zone: instant
        edge = self.words.per_zone(lambda zone: day(self._shifted(zone, length, back=back), zone), kind)
        present = self.words.per_zone(lambda zone: day(self.reading.now, zone), kind)
        return {
            "is more than ago": f"{value} < {edge}",
            "is less than ago": f"{value} > {edge} AND {value} <= {present}",
            "is within": f"{value} >= {present} AND {value} <= {edge}",
        }[asked.operator]

    def _against(self, asked: Compare, value: str, place: Place) -> str:
        others = [self._operand(operand, asked.as_kind, place) for operand in asked.operands]
        match asked.operator:
            case "is one of":
                return " OR ".join(f"coalesce({value} = {other}, FALSE)" for other in others) or "FALSE"
            case "is not one of":
                return " AND ".join([f"{value} IS NOT NULL", *(f"{value} <> {other}" for other in others)])
            case "is between":
                return f"{value} >= {others[0]} AND {value} <= {others[1]}"
            case "starts with":
                return self._starts(value, others[0]) if asked.as_kind == "text" else "FALSE"
            case _:
                return f"{value} {_SIGNS[asked.operator]} {others[0]}"

    def _starts(self, value: str, start: str) -> str:
        if self.words.tx.postgres:
            return f"starts_with({value}, {start})"
        return f"substr({value}, 1, length({start})) = {start}"

    # --- data and written values --------------------------------------------------------------------------------

    def _data(self, name: DataName, place: Place) -> Data:
        if not name.path:
            return UNKNOWN
        if name.root == "customer":
            return self._of_customer(name.path)
        if name.root == "values":
            return self.words.json(self.words.param(dump(self.reading.values), "jsonb"), name.path)
        if name.root == "event" and place.event:
            return self.words.json(place.event, name.path)
        if name.root == place.kind and place.thing:
            return self.words.json(place.thing, name.path)
        if name.root == self.reading.object_kind:
            return self.words.json("o.fields", name.path)
        return UNKNOWN

    def _of_customer(self, path: tuple[str, ...]) -> Data:
        own = "c.key" if path[0] == "id" else f"c.{path[0]}" if path[0] in COLUMNS else None
        if own is None:
            return self.words.json("c.data", path)
        return column(own, postgres=self.words.tx.postgres) if len(path) == 1 else UNKNOWN

    def _operand(self, operand: Value | DataName | Length, kind: Kind, place: Place) -> str:
        if isinstance(operand, DataName):
            return self.words.read(self._data(operand, place), kind)
        return self._constant(None if isinstance(operand, Length) else operand, kind)

    def _constant(self, value: Json, kind: Kind) -> str:
        match kind:
            case "text":
                return self._text(value if isinstance(value, str) else None)
            case "date":
                return self._text(date_text(value))
            case "datetime":
                return self.words.per_zone(lambda zone: instant_in(value, zone), "bigint")
            case "boolean" if isinstance(value, bool):
                return self.words.boolean(value)
            case "number" if isinstance(value, int | float) and not isinstance(value, bool):
                return self.words.number(value)
            case _:
                return f"CAST(NULL AS {_TYPES[kind]})"

    def _text(self, value: str | None) -> str:
        return self.words.param(value, "text")

    def _shifted(self, zone: ZoneInfo, length: Length, *, back: bool) -> Instant:
        return add_length(self.reading.now, length, zone, back=back, country=self.reading.country)
