"""How a piece of data is read in SQL, by kind: a value of another shape is NULL, which is what unknown means here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from lifeloop.engine.zones import zone_named
from lifeloop.journey.condition import Kind
from lifeloop.store.transaction import Tx

_DATE_GLOB = "'" + "-".join(("[0-9]" * 4, "[0-9]" * 2, "[0-9]" * 2)) + "*'"
_TYPES = {
    True: {"text": "('string')", "number": "('number')", "boolean": "('boolean')", "list": "('array')"},
    False: {
        "text": "('text')",
        "number": "('integer', 'real')",
        "boolean": "('true', 'false')",
        "list": "('array')",
    },
}


@dataclass(frozen=True, slots=True)
class Data:
    """A piece of data: SQL for its JSON type, and for its value; ``whole`` is the JSON itself."""

    type: str
    value: str
    whole: str = "NULL"


UNKNOWN = Data("NULL", "NULL")


def column(sql: str, *, postgres: bool) -> Data:
    """Return the data of a text column."""
    return Data(f"CASE WHEN {sql} IS NOT NULL THEN '{'string' if postgres else 'text'}' END", sql)


@dataclass(slots=True)
class Words:
    """Puts values into SQL as parameters, and knows how this database reads JSON and customers' zones."""

    tx: Tx
    timezone: str
    fixed: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    zones: tuple[str, ...] = ()
    """The valid zones that customers have."""

    def param(self, value: Any, kind: str) -> str:
        """Return SQL for a value of that PostgreSQL type."""
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"CAST(:{name} AS {kind})" if self.tx.postgres else f":{name}"

    def json(self, base: str, path: tuple[str, ...]) -> Data:
        """Return the data at a path of a JSON column."""
        if self.tx.postgres:
            whole = "".join((base, *(f" -> {self.param(name, 'text')}" for name in path)))
            return Data(f"jsonb_typeof({whole})", f"({whole})", f"({whole})")
        place = self.param("$" + "".join(f".{json.dumps(name, ensure_ascii=False)}" for name in path), "text")
        value = f"json_extract({base}, {place})"
        return Data(f"json_type({base}, {place})", value, value)

    def read(self, data: Data, kind: Kind) -> str:
        """Return SQL for the value as a kind reads it, NULL when unknown."""
        match kind:
            case "text":
                return self._typed(data, "text")
            case "number" | "boolean":
                return self._typed(data, kind)
            case "date":
                return self._date(self._typed(data, "text"))
            case "datetime":
                return f"lifeloop_instant({self._typed(data, 'text')}, {self.zone()})"

    def is_list(self, data: Data) -> str:
        """Return SQL for "it is a list"."""
        return f"{data.type} = 'array'"

    def members(self, data: Data) -> tuple[str, Data]:
        """Return a table of a list's members, empty when it is none, and how one member is read."""
        if data.whole == "NULL":
            return "(SELECT NULL AS value WHERE 1 = 0) AS member", UNKNOWN
        if self.tx.postgres:
            table = f"jsonb_array_elements(CASE WHEN {self.is_list(data)} THEN {data.whole} ELSE '[]'::jsonb END)"
            return f"{table} AS member(value)", Data("jsonb_typeof(member.value)", "member.value", "member.value")
        table = f"json_each(CASE WHEN {self.is_list(data)} THEN {data.whole} ELSE '[]' END)"
        return f"{table} AS member", Data("member.type", "member.value", "member.value")

    def number(self, value: float) -> str:
        """Return a number as a parameter; PostgreSQL's JSON numbers are decimal, so this one is too."""
        return self.param(Decimal(repr(value)) if self.tx.postgres else value, "numeric")

    def boolean(self, value: bool) -> str:
        """Return true or false."""
        return "TRUE" if value else "FALSE"

    def zone(self) -> str:
        """Return SQL for the name of the customer's zone."""
        default = self.param(self.timezone, "text")
        if self.fixed or not self.zones:
            return default
        some = self.param(list(self.zones) if self.tx.postgres else json.dumps(self.zones), "text[]")
        known = (
            f"c.timezone = ANY({some})" if self.tx.postgres else f"c.timezone IN (SELECT value FROM json_each({some}))"
        )
        return f"CASE WHEN {known} THEN c.timezone ELSE {default} END"

    def per_zone(self, of_zone: Callable[[Any], Any], kind: str) -> str:
        """Return SQL for what a function says of the customer's zone, worked out beforehand for each zone there is."""
        default = of_zone(zone_named(self.timezone))
        others = {} if self.fixed else {name: of_zone(zone_named(name)) for name in self.zones}
        different = {name: value for name, value in others.items() if value != default}
        if not different:
            return self.param(default, kind)
        table = self.param(json.dumps(different), "jsonb")
        some = self.param(list(different) if self.tx.postgres else json.dumps(list(different)), "text[]")
        known = (
            f"c.timezone = ANY({some})" if self.tx.postgres else f"c.timezone IN (SELECT value FROM json_each({some}))"
        )
        found = f"CAST({table} ->> c.timezone AS {kind})" if self.tx.postgres else f"({table} ->> c.timezone)"
        return f"CASE WHEN {known} THEN {found} ELSE {self.param(default, kind)} END"

    def _typed(self, data: Data, kind: str) -> str:
        types = _TYPES[self.tx.postgres][kind]
        if data is UNKNOWN:
            return f"CAST(NULL AS {_SQL_TYPES[kind]})" if self.tx.postgres else "NULL"
        value = data.value
        if self.tx.postgres and data.whole != "NULL":
            value = f"{value} #>> '{{}}'" if kind == "text" else f"CAST({value} AS {_SQL_TYPES[kind]})"
        elif kind != "text" and self.tx.postgres:
            return f"CAST(NULL AS {_SQL_TYPES[kind]})"
        return f"CASE WHEN {data.type} IN {types} THEN {value}{self._collation(kind)} END"

    def _collation(self, kind: str) -> str:
        return ' COLLATE "C"' if self.tx.postgres and kind == "text" else ""

    def _date(self, text: str) -> str:
        if self.tx.postgres:
            return f"CASE WHEN {text} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}' THEN left({text}, 10) END"
        return f"CASE WHEN {text} GLOB {_DATE_GLOB} THEN substr({text}, 1, 10) END"


_SQL_TYPES: Mapping[str, str] = {"text": "text", "number": "numeric", "boolean": "boolean"}
