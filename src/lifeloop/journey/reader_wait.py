"""Reads ``wait``: for a length, until a moment, or for an event."""

from __future__ import annotations

from dataclasses import replace

from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.known import check_event
from lifeloop.journey.length import Length
from lifeloop.journey.moment import FromAnchor, Moment, OnDate
from lifeloop.journey.moments import read_when
from lifeloop.journey.reading import Common, Reading, Written, read_clause
from lifeloop.journey.scope import Names
from lifeloop.journey.shape import check_keys, one_of, one_text
from lifeloop.journey.source import Map, Node, Report, Scalar
from lifeloop.journey.spec import AnyStep, Clause, Missed, WaitForStep, WaitStep

_EVENT_KEYS = ("for", "where", "max", "since")
_MISSED: tuple[Missed, ...] = ("skip", "continue", "stop")


def read_wait(step: Written, reading: Reading) -> WaitStep | WaitForStep | None:
    """Read ``wait:`` in any of its three forms."""
    if isinstance(step.what, Map):
        return _for_event(step, step.what, reading)
    text = one_text(step.what, "wait", reading.report)
    if text is None or _is_event(text, step, reading):
        return None
    for key in ("then", "else"):
        if (entry := step.block.entry(key)) is not None:
            label = "only a wait for an event, or an if, goes two ways"
            reading.report.add("J105", f'"{key}" does not belong to a wait for a time', entry.key.place, label=label)
    until = read_when(text, reading.report, reading.scope)
    missed = _missed(step, until, reading.report)
    if until is None:
        return None
    return WaitStep(**step.common, until=until, missed=missed)


def _is_event(text: Scalar, step: Written, reading: Reading) -> bool:
    """Complain about ``wait: survey.answered`` and ``wait: for survey.answered``."""
    name = text.text.removeprefix("for ").strip()
    if name not in reading.known.catalogue.events:
        return False
    longest = step.block.value("max")
    limit = longest.text if isinstance(longest, Scalar) else "7 days"
    written = f"{{for: {name}, max: {limit}}}"
    message = "a wait for an event says so, and for how long"
    fixes = (Suggestion(written),)
    reading.report.add("J112", message, text.place, label=f"write:  wait: {written}", suggestions=fixes)
    return True


def _missed(step: Written, until: Length | Moment | None, report: Report) -> Missed:
    entry = step.block.entry("missed")
    if entry is None:
        return "skip"
    if until is not None and not isinstance(until, FromAnchor | OnDate):
        label = "only a wait for a date can be missed"
        report.add("J105", '"missed" does not belong to this wait', entry.key.place, label=label)
    return one_of(entry.value, "missed", _MISSED, report) or "skip"


def _for_event(step: Written, block: Map, reading: Reading) -> WaitForStep | None:
    report = reading.report
    if (missed := step.block.entry("missed")) is not None:
        label = "only a wait for a date can be missed"
        report.add("J105", '"missed" does not belong to a wait for an event', missed.key.place, label=label)
    node = block.value("for")
    if node is None:
        _no_event(block, report)
        return None
    check_keys(block, _EVENT_KEYS, 'inside "wait"', report)
    event = one_text(node, "for", report)
    longest = _max(block, step, event, reading)
    then, otherwise = _both(step, reading)
    if event is None or longest is None:
        return None
    name = check_event(event, reading.known, report)
    common: Common = {**step.common, "places": {**step.common["places"], **_places(block)}}
    return WaitForStep(
        **common,
        event=name,
        max=longest,
        where=_where(block, name, reading),
        since_now=_since(block, report),
        then=then,
        otherwise=otherwise,
    )


def _places(block: Map) -> dict[str, Place]:
    return {entry.key.text: entry.value.place for entry in block.entries}


def _both(step: Written, reading: Reading) -> tuple[tuple[AnyStep, ...], tuple[AnyStep, ...] | None]:
    then, otherwise = step.block.value("then"), step.block.value("else")
    return (
        reading.nested(then, "then", reading) if then is not None else (),
        reading.nested(otherwise, "else", reading) if otherwise is not None else None,
    )


def _max(block: Map, step: Written, event: Scalar | None, reading: Reading) -> Length | Moment | None:
    node = block.value("max")
    if node is not None:
        text = one_text(node, "max", reading.report)
        return read_when(text, reading.report, reading.scope) if text else None
    entry = block.entry("for")
    outside = step.block.entry("max")
    if entry is not None:
        label = "move max inside, below for" if outside else "add a limit, for example:  max: 7 days"
        hint = "why: many people never do it; they would stay in this journey for ever"
        message = f"this waits for {event.text if event else 'an event'} without an end"
        reading.report.add("J112", message, entry.key.place, label=label, hint=hint)
    return None


def _no_event(block: Map, report: Report) -> None:
    place = block.entries[0].key.place if block.entries else block.place
    label = "write:  wait: 3 days   or:  wait: {for: survey.answered, max: 7 days}"
    for key in ("until", "days", "hours", "minutes", "weeks", "months"):
        value = block.value(key)
        if isinstance(value, Scalar):
            said = f"until {value.text}" if key == "until" else f"{value.text} {key}"
            report.add("J106", "this wait does not say what for", place, label=f"write:  wait: {said}")
            return
    report.add("J106", "this wait does not say what for", place, label=label)


def _where(block: Map, event: str, reading: Reading) -> Clause | None:
    node = block.value("where")
    if node is None:
        return None
    declared = reading.known.catalogue.events.get(event)
    names: Names | None = declared.attributes if declared else None
    return read_clause(node, _about(reading, names))


def _about(reading: Reading, names: Names | None) -> Reading:

    return replace(reading, scope=reading.scope.having("event", names))


def _since(block: Map, report: Report) -> bool:
    node: Node | None = block.value("since")
    return node is not None and one_of(node, "since", ("now",), report) == "now"
