"""Reads a journey's own tests: who, when, what happens, and what must come out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from lifeloop.journey.catalogue import Attribute
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.known import (
    check_event,
    check_journey,
    check_message,
    check_person,
)
from lifeloop.journey.names import check_name
from lifeloop.journey.nearest import nearest
from lifeloop.journey.plan import Json
from lifeloop.journey.reading import Reading
from lifeloop.journey.scope import Names
from lifeloop.journey.shape import check_keys, missing, one_block, one_of, one_text, some_items
from lifeloop.journey.source import Entry, Items, Map, Node, Report, Scalar
from lifeloop.journey.spec import DayTime, Expectation, Input, JourneyTest
from lifeloop.journey.times import parse_time
from lifeloop.journey.words import TEST
from lifeloop.journey.written import typed_value

InputWord = Literal["event", "set", "enter", "answer", "open", "click"]
ExpectWord = Literal["send", "call", "enter", "stop", "milestone", "set", "record", "ask"]

INPUTS: tuple[InputWord, ...] = ("event", "set", "enter", "answer", "open", "click")
EXPECTATIONS: tuple[ExpectWord, ...] = ("send", "call", "enter", "stop", "milestone", "set", "record", "ask")
_DAY = re.compile(r"day\s+(\d{1,4})(?:\s+(?:at\s+)?(\S+))?", re.IGNORECASE)
_ANSWERS: tuple[Literal["approved", "declined"], ...] = ("approved", "declined")


def read_tests(node: Node | None, reading: Reading) -> tuple[JourneyTest, ...]:
    """Return the tests of a journey; one that cannot be understood is left out, with a diagnostic."""
    items = some_items(node, "tests", reading.report) if node is not None else ()
    return tuple(test for item in items or () if (test := _test(item, reading)) is not None)


def read_day(scalar: Scalar, report: Report) -> DayTime | None:
    """Return ``day 4 11:12``."""
    found = _DAY.fullmatch(scalar.text.strip())
    at = parse_time(found[2]) if found and found[2] else None
    if found is None or (found[2] and at is None):
        report.add(
            "J191", f'"{scalar.text}" is not a moment of a test', scalar.place, label="write, for example, day 4 11:12"
        )
        return None
    return DayTime(int(found[1]), at)


def _test(node: Node, reading: Reading) -> JourneyTest | None:
    report = reading.report
    block = one_block(node, "tests", report)
    if block is None:
        return None
    check_keys(block, tuple(word.name for word in TEST), "to a test", report)
    name, until, expect = (block.value(key) for key in ("name", "until", "expect"))
    title = one_text(name, "name", report) if name is not None else None
    person, changes = _given(block, reading)
    clock = _clock(block, report)
    if expect is None:
        missing("expect", "this test", _first(block), report, example="expect: nothing")
    last = one_text(until, "until", report) if until is not None else None
    when, expected = _inputs(block, reading), _expected(expect, reading)
    if person is None or clock is None or expect is None:
        return None
    return JourneyTest(
        name=title.text if title else person,
        place=title.place if title else block.place,
        person=person,
        clock=clock,
        changes=changes,
        paths=_paths(block, report),
        when=when,
        expect=expected,
        until=read_day(last, report) if last else None,
        expect_place=expect.place,
    )


def _first(block: Map) -> Place:
    return block.entries[0].key.place if block.entries else block.place


def _given(block: Map, reading: Reading) -> tuple[str | None, Mapping[str, Json]]:
    node = block.value("given")
    if node is None:
        missing("given", "this test", _first(block), reading.report, example="given: ana")
        return None, {}
    if not isinstance(node, Map):
        text = one_text(node, "given", reading.report)
        return (check_person(text, reading.known, reading.report) if text else None), {}
    check_keys(node, ("customer", "set"), 'to "given"', reading.report)
    who, changes = node.value("customer"), node.value("set")
    if who is None:
        missing("customer", '"given"', node.place, reading.report, example="customer: ana")
    text = one_text(who, "customer", reading.report) if who is not None else None
    inner = one_block(changes, "set", reading.report) if changes is not None else None
    attributes = reading.known.catalogue.customer
    changed = {entry.key.text: _attribute(entry, attributes, reading) for entry in inner.entries} if inner else {}
    return (check_person(text, reading.known, reading.report) if text else None), changed


def _attribute(entry: Entry, attributes: Names, reading: Reading) -> Json:
    key = entry.key
    name = key.text.removeprefix("customer.")
    if name not in attributes:
        check_name(Scalar(f"customer.{name}", key.place), reading.report, reading.scope)
    return typed_value(entry.value, attributes.get(name), reading.report)


def _clock(block: Map, report: Report) -> datetime | None:
    node = block.value("clock")
    if node is None:
        missing("clock", "this test", _first(block), report, example="clock: 2026-03-02 08:00")
        return None
    text = one_text(node, "clock", report)
    if text is None:
        return None
    try:
        clock = datetime.fromisoformat(text.text.strip())
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo is not None:
        label = "write the customer's own date and time, for example 2026-03-02 08:00"
        report.add("J191", f'"{text.text}" is not a date and time', text.place, label=label)
        return None
    return clock


def _paths(block: Map, report: Report) -> Mapping[str, str]:
    node = block.value("paths")
    inner = one_block(node, "paths", report) if node is not None else None
    pairs = (
        (entry.key.text, one_text(entry.value, entry.key.text, report)) for entry in (inner.entries if inner else ())
    )
    return {split: path.text for split, path in pairs if path}


def _inputs(block: Map, reading: Reading) -> tuple[Input, ...]:
    node = block.value("when")
    items = some_items(node, "when", reading.report) if node is not None else ()
    return tuple(one for item in items or () if (one := _input(item, reading)) is not None)


def _input(node: Node, reading: Reading) -> Input | None:
    block = one_block(node, "when", reading.report)
    entry = _said(block, INPUTS, "happens", reading.report) if block else None
    if block is None or entry is None:
        return None
    check_keys(block, ("at", "with", entry.key.text), f'to "{entry.key.text}" in a test', reading.report)
    what = one_of(entry.key, "when", INPUTS, reading.report) or "event"
    at = _at(block, reading.report)
    name, data = _input_said(what, entry.value, block, reading)
    return Input(what, name, entry.key.place, at, data) if name is not None else None


def _input_said(what: InputWord, value: Node, block: Map, reading: Reading) -> tuple[str | None, Mapping[str, Json]]:
    if what == "set":
        return "", _changes(value, reading)
    if what == "answer" and isinstance(value, Map):
        return "answered", _data(value, {}, reading)
    text = one_text(value, what, reading.report)
    if text is None:
        return None, {}
    extra = block.value("with")
    match what:
        case "event":
            event = check_event(text, reading.known, reading.report)
            declared = reading.known.catalogue.events.get(event)
            return event, _data(extra, declared.attributes if declared else {}, reading)
        case "enter":
            return check_journey(text, reading.known, reading.report), _data(extra, {}, reading)
        case "answer":
            return one_of(text, "answer", _ANSWERS, reading.report), _data(extra, {}, reading)
        case _:
            return _message(text, reading), {}


def _expected(node: Node | None, reading: Reading) -> tuple[Expectation, ...]:
    if node is None or (isinstance(node, Scalar) and node.text.strip() == "nothing"):
        return ()
    if not isinstance(node, Items):
        reading.report.add("J192", "a test expects nothing, or a list", node.place, label="write  expect: nothing")
        return ()
    return tuple(one for item in node.items if (one := _expectation(item, reading)) is not None)


def _expectation(node: Node, reading: Reading) -> Expectation | None:
    block = one_block(node, "expect", reading.report)
    entry = _said(block, EXPECTATIONS, "is expected", reading.report) if block else None
    if block is None or entry is None:
        return None
    check_keys(block, ("at", "with", entry.key.text), f'to "{entry.key.text}" in a test', reading.report)
    what = one_of(entry.key, "expect", EXPECTATIONS, reading.report) or "send"
    at = _at(block, reading.report)
    if what == "set":
        return Expectation(what, "", entry.key.place, at, _changes(entry.value, reading))
    text = one_text(entry.value, what, reading.report)
    if text is None:
        return None
    name = _message(text, reading) if what == "send" else text.text
    return Expectation(what, name, entry.key.place, at, _data(block.value("with"), {}, reading))


def _message(text: Scalar, reading: Reading) -> str:
    """Return the name of a message; one that a step sends was complained about there."""
    said = f'there is no message "{text.text}"'
    if any(one.message == said for one in reading.report.found):
        return text.text
    return check_message(text, reading.known, reading.report)


def _said(block: Map, words: tuple[str, ...], happens: str, report: Report) -> Entry | None:
    found = [entry for entry in block.entries if entry.key.text in words]
    if len(found) == 1:
        return found[0]
    near = next((word for entry in block.entries if (word := nearest(entry.key.text, words))), None)
    label = f'did you mean "{near}"?' if near and not found else f"one of: {' '.join(words)}"
    how_many = "more than one thing" if found else "nothing that"
    message = f"this line says {how_many} {happens}" if not found else f"one thing {happens} per line"
    report.add("J192", message, found[1].key.place if found else _first(block), label=label)
    return None


def _at(block: Map, report: Report) -> DayTime | None:
    node = block.value("at")
    text = one_text(node, "at", report) if node is not None else None
    return read_day(text, report) if text else None


def _changes(node: Node, reading: Reading) -> Mapping[str, Json]:
    block = one_block(node, "set", reading.report)
    found: dict[str, Json] = {}
    for entry in block.entries if block else ():
        attribute: Attribute | None = None
        if "." in entry.key.text:
            name = check_name(entry.key, reading.report, reading.scope)
            attribute = reading.scope.attribute(name) if name else None
        found[entry.key.text] = typed_value(entry.value, attribute, reading.report)
    return found


def _data(node: Node | None, attributes: Names, reading: Reading) -> Mapping[str, Json]:
    block = one_block(node, "with", reading.report) if node is not None else None
    return {
        entry.key.text: typed_value(entry.value, attributes.get(entry.key.text), reading.report)
        for entry in (block.entries if block else ())
    }
