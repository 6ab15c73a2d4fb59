"""Conditions as clauses of an English sentence: what may stand after "if" and "when"."""

from __future__ import annotations

import re

from lifeloop.journey.condition import (
    AllOf,
    AnyObject,
    AnyOf,
    Compare,
    Condition,
    DataName,
    Happened,
    InSegment,
    MessageWas,
    Named,
    Not,
    Span,
    Value,
)
from lifeloop.journey.length import Length
from lifeloop.journey.prose_names import (
    BEGAN,
    Constants,
    a,
    data_words,
    event_words,
    flag_words,
    listed,
    not_happened_words,
    title_of,
    words_of,
)
from lifeloop.journey.prose_time import length_words

ANY_NUMBER = "*"
CHOICE = re.compile(r"[a-z]+(?:[-_][a-z]+)*")
"""A value that is a word of the catalogue: ``moved-abroad``."""


def condition_words(condition: Condition, values: Constants) -> str:
    """Return a condition as a clause."""
    match condition:
        case AllOf():
            return _joined(condition.parts, "and", "in any case", values)
        case AnyOf():
            return _joined(condition.parts, "or", "never", values)
        case Not():
            return f"it is not so that {condition_words(condition.part, values)}"
        case Compare():
            return _compared(condition, values)
        case _:
            return _asked(condition, values)


def event_clause(condition: Condition, values: Constants) -> str:
    """Return what stands after "as soon as": an event is said in the present."""
    if isinstance(condition, Happened) and not condition.negated and condition.at_least == 1:
        return f"{event_words(condition.event)}{_where(condition.where, values)}{_span(condition.span)}"
    return condition_words(condition, values)


def _joined(parts: tuple[Condition, ...], joiner: str, empty: str, values: Constants) -> str:
    if not parts:
        return empty
    said = [_bracketed(part, values) if len(parts) > 1 else condition_words(part, values) for part in parts]
    return listed(_without_repeats(parts, said, values), joiner)


def _without_repeats(parts: tuple[Condition, ...], said: list[str], values: Constants) -> list[str]:
    """Say once what all of the parts speak of: "the score is not known or is at least 7"."""
    subjects = {part.subject if isinstance(part, Compare) else None for part in parts}
    subject = next(iter(subjects))
    if len(subjects) > 1 or subject is None:
        return said
    spoken = f"{data_words(subject, values)} "
    return [said[0], *(one.removeprefix(spoken) for one in said[1:])]


def _bracketed(part: Condition, values: Constants) -> str:
    said = condition_words(part, values)
    is_nested = isinstance(part, AllOf | AnyOf) and len(part.parts) > 1
    return f"({said})" if is_nested else said


def _asked(condition: Happened | MessageWas | InSegment | AnyObject | Named, values: Constants) -> str:
    match condition:
        case Happened():
            return _happened(condition, values)
        case MessageWas():
            negation = " not" if condition.negated else ""
            return f"{_message(condition.pattern)} was{negation} {condition.what}{_span(condition.span)}"
        case InSegment():
            return (
                f"the customer is {'not ' if condition.negated else ''}in the segment “{words_of(condition.segment)}”"
            )
        case AnyObject():
            article = "no" if condition.negated else a(condition.kind).split(" ", 1)[0]
            return f"there is {article} {words_of(condition.kind)}{_where(condition.where, values)}"
        case Named():
            return f"the customer is {'not ' if condition.negated else ''}“{words_of(condition.name)}”"


def _happened(condition: Happened, values: Constants) -> str:
    rest = f"{_where(condition.where, values)}{_span(condition.span)}"
    if condition.negated:
        return f"{not_happened_words(condition.event)}{rest}"
    times = f" at least {condition.at_least} times" if condition.at_least > 1 else ""
    return f"{event_words(condition.event, tense='was')}{times}{rest}"


def _message(pattern: str) -> str:
    if ANY_NUMBER not in pattern:
        return title_of(pattern)
    return f"any message of “{pattern.split('/', maxsplit=1)[0]}”"


def _where(where: Condition | None, values: Constants) -> str:
    return f", where {condition_words(where, values)}" if where else ""


def _span(span: Span) -> str:
    length = length_words(span.length) if span.length else ""
    said = {"last": f" in the last {length}", "within": f" within {length} of the start", "start": " since the start"}
    return said.get(span.kind, "")


def _compared(condition: Compare, values: Constants) -> str:
    flag = condition.operands[0] if condition.operands else None
    if isinstance(flag, bool) and condition.operator in {"is", "is not"}:
        return flag_words(condition.subject, holds=flag is (condition.operator == "is"))
    subject = data_words(condition.subject, values)
    said = [_other(operand, condition.subject, values) for operand in condition.operands]
    match condition.operator:
        case "is present":
            return f"{subject} is known"
        case "is missing":
            return f"{subject} is not known"
        case "is more than ago" | "is less than ago":
            return f"{subject} was {condition.operator[3:-4]} {said[0]} ago"
        case "is within":
            return f"{subject} lies within the next {said[0]}"
        case "is between":
            return f"{subject} is between {said[0]} and {said[1]}"
        case "is one of" | "is not one of":
            return f"{subject} {condition.operator.removesuffix(' one of')} {listed(said, 'or')}"
        case _:
            return f"{subject} {condition.operator} {said[0]}"


def _other(operand: Value | DataName | Length, subject: DataName, values: Constants) -> str:
    """Return what something is compared with; the same name of the start is "the one it began with"."""
    is_same = isinstance(operand, DataName) and operand == DataName("start", subject.path)
    return f"the one{BEGAN}" if is_same else _operand(operand, values)


def _operand(operand: Value | DataName | Length, values: Constants) -> str:
    match operand:
        case bool():
            return "yes" if operand else "no"
        case Length():
            return length_words(operand)
        case DataName():
            return data_words(operand, values)
        case str():
            return f"“{words_of(operand) if CHOICE.fullmatch(operand) else operand}”"
        case _:
            return f"{operand:g}"
