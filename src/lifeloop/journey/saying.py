"""Values back to text, in the one way to write them: what ``fmt``, reasons and prose print, and reading understands."""

from __future__ import annotations

import re
from decimal import Decimal

from lifeloop.journey.catalogue import Limit
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
from lifeloop.journey.grammar import KEYWORDS
from lifeloop.journey.length import Length
from lifeloop.journey.lengths import say_length
from lifeloop.journey.literals import NOTHING, guess_kind
from lifeloop.journey.moment import AtTime, FromAnchor, Hours, InHours, Moment, OnDate, OnMonthDay, OnWeekday
from lifeloop.journey.times import DAYS, EVERY_DAY, WEEKDAYS, WEEKEND, say_days, say_time

_PLAIN = re.compile(r"[^\W_][\w@+/:-]*(?: [^\W_][\w@+/:-]*)*")


def say_condition(condition: Condition) -> str:
    """Return a condition as one sentence; reading it gives the same condition again."""
    match condition:
        case AllOf():
            return _joined(condition.parts, " and ", "always")
        case AnyOf():
            return _joined(condition.parts, " or ", "never")
        case Not():
            return f"not ({say_condition(condition.part)})"
        case Compare():
            return _say_comparison(condition)
        case Happened():
            verb = "did not happen" if condition.negated else "happened"
            times = f" at least {_times(condition.at_least)}" if condition.at_least > 1 else ""
            return f"{condition.event} {verb}{times}{_say_span(condition.span)}{_where(condition.where)}"
        case MessageWas():
            negation = "not " if condition.negated else ""
            return f"{condition.pattern} was {negation}{condition.what}{_say_span(condition.span)}"
        case InSegment():
            return f"customer is {'not ' if condition.negated else ''}in {condition.segment}"
        case AnyObject():
            presence = "missing" if condition.negated else "present"
            return f"any {condition.kind} is {presence}{_where(condition.where)}"
        case Named():
            return f"customer is {'not ' if condition.negated else ''}{condition.name}"


def say_moment(moment: Moment) -> str:
    """Return what stands after ``until``."""
    match moment:
        case AtTime(at=at):
            return say_time(at)
        case OnWeekday(days=days, at=at):
            return _say_weekday(days, say_time(at))
        case OnMonthDay(day=day, at=at):
            return f"the {_ordinal(day)} at {say_time(at)}"
        case OnDate(on=on, at=at):
            return f"{on.isoformat()} {say_time(at)}"
        case InHours(hours=hours):
            return say_hours(hours)
        case FromAnchor():
            return say_anchor(moment)


def say_anchor(moment: FromAnchor) -> str:
    """Return a moment around a date: ``75 days before customer.contract_end at 10:00``."""
    at = f" at {say_time(moment.at)}" if moment.at is not None else ""
    if moment.offset == Length():
        return f"on {moment.anchor}{at}"
    return f"{say_length(moment.offset)} {'before' if moment.before else 'after'} {moment.anchor}{at}"


def say_hours(hours: Hours) -> str:
    """Return a weekly window: ``weekdays 09:00-18:00``."""
    closes = "24:00" if hours.closes.hour == hours.closes.minute == 0 else say_time(hours.closes)
    return f"{say_days(hours.days)} {say_time(hours.opens)}-{closes}"


def say_every(every: OnWeekday | OnMonthDay) -> str:
    """Return a rhythm: ``month on the 1st at 09:00``, ``Monday at 10:00``, ``day at 08:00``."""
    if isinstance(every, OnMonthDay):
        return f"month on the {_ordinal(every.day)} at {say_time(every.at)}"
    words = {EVERY_DAY: "day", WEEKDAYS: "weekday"}
    return f"{words.get(every.days) or say_days(every.days)} at {say_time(every.at)}"


def say_limit(limit: Limit) -> str:
    """Return a limit: ``2 per week``, ``1 per 10 days``."""
    per = "1 week" if limit.per == Length(days=7) else say_length(limit.per)
    return f"{limit.count} per {re.sub('^1 (?=[a-z]+$)', '', per)}"


def say_value(value: Value, kind: Kind) -> str:
    """Return a written value, in quotes where it would be read as something else without them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        digits = format(Decimal(repr(value)), "f")
        return f"{digits}.0" if isinstance(value, float) and "." not in digits else digits
    if kind in {"date", "datetime"}:
        return value.replace("T", " ")
    words = value.split(" ")
    unclear = guess_kind(value) != "text" or any(word.lower() in KEYWORDS | NOTHING for word in words)
    if _PLAIN.fullmatch(value) and not unclear:
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _say_comparison(condition: Compare) -> str:
    said = [_say_operand(operand, condition.as_kind) for operand in condition.operands]
    match condition.operator:
        case "is more than ago" | "is less than ago":
            return f"{condition.subject} {condition.operator.removesuffix(' ago')} {said[0]} ago"
        case "is between":
            return f"{condition.subject} is between {said[0]} and {said[1]}"
        case operator:
            return f"{condition.subject} {operator} {', '.join(said)}".rstrip()


def _say_operand(operand: Value | DataName | Length, kind: Kind) -> str:
    match operand:
        case Length():
            return say_length(operand)
        case DataName():
            return str(operand)
        case _:
            return say_value(operand, kind)


def _joined(parts: tuple[Condition, ...], joiner: str, empty: str) -> str:
    if len(parts) == 1:
        return say_condition(parts[0])
    return joiner.join(_in_brackets(part) for part in parts) or empty


def _in_brackets(part: Condition) -> str:
    said = say_condition(part)
    return f"({said})" if isinstance(part, AllOf | AnyOf) and len(part.parts) > 1 else said


def _where(where: Condition | None) -> str:
    return f" where {_in_brackets(where)}" if where is not None else ""


def _times(count: int) -> str:
    return f"{count} times"


def _say_span(span: Span) -> str:
    match span.kind:
        case "last" if span.length is not None:
            return f" in the last {say_length(span.length)}"
        case "within" if span.length is not None:
            return f" within {say_length(span.length)}"
        case "start":
            return " since the start"
        case "ever":
            return " ever"
        case _:
            return ""


def _say_weekday(days: tuple[int, ...], at: str) -> str:
    if len(days) == 1:
        return f"{DAYS[days[0] - 1]} {at}"
    words = {WEEKDAYS: "a weekday", EVERY_DAY: "every day", WEEKEND: "weekend"}
    return f"{words.get(days) or say_days(days)} at {at}"


def _ordinal(day: int) -> str:
    teen = 10 <= day % 100 <= 20  # noqa: PLR2004  # 11th, 12th, 13th
    return f"{day}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"
