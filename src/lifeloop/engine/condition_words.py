"""The words that generated conditions call: reading values, spans, events, messages, objects.

Their meanings are laid down at the head of ``lifeloop.engine.conditions``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.scope import Scope
from lifeloop.engine.stamps import date_text, instant_in
from lifeloop.engine.timing import add_length
from lifeloop.engine.values import Record, Sent
from lifeloop.engine.zones import day_text
from lifeloop.journey.condition import Kind, MessageWas, Span
from lifeloop.journey.length import Length
from lifeloop.journey.plan import Json

Window = tuple[Instant, Instant]
_BEGINNING, _END = -(10**15), 10**15
_NEVER: Window = (_END, _BEGINNING)


def deep(value: Json, path: tuple[str, ...]) -> Json:
    """Follow a path into nested data; None where it leads nowhere."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def of_kind(value: Json, kind: Kind, scope: Scope) -> Any:
    """Read a value as a kind; None when it is unknown or of another shape."""
    match kind:
        case "text":
            return value if type(value) is str else None
        case "number":
            return value if type(value) in (int, float) else None
        case "boolean":
            return value if type(value) is bool else None
        case "date":
            return date_text(value)
        case "datetime":
            return instant_in(value, scope.zone)


def contains(value: Json, wanted: Json, kind: Kind, scope: Scope) -> bool:
    """Tell whether a text has that text inside, or a list that member."""
    if type(value) is str:
        return type(wanted) is str and wanted in value
    member = of_kind(wanted, kind, scope)
    return isinstance(value, list) and member is not None and any(of_kind(v, kind, scope) == member for v in value)


def shifted(scope: Scope, length: Length, back: bool) -> Instant:  # noqa: FBT001  # generated code calls it
    """Return now, that much later or earlier on the customer's clock."""
    return add_length(scope.now, length, scope.zone, back=back, country=scope.country)


def day_shifted(scope: Scope, length: Length, back: bool) -> str:  # noqa: FBT001  # generated code calls it
    """Return the customer's date that much later or earlier."""
    return day_text(shifted(scope, length, back), scope.zone)


def today(scope: Scope) -> str:
    """Return the customer's date."""
    return day_text(scope.now, scope.zone)


def window(scope: Scope, span: Span) -> Window:
    """Return the first and last instant a span looks at."""
    kind = span.kind if span.kind != "default" else ("start" if scope.in_run else "ever")
    if kind == "ever":
        return _BEGINNING, _END
    if kind == "last" and span.length:
        return shifted(scope, span.length, True) + 1, scope.now  # noqa: FBT003
    if scope.started_at is None:
        return _NEVER
    if kind == "within" and span.length:
        last = add_length(scope.started_at, span.length, scope.zone, country=scope.country)
        return scope.started_at, last
    return scope.started_at, _END


def happened(
    scope: Scope,
    name: str,
    span: Span,
    at_least: int,
    where: Callable[[Scope, Record, Record], bool] | None,
    thing: Record,
) -> bool:
    """Tell whether at least that many events of a name fit."""
    if not scope.events:
        return at_least <= 0
    first, last = window(scope, span)
    skip = scope.start_seq if span.kind in ("start", "within") or (span.kind == "default" and scope.in_run) else None
    count = sum(
        1
        for event in scope.events
        if event.name == name
        and first <= event.at <= last
        and event.seq != skip
        and (where is None or where(scope, event.data, thing))
    )
    return count >= at_least


@lru_cache(maxsize=4096)
def _fits(pattern: str) -> Callable[[str], object]:
    return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL).fullmatch


_TIMES: dict[str, Callable[[Sent], Instant | None]] = {
    "sent": lambda sent: sent.at,
    "opened": lambda sent: sent.opened_at,
    "clicked": lambda sent: sent.clicked_at,
    "replied": lambda sent: sent.replied_at,
    "bounced": lambda sent: sent.bounced_at,
}


def message_was(scope: Scope, question: MessageWas) -> bool:
    """Tell whether some message was sent, opened, clicked … in the span."""
    fits, time_of = _fits(question.pattern), _TIMES[question.what]
    first, last = window(scope, question.span)
    return any(
        (at := time_of(sent)) is not None and first <= at <= last and fits(sent.message)
        for sent in scope.sent
        if sent.own or not scope.in_run
    )


def any_thing(scope: Scope, kind: str, where: Callable[[Scope, Record, Record], bool] | None, event: Record) -> bool:
    """Tell whether the customer has an object of that kind that fits."""
    return any(where is None or where(scope, event, thing) for thing in scope.things.get(kind, ()))


WORDS: dict[str, Any] = {
    "any_thing": any_thing,
    "bool": bool,
    "contains": contains,
    "date_text": date_text,
    "day_shifted": day_shifted,
    "deep": deep,
    "happened": happened,
    "instant_in": instant_in,
    "message_was": message_was,
    "numbers": (int, float),
    "shifted": shifted,
    "str": str,
    "today": today,
    "type": type,
}
"""Everything a generated condition can reach."""
