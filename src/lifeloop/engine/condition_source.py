"""A condition's tree as the source of one Python function, ``condition(s, event, thing)``.

Only node kinds and operators known here become code. Texts, numbers and names that an author wrote stand in it as
literals (``repr``) or as constants beside it, so nothing anybody writes can become code.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, assert_never

from lifeloop.engine.stamps import date_text
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
    Value,
)
from lifeloop.journey.length import Length

_ROOTS = {
    "customer": "s.customer",
    "event": "event",
    "start": "s.start",
    "values": "s.values",
    "journey": "s.memory",
}
_SIGNS = {
    "is": "==",
    "is not": "!=",
    "is at least": ">=",
    "is at most": "<=",
    "is above": ">",
    "is below": "<",
    "is before": "<",
    "is after": ">",
}
_GUARDS = {
    "text": "type({name} := {value}) is str",
    "number": "type({name} := {value}) in numbers",
    "boolean": "type({name} := {value}) is bool",
    "date": "({name} := date_text({value})) is not None",
    "datetime": "({name} := instant_in({value}, s.zone)) is not None",
}


def source_of(condition: Condition, kind: str | None = None) -> tuple[str, dict[str, Any]]:
    """Return the source, and the constants it names; a constant ``where_…`` is a condition to be read in its place."""
    writer = _Writer()
    body = writer.write(condition, kind)
    return f"def condition(s, event, thing):\n    return {body}\n", writer.constants


@dataclass(slots=True)
class _Writer:
    constants: dict[str, Any] = field(default_factory=dict)
    names: int = 0

    def write(self, condition: Condition, kind: str | None) -> str:
        """Return one expression, in brackets where it needs them; ``kind``: the object that ``where`` is about."""
        match condition:
            case AllOf(parts=parts):
                return self._joined(parts, " and ", "True", kind)
            case AnyOf(parts=parts):
                return self._joined(parts, " or ", "False", kind)
            case Not(part=part):
                return f"(not {self.write(part, kind)})"
            case Compare():
                return f"({self._compare(condition, kind)})"
            case Happened() | MessageWas() | InSegment() | AnyObject() | Named():
                return _negated(self._question(condition, kind), condition.negated)
            case _:
                assert_never(condition)

    def _joined(self, parts: tuple[Condition, ...], joiner: str, empty: str, kind: str | None) -> str:
        return f"({joiner.join(self.write(part, kind) for part in parts) or empty})"

    def _question(self, asked: Happened | MessageWas | InSegment | AnyObject | Named, kind: str | None) -> str:
        match asked:
            case Happened(where=where):
                return f"happened(s, {self._constant(asked)}, {self._where(where, kind)}, thing)"
            case MessageWas():
                return f"message_was(s, {self._constant(asked)})"
            case InSegment(segment=segment):
                return f"({segment!r} in s.segments)"
            case Named(name=name):
                return f"({name!r} in s.named)"
            case AnyObject(kind=wanted, where=where):
                return f"any_thing(s, {wanted!r}, {self._where(where, wanted)}, event)"

    def _where(self, where: Condition | None, kind: str | None) -> str:
        return "None" if where is None else self._constant((where, kind), "where")

    def _constant(self, value: object, sort: str = "k") -> str:
        name = f"{sort}_{len(self.constants)}"
        self.constants[name] = value
        return name

    def _compare(self, asked: Compare, kind: str | None) -> str:
        value = _data(asked.subject, kind)
        match asked.operator:
            case "is present":
                return f"{value} is not None"
            case "is missing":
                return f"{value} is None"
            case "contains":
                return self._contains(asked, value, kind)
            case "is more than ago" | "is less than ago" | "is within":
                return self._about_now(asked, value)
            case _:
                return self._against(asked, value, kind)

    def _contains(self, asked: Compare, value: str, kind: str | None) -> str:
        operand = asked.operands[0]
        wanted = _data(operand, kind) if isinstance(operand, DataName) else self._constant(operand)
        return f"contains({value}, {wanted}, {asked.as_kind!r}, s)"

    def _about_now(self, asked: Compare, value: str) -> str:
        length = asked.operands[0]
        if not isinstance(length, Length) or asked.as_kind not in ("date", "datetime"):
            return "False"
        is_date = asked.as_kind == "date"
        name = self._name()
        present, shift = ("today(s)", "day_shifted") if is_date else ("s.now", "shifted")
        edge = f"{shift}(s, {self._constant(length)}, {asked.operator != 'is within'})"
        test = {
            "is more than ago": f"{name} < {edge}",
            "is less than ago": f"{edge} < {name} <= {present}",
            "is within": f"{present} <= {name} <= {edge}",
        }[asked.operator]
        return f"{self._guard(name, value, asked.as_kind)} and {test}"

    def _against(self, asked: Compare, value: str, kind: str | None) -> str:
        name = self._name()
        read = [self._operand(operand, asked.as_kind, kind) for operand in asked.operands]
        known = [guard for guard, _ in read if guard != "True"]
        others = [other for _, other in read]
        match asked.operator:
            case "is one of":
                equal = " or ".join(f"({guard} and {name} == {other})" for guard, other in read) or "False"
                return f"{self._guard(name, value, asked.as_kind)} and ({equal})"
            case "is not one of":
                tests = [f"{name} != {other}" for other in others]
            case "is between":
                tests = [f"{others[0]} <= {name} <= {others[1]}"]
            case "starts with":
                tests = [f"{name}.startswith({others[0]})"] if asked.as_kind == "text" else ["False"]
            case _:
                tests = [f"{name} {_SIGNS[asked.operator]} {others[0]}"]
        return " and ".join([self._guard(name, value, asked.as_kind), *known, *tests])

    def _operand(self, operand: Value | DataName | Length, as_kind: Kind, kind: str | None) -> tuple[str, str]:
        """Return when an operand is known, and how it is read; written values are checked here and now."""
        if isinstance(operand, DataName):
            name = self._name()
            return self._guard(name, _data(operand, kind), as_kind), name
        if as_kind == "datetime":
            name = self._name()
            return self._guard(name, self._constant(operand), as_kind), name
        literal = _literal(operand, as_kind)
        return ("False", "None") if literal is None else ("True", self._constant(literal))

    def _guard(self, name: str, value: str, as_kind: Kind) -> str:
        return _GUARDS[as_kind].format(name=name, value=value)

    def _name(self) -> str:
        self.names += 1
        return f"v{self.names}"


def _literal(value: Value | Length, as_kind: Kind) -> Value | None:
    """Return a written value as its kind reads it, None when it is not of that kind."""
    if isinstance(value, Length):
        return None
    fits = {"text": str, "date": str, "boolean": bool}.get(as_kind, (int, float))
    if not isinstance(value, fits) or (as_kind == "number" and isinstance(value, bool)):
        return None
    return date_text(value) if as_kind == "date" else value


def _negated(question: str, negated: bool) -> str:
    return f"(not {question})" if negated else question


def _data(name: DataName, kind: str | None) -> str:
    """Return the expression that reads a name; an object's own kind is read from the object at hand."""
    if not name.path:
        return "None"
    record = _ROOTS.get(name.root) or ("thing" if name.root == kind else f"s.object_of({name.root!r})")
    first, *rest = name.path
    value = f"{record}.get({first!r})"
    return f"deep({value}, {tuple(rest)!r})" if rest else value
