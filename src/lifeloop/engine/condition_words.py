"""The words that generated conditions call: reading values, spans, events, messages, objects.

Their meanings are laid down at the head of ``lifeloop.engine.conditions``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.scope import Scope
from lifeloop.engine.stamps import date_text, instant_in
from lifeloop.engine.timing import add_length
from lifeloop.engine.values import Event, Record, Sent
from lifeloop.engine.zones import day_text
from lifeloop.journey.condition import Happened, Kind, MessageWas, Span
from lifeloop.journey.length import Length
from lifeloop.journey.plan import Json

Where = Callable[[Scope, Record, Record], bool] | None
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


def shifted(scope: Scope, length: Length, back: bool) -> Instant:
    """Return now, that much later or earlier on the customer's clock."""
    return add_length(scope.now, length, scope.zone, back=back, country=scope.country)


def day_shifted(scope: Scope, length: Length, back: bool) -> str:
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
        return shifted(scope, span.length, True) + 1, scope.now
    if scope.started_at is None:
        return _NEVER
    if kind == "within" and span.length:
        last = add_length(scope.started_at, span.length, scope.zone, country=scope.country)
        return scope.started_at, last
    return scope.started_at, _END


def happened(scope: Scope, asked: Happened, where: Where, thing: Record) -> bool:
    """Tell whether enough events of a name fit, before any ``not``."""
    return sum(1 for _ in events_that_fit(scope, asked, where, thing)) >= asked.at_least


def events_that_fit(scope: Scope, asked: Happened, where: Where, thing: Record) -> Iterator[Event]:
    """Yield the events that a question counts."""
    if not scope.events:
        return
    first, last = window(scope, asked.span)
    in_run = asked.span.kind in ("start", "within") or (asked.span.kind == "default" and scope.in_run)
    skip = scope.start_seq if in_run else None
    for event in scope.events:
        counts = event.name == asked.event and first <= event.at <= last and event.seq != skip
        if counts and (where is None or where(scope, event.data, thing)):
            yield event


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


def message_was(scope: Scope, asked: MessageWas) -> bool:
    """Tell whether some message was sent, opened, clicked … in the span, before any ``not``."""
    return any(True for _ in messages_that_fit(scope, asked))


def messages_that_fit(scope: Scope, asked: MessageWas) -> Iterator[tuple[Sent, Instant]]:
    """Yield the messages that a question finds, each with the time it asks for."""
    fits, time_of = _fits(asked.pattern), _TIMES[asked.what]
    first, last = window(scope, asked.span)
    for sent in scope.sent:
        at = time_of(sent)
        if at is not None and first <= at <= last and (sent.own or not scope.in_run) and fits(sent.message):
            yield sent, at


def any_thing(scope: Scope, kind: str, where: Where, event: Record) -> bool:
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
