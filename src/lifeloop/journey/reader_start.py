"""Reads how a journey begins and ends: ``start``, ``again``, ``stop``, ``goal``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import time

from lifeloop.journey.catalogue import Attribute
from lifeloop.journey.condition import ALWAYS
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.known import check_event, check_segment
from lifeloop.journey.lengths import read_length
from lifeloop.journey.moments import read_anchors, read_every
from lifeloop.journey.names import check_name
from lifeloop.journey.plan import (
    Again,
    ByHand,
    FromJourney,
    OnCalendar,
    OnChange,
    OnEvent,
    OnMoment,
    OnSegment,
    Trigger,
)
from lifeloop.journey.reading import Reading, read_clause, read_clause_of
from lifeloop.journey.scope import Scope
from lifeloop.journey.shape import check_keys, filled_items, is_blank, kind_said, one_text
from lifeloop.journey.source import Items, Map, Node, Report, Scalar, part
from lifeloop.journey.spec import Start, StopWritten
from lifeloop.journey.times import read_time
from lifeloop.journey.written import typed_value

_KEYS = {
    "event": ("event", "where"),
    "date": ("date", "at", "where"),
    "joins": ("joins",),
    "leaves": ("leaves",),
    "changes": ("changes", "to"),
    "every": ("every",),
}
_SPOKEN: Mapping[str, Trigger] = {"by hand": ByHand(), "from another journey": FromJourney()}
_EXAMPLES = "write, for example, {event: order.delivered}, {date: 75 days before customer.contract_end}, or by hand"


def read_starts(node: Node, reading: Reading) -> tuple[Start, ...]:
    """Read ``start``: one trigger, or a list of them."""
    parts = filled_items(node, "start", reading.report) if isinstance(node, Items) else (node,)
    return tuple(start for one in parts if (start := _start(one, reading)) is not None)


def read_again(node: Node, reading: Reading) -> Again:
    """Read ``again: never``, ``always``, ``after 6 months`` or ``once per event.order_id``."""
    text = one_text(node, "again", reading.report)
    if text is None or text.text in {"never", "always"}:
        return Again("always") if text and text.text == "always" else Again()
    if text.text.startswith("after "):
        length = read_length(part(text, len("after ")), reading.report)
        return Again("after", after=length)
    if text.text.startswith("once per "):
        return _once(part(text, len("once per ")), reading)
    label = "write never, always, after 6 months, or once per customer.contract_end"
    reading.report.add("J109", f'"{text.text}" does not say whether they may come back', text.place, label=label)
    return Again()


def read_stops(node: Node, reading: Reading, *, has_goal: bool) -> tuple[StopWritten, ...]:
    """Read the top-level ``stop``: conditions, ``goal reached``, or ``{when, then}``."""
    parts = node.items if isinstance(node, Items) else (node,)
    return tuple(rule for one in parts if (rule := _stop(one, reading, has_goal=has_goal)) is not None)


def _start(node: Node, reading: Reading) -> Start | None:
    if isinstance(node, Scalar) and not is_blank(node):
        return _spoken(node, reading)
    if not isinstance(node, Map):
        reading.report.add(
            "J104", f'"start" needs a trigger, and here is {kind_said(node)}', node.place, label=_EXAMPLES
        )
        return None
    key = next((key for key in _KEYS if node.entry(key)), None)
    if key is None:
        allowed = tuple(dict.fromkeys(word for words in _KEYS.values() for word in words))
        check_keys(node, allowed, 'to "start"', reading.report)
        if all(entry.key.text in allowed for entry in node.entries):
            reading.report.add("J106", "this start does not say what begins the journey", node.place, label=_EXAMPLES)
        return None
    check_keys(node, _KEYS[key], f'to a start by "{key}"', reading.report)
    value = one_text(node.value(key) or node, key, reading.report)
    return _triggered(key, value, node, reading) if value else None


def _spoken(node: Scalar, reading: Reading) -> Start | None:
    trigger = _SPOKEN.get(node.text)
    if trigger is not None:
        return Start(trigger, node.place)
    events = reading.known.catalogue.events
    written = f"{{event: {node.text}}}" if node.text in events else ""
    label = f"write:  start: {written}" if written else _EXAMPLES
    fixes = (Suggestion(written, certain=True),) if written else ()
    reading.report.add("J109", f'"{node.text}" is not a start', node.place, label=label, suggestions=fixes)
    return None


def _triggered(key: str, value: Scalar, block: Map, reading: Reading) -> Start | None:
    match key:
        case "event":
            return _on_event(value, block, reading)
        case "date":
            return _on_date(value, block, reading)
        case "joins" | "leaves":
            segment = check_segment(value, reading.known, reading.report)
            return Start(OnSegment(segment, leaves=key == "leaves"), block.place)
        case "changes":
            return _on_change(value, block, reading)
        case _:
            every = read_every(value, reading.report)
            return Start(OnCalendar(every), block.place) if every else None


def _on_event(value: Scalar, block: Map, reading: Reading) -> Start:
    event = check_event(value, reading.known, reading.report)
    declared = reading.known.catalogue.events.get(event)
    names = declared.attributes if declared else None
    scope = reading.scope.having("event", names).having("start", names)
    where = read_clause_of(block, "where", replace(reading, scope=scope))
    return Start(OnEvent(event, where.tree if where else ALWAYS), block.place, where)


def _on_date(value: Scalar, block: Map, reading: Reading) -> Start | None:
    moments = read_anchors(value, reading.report, reading.scope, _time(block, reading.report))
    where = read_clause_of(block, "where", reading)
    if moments is None:
        return None
    return Start(OnMoment(moments, where.tree if where else ALWAYS), block.place, where)


def _time(block: Map, report: Report) -> time | None:
    node = block.value("at")
    text = one_text(node, "at", report) if node is not None else None
    return read_time(text, report) if text else None


def _on_change(value: Scalar, block: Map, reading: Reading) -> Start | None:
    name = check_name(value, reading.report, reading.scope)
    if name is None:
        return None
    node = block.value("to")
    attribute: Attribute | None = reading.scope.attribute(name)
    to = typed_value(node, attribute, reading.report) if node is not None else None
    return Start(OnChange(name, to if isinstance(to, str | int | float | bool) else None), block.place)


def _once(text: Scalar, reading: Reading) -> Again:
    name = check_name(text, reading.report, _with_start(reading.scope))
    return Again("once", per=name) if name else Again()


def _with_start(scope: Scope) -> Scope:
    """In ``once per event.order_id`` the event is the one that started the journey."""
    start = scope.roots.get("start")
    return scope.having("event", start) if "start" in scope.roots else scope


def _stop(node: Node, reading: Reading, *, has_goal: bool) -> StopWritten | None:
    if isinstance(node, Scalar) and re.fullmatch(r"\s*goal reached\s*", node.text):
        if not has_goal:
            label = "add, for example,  goal: contract.renewed happened within 90 days"
            reading.report.add("J156", "this journey has no goal to reach", node.place, label=label)
        return StopWritten(None, (), node.place)
    if isinstance(node, Map) and ({"when", "then"} & {entry.key.text for entry in node.entries}):
        return _closing(node, reading, has_goal=has_goal)
    clause = read_clause(node, reading)
    return StopWritten(clause, (), node.place) if clause else None


def _closing(block: Map, reading: Reading, *, has_goal: bool) -> StopWritten | None:
    check_keys(block, ("when", "then"), 'to "stop"', reading.report)
    when, then = block.value("when"), block.value("then")
    steps = reading.nested(then, "then", reading) if then is not None else ()
    if when is None:
        place = block.entries[0].key.place
        reading.report.add(
            "J106", 'this "stop" has no "when"', place, label="add, for example:  when: contract.renewed happened"
        )
        return None
    rule = _stop(when, reading, has_goal=has_goal)
    return replace(rule, then=steps) if rule else None


def object_of(starts: tuple[Start, ...], kinds: frozenset[str]) -> str | None:
    """Return the kind of thing one run is about: what a start's date is counted from, when that is a thing."""
    for start in starts:
        if isinstance(start.trigger, OnMoment):
            return next((m.anchor.root for m in start.trigger.moments if m.anchor.root in kinds), None)
        if isinstance(start.trigger, OnChange) and start.trigger.attribute.root in kinds:
            return start.trigger.attribute.root
    return None
