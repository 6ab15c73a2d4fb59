"""Comparisons: a piece of data, an operator that fits its type, and values typed by it."""

from __future__ import annotations

import re

from lark import Token, Tree

from lifeloop.journey.catalogue import Attribute
from lifeloop.journey.condition import Compare, DataName, Kind, Operator, Value
from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.length import Length
from lifeloop.journey.lengths import parse_length, read_length
from lifeloop.journey.literals import NOTHING, expected, guess_kind, in_range, parse_literal, parse_number
from lifeloop.journey.names import NAME, check_name, data_name
from lifeloop.journey.near_date import near_date
from lifeloop.journey.nearest import nearest
from lifeloop.journey.scope import Scope, kind_of
from lifeloop.journey.source import Report, Scalar, inside, part

_OPERATORS: dict[str, Operator] = {
    "is_value": "is",
    "is_not_value": "is not",
    "one_of": "is one of",
    "not_one_of": "is not one of",
    "at_least": "is at least",
    "at_most": "is at most",
    "above": "is above",
    "below": "is below",
    "between": "is between",
    "present": "is present",
    "missing": "is missing",
    "more_ago": "is more than ago",
    "less_ago": "is less than ago",
    "within": "is within",
    "before": "is before",
    "after": "is after",
    "contains": "contains",
    "starts_with": "starts with",
}
_SIGNS: dict[str, Operator] = {
    "=": "is",
    "==": "is",
    "!=": "is not",
    "<>": "is not",
    ">": "is above",
    ">=": "is at least",
    "<": "is below",
    "<=": "is at most",
}
_FOREIGN = {"==": "is", "<>": "is not"}
_ORDER = {"is at least", "is at most", "is above", "is below", "is between"}
_DATES = {"is more than ago", "is less than ago", "is within", "is before", "is after"}
_LENGTHS = {"is more than ago", "is less than ago", "is within"}
_TEXTS = {"contains", "starts with"}
_EQUAL = {"is", "is not", "is one of", "is not one of"}

_NOUNS: dict[Kind, str] = {
    "text": "a text",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "datetime": "a date and time",
}

Operand = Value | DataName | Length


def read_comparison(tree: Tree[Token], scalar: Scalar, scope: Scope, report: Report) -> Compare | None:
    """Return one comparison; None, with a diagnostic at the smallest wrong word, when it makes no sense."""
    return _Comparison(tree, scalar, scope, report).read()


class _Comparison:
    """One comparison being typed."""

    def __init__(self, tree: Tree[Token], scalar: Scalar, scope: Scope, report: Report) -> None:
        self.tree = tree
        self.scalar = scalar
        self.scope = scope
        self.report = report
        sign = next((leaf for leaf in tree.children if isinstance(leaf, Token) and leaf.type == "SIGN"), None)
        self.operator = _SIGNS[str(sign)] if sign else _OPERATORS[str(tree.data)]
        self.attribute: Attribute | None = None

    def read(self) -> Compare | None:
        """Return the comparison, checked."""
        subject = check_name(self._piece(self._below("subject")), self.report, self.scope)
        if subject is None:
            return None
        self.attribute = self.scope.attribute(subject)
        kind = kind_of(self.attribute) if self.attribute else self._guess()
        self._dates_in_order(kind)
        self._in_words()
        if self.operator in {"is present", "is missing"}:
            return Compare(subject, self.operator, (), kind)
        if self.attribute is not None and not self._fits(subject, kind):
            return None
        if self.operator in _LENGTHS:
            return self._with_length(subject, kind)
        return self._with_values(subject, kind)

    def _dates_in_order(self, kind: Kind) -> None:
        """``> 2026-01-01`` is the same as ``is after``: there is one way to say a thing."""
        if kind in {"date", "datetime"}:
            same: dict[Operator, Operator] = {"is above": "is after", "is below": "is before"}
            self.operator = same.get(self.operator, self.operator)

    def _in_words(self) -> None:
        """``==`` and ``<>`` are read, and written otherwise: there is one way to say a thing."""
        sign = next((leaf for leaf in self.tree.children if isinstance(leaf, Token) and leaf.type == "SIGN"), None)
        word = _FOREIGN.get(str(sign))
        if sign is not None and word:
            place = inside(self.scalar, sign.start_pos or 0, sign.end_pos or 0)
            message = f'conditions are sentences: "{sign}" is written "{word}"'
            around = self.scalar.text[: sign.start_pos], self.scalar.text[sign.end_pos :]
            spaced = f"{' ' * (not around[0].endswith(' '))}{word}{' ' * (not around[1].startswith(' '))}"
            fixes = (Suggestion(spaced, certain=True),)
            self.report.add("J110", message, place, severity="warning", label=f"write {word}", suggestions=fixes)

    def _guess(self) -> Kind:
        """Where anything may stand, the value says what the data must be."""
        if self.operator in _DATES:
            return "date"
        if self.operator in _ORDER:
            kinds = {guess_kind(value.text) for value in self._values() if not NAME.fullmatch(value.text)}
            return kinds.pop() if len(kinds) == 1 and "text" not in kinds and "boolean" not in kinds else "number"
        for value in self._values():
            name = self._as_name(value)
            if name is None:
                return guess_kind(value.text, quoted=value.quoted)
            if (attribute := self.scope.attribute(name)) is not None:
                return kind_of(attribute)
        return "text"

    def _fits(self, subject: DataName, kind: Kind) -> bool:
        assert self.attribute is not None  # noqa: S101  # asked by the caller
        if self.operator in _ORDER:
            fits = kind in {"number", "date", "datetime"}
        elif self.operator in _DATES:
            fits = kind in {"date", "datetime"}
        else:
            fits = self.operator not in _TEXTS or kind == "text"
        if fits:
            return True
        words = self.operator.removesuffix(" ago").removesuffix(" than")
        said = f"{words} … ago" if self.operator.endswith("ago") else words
        message = f'{subject} is {_what(self.attribute, kind)}; it has no "{said.removeprefix("is ")}"'
        place = self._operator_place()
        self.report.add("J122", message, place, label=self._better(subject, kind))
        return False

    def _better(self, subject: DataName, kind: Kind) -> str:
        """Sentences that would make sense with the same name or the same value."""
        values = [value.text for value in self._values()]
        ideas = []
        if self.operator in _ORDER:
            numbers = self._numbers(values)
            ideas += [f"{numbers[0]} {self.operator} {' and '.join(values)}"] if numbers else []
        choices = self.attribute.choices if self.attribute else ()
        if choices:
            ideas.append(f"{subject} is one of {', '.join(choices[-2:])}")
        elif kind == "boolean":
            ideas.append(f"{subject} is true")
        elif not ideas:
            ideas.append(f"{subject} is {values[0] if values and kind == 'text' else '…'}")
        return f"did you mean  {'  or  '.join(ideas)} ?"

    def _numbers(self, values: list[str]) -> list[str]:
        """Names of numbers that could hold such values; those that say their range first."""
        found = [parse_number(value) for value in values]
        known = [
            (attribute.low is None, f"{root}.{name}")
            for root, names in self.scope.roots.items()
            for name, attribute in (names or {}).items()
            if kind_of(attribute) == "number" and all(n is not None and in_range(attribute, n) for n in found)
        ]
        return [name for _, name in sorted(known, key=lambda pair: pair[0])]

    def _with_length(self, subject: DataName, kind: Kind) -> Compare | None:
        length = read_length(self._piece(self._below("words")), self.report)
        return Compare(subject, self.operator, (length,), kind) if length else None

    def _with_values(self, subject: DataName, kind: Kind) -> Compare | None:
        if self._is_nothing(subject):
            return None
        operands = [self._operand(value, subject, kind) for value in self._values()]
        sound = tuple(operand for operand in operands if operand is not None)
        return Compare(subject, self.operator, sound, kind) if len(sound) == len(operands) else None

    def _is_nothing(self, subject: DataName) -> bool:
        """``is null``, ``is not empty``: words of programmers for missing and present."""
        values = self._values()
        if self.operator not in {"is", "is not"} or values[0].text.lower() not in NOTHING:
            return False
        if (self.attribute and values[0].text in self.attribute.choices) or (values[0].quoted and values[0].text):
            return False
        words = "is missing" if self.operator == "is" else "is present"
        place = self._operator_place(to_end=True)
        fix = (Suggestion(words, certain=True),)
        message = f'whether {subject} is known is asked with "{words}"'
        self.report.add("J119", message, place, label=f"write {words}", suggestions=fix)
        return True

    def _operand(self, value: Scalar, subject: DataName, kind: Kind) -> Operand | None:
        name = self._as_name(value)
        if name is not None:
            return self._other_data(value, subject, kind)
        literal = parse_literal(value.text, kind)
        if literal is None:
            self._wrong_value(value, subject, kind)
            return None
        return literal if self._allowed(value, literal, subject) else None

    def _other_data(self, value: Scalar, subject: DataName, kind: Kind) -> DataName | None:
        name = check_name(value, self.report, self.scope)
        attribute = self.scope.attribute(name) if name else None
        if name is None or attribute is None or self.attribute is None:
            return name
        other = kind_of(attribute)
        if other == kind or {other, kind} == {"date", "datetime"}:
            return name
        message = f"{subject} is {_what(self.attribute, kind)} and {name} is {_what(attribute, other)}"
        self.report.add("J122", message, value.place, label="these two cannot be compared")
        return None

    def _wrong_value(self, value: Scalar, subject: DataName, kind: Kind) -> None:
        label = f"write {expected(self.attribute, kind)}"
        if kind in {"date", "datetime"} and parse_length(value.text) and self.operator in {"is above", "is after"}:
            label = f"did you mean  {subject} is more than {value.text} ago ?"
        elif kind in {"date", "datetime"} and parse_length(value.text) and self.operator in {"is below", "is before"}:
            label = f"did you mean  {subject} is less than {value.text} ago ?"
        message = f'"{value.text}" is not {_NOUNS[kind]}, and {subject} is one'
        near: tuple[str, ...] = ()
        day = near_date(value.text) if kind in {"date", "datetime"} else None
        if kind == "boolean":
            message = f'{subject} is true or false, never "{value.text}"'
            near = tuple(filter(None, (nearest(value.text, ("true", "false")),)))
            label = f'did you mean "{near[0]}"?' if near else label
        elif day is not None:
            label, near = day.label, day.dates
        fixes = tuple(Suggestion(each) for each in near)
        self.report.add("J122", message, value.place, label=label, suggestions=fixes)

    def _allowed(self, value: Scalar, literal: Value, subject: DataName) -> bool:
        attribute = self.attribute
        if attribute is None:
            return True
        if attribute.choices and self.operator in _EQUAL and literal not in attribute.choices:
            near = nearest(value.text, attribute.choices)
            label = f'did you mean "{near}"?' if near else f"write {expected(attribute, 'text')}"
            fixes = (Suggestion(near),) if near else ()
            message = f'{subject} is never "{value.text}"; it is {expected(attribute, "text")}'
            self.report.add("J122", message, value.place, label=label, suggestions=fixes)
            return False
        if isinstance(literal, int | float) and not isinstance(literal, bool) and not in_range(attribute, literal):
            message = f"{subject} is {expected(attribute, 'number')}, never {value.text}"
            self.report.add("J122", message, value.place, label="this lies outside")
            return False
        return True

    def _as_name(self, value: Scalar) -> DataName | None:
        """Return a value as a name when it is meant as one: its first part exists here, or nearly does."""
        if value.quoted or NAME.fullmatch(value.text) is None:
            return None
        if self.attribute is not None and value.text in self.attribute.choices:
            return None
        name = data_name(value.text)
        return name if name.root in self.scope.roots or nearest(name.root, self.scope.roots) else None

    def _values(self) -> list[Scalar]:
        return [self._value(found) for found in self._value_trees(self.tree)]

    def _value_trees(self, tree: Tree[Token]) -> list[Tree[Token]]:
        below = [child for child in tree.children if isinstance(child, Tree)]
        return [tree] if tree.data == "value" else [found for child in below for found in self._value_trees(child)]

    def _value(self, tree: Tree[Token]) -> Scalar:
        leaf = tree.children[0]
        if isinstance(leaf, Token):
            place = inside(self.scalar, leaf.start_pos or 0, leaf.end_pos or 0)
            return Scalar(_unquote(str(leaf)), place, quoted=True)
        return self._piece(leaf)

    def _operator_place(self, *, to_end: bool = False) -> Place:
        own = [leaf for leaf in self.tree.children if isinstance(leaf, Token) and leaf.type != "AND"]
        last = self.tree.meta.end_pos if to_end else own[-1].end_pos
        return inside(self.scalar, own[0].start_pos or 0, last or 0)

    def _below(self, name: str) -> Tree[Token]:
        return next(child for child in self.tree.children if isinstance(child, Tree) and child.data == name)

    def _piece(self, tree: Tree[Token]) -> Scalar:
        leaves = list(tree.scan_values(lambda leaf: isinstance(leaf, Token)))
        return part(self.scalar, leaves[0].start_pos or 0, leaves[-1].end_pos)


def _unquote(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


def _what(attribute: Attribute, kind: Kind) -> str:
    if attribute.choices:
        return f"one of {', '.join(attribute.choices)}"
    return _NOUNS[kind]
