"""Conditions as a syntax tree: total, typed, without side effects.

One tree, two readings: Python (``lifeloop.engine.conditions``) and SQL (``lifeloop.store.conditions``).
The law of both: unknown data makes every comparison false, also ``is not``; only ``is missing`` is true of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lifeloop.journey.length import Length

Value = str | int | float | bool
"""A written value. Dates and date-times are ISO 8601 text; their ``Kind`` says so."""

Kind = Literal["text", "number", "boolean", "date", "datetime"]
"""How both sides of a comparison are read. Facts hold JSON values: dates and date-times are ISO text."""

Operator = Literal[
    "is",
    "is not",
    "is one of",
    "is not one of",
    "is at least",
    "is at most",
    "is above",
    "is below",
    "is between",
    "contains",
    "starts with",
    "is present",
    "is missing",
    "is more than ago",  # operand: a Length
    "is less than ago",  # operand: a Length; in the past, and less than that long ago
    "is within",  # operand: a Length; from now up to that far ahead
    "is before",
    "is after",
]


@dataclass(frozen=True, slots=True)
class DataName:
    """``customer.plan``, ``event.score``, ``contract.ends``, ``journey.ticket.id``."""

    root: str
    path: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join((self.root, *self.path))


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of time a question about the past looks at.

    ``last``: from that long ago until now. ``within``: from the start of the journey, for that long.
    ``start``: since the journey began. ``ever``: always. ``default``: since the journey began inside a journey's
    steps, ``stop`` and ``goal``; ever in an audience or a segment.
    """

    kind: Literal["last", "within", "start", "ever", "default"] = "default"
    length: Length | None = None


@dataclass(frozen=True, slots=True)
class Compare:
    """``subject operator operands``; operands are written values, data names, or one ``Length``."""

    subject: DataName
    operator: Operator
    operands: tuple[Value | DataName | Length, ...]
    as_kind: Kind
    node: Literal["compare"] = "compare"


@dataclass(frozen=True, slots=True)
class Happened:
    """``order.placed happened at least 2 times in the last 90 days``, optionally ``where`` its data fit."""

    event: str
    at_least: int = 1
    negated: bool = False
    span: Span = Span()
    where: Condition | None = None
    node: Literal["happened"] = "happened"


@dataclass(frozen=True, slots=True)
class MessageWas:
    """``renewal/* was not opened in the last 10 days``; ``*`` stands for any letters."""

    pattern: str
    what: Literal["sent", "opened", "clicked", "replied", "bounced"]
    negated: bool = False
    span: Span = Span()
    node: Literal["message"] = "message"


@dataclass(frozen=True, slots=True)
class InSegment:
    """``customer is in lapsed-customers``."""

    segment: str
    negated: bool = False
    node: Literal["segment"] = "segment"


@dataclass(frozen=True, slots=True)
class AnyObject:
    """``any contract is present where contract.holder is competitor``; ``negated``: is missing."""

    kind: str
    negated: bool = False
    where: Condition | None = None
    node: Literal["object"] = "object"


@dataclass(frozen=True, slots=True)
class Named:
    """``customer is churn-risk``: a Python predicate declared in the project. Has no SQL reading."""

    name: str
    negated: bool = False
    node: Literal["named"] = "named"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part holds. Empty: true."""

    parts: tuple[Condition, ...]
    node: Literal["all"] = "all"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds. Empty: false."""

    parts: tuple[Condition, ...]
    node: Literal["any"] = "any"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold. ``none:`` is ``Not(AnyOf(…))``."""

    part: Condition
    node: Literal["not"] = "not"


Condition = Compare | Happened | MessageWas | InSegment | AnyObject | Named | AllOf | AnyOf | Not
ALWAYS = AllOf(())
