"""Finds the parts of a journey file that have a tidy form: steps, blocks with an order, lengths of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lifeloop.journey.fmt_order import (
    ARM_ORDER,
    DELIVERY_ORDER,
    HAPPENING_ORDER,
    PATH_ORDER,
    SHARED_ORDER,
    START_ORDER,
    STEP_ORDERS,
    TEST_ORDER,
    TOP_ORDER,
    WAIT_ORDER,
    Ordered,
)
from lifeloop.journey.source import Items, Map, Node, Scalar
from lifeloop.journey.words import DELIVERY, VERBS

BRANCHES = ("then", "else", "steps")


def blocks_with_order(top: Map) -> Iterator[Ordered]:
    """Yield every block whose keys have an order, the outer ones first."""
    yield Ordered(top, TOP_ORDER if top.entry("journey") else SHARED_ORDER)
    for start in _maps(top.value("start")):
        yield Ordered(start, START_ORDER)
    for delivery in _maps(top.value("delivery")):
        yield Ordered(delivery, DELIVERY_ORDER)
    for rule in _maps(top.value("stop")):
        yield Ordered(rule, ARM_ORDER)
    for step in steps_written(top):
        yield from _of_step(step)
    for test in _maps(top.value("tests")):
        yield Ordered(test, TEST_ORDER)
        for happening in (*_maps(test.value("when")), *_maps(test.value("expect"))):
            yield Ordered(happening, HAPPENING_ORDER)


def steps_written(top: Map) -> Iterator[Map]:
    """Yield every step, with those nested in it, in reading order."""
    for rule in _maps(top.value("stop")):
        yield from _steps(rule.value("then"))
    yield from _steps(top.value("steps"))


def lengths_written(top: Map) -> Iterator[Scalar]:
    """Yield every value that is a length of time, where nothing else may stand."""
    for delivery in _maps(top.value("delivery")):
        yield from _scalars(delivery, [word.name for word in DELIVERY if word.kind == "length"])
    for step in steps_written(top):
        verb = verb_of(step)
        if verb is None:
            continue
        words = [word.name for word in VERBS[verb].modifiers if word.kind in ("length", "wait")]
        yield from _scalars(step, [*words, *(["wait"] if verb == "wait" else [])])
        for block in (*_maps(step.value("wait")), *_maps(step.value("late"))):
            yield from _scalars(block, ["max", "after"])


def verb_of(step: Map) -> str | None:
    """Return what a step does; None when it does nothing, or two things."""
    verbs = [entry.key.text for entry in step.entries if entry.key.text in VERBS]
    return verbs[0] if len(verbs) == 1 else None


def lines_of_texts(node: Node, lines: Sequence[str]) -> set[int]:
    """Return the lines inside texts of several lines (``about: |``): every blank there is the author's."""
    match node:
        case Scalar(place=place):
            last = place.end_line - 1
            keeps_end = "+" in lines[place.line - 1][place.column - 1 :]
            while last > place.line and not keeps_end and not lines[last - 1].strip():
                last -= 1
            return set(range(place.line + 1, last + 1))
        case Items():
            return {line for item in node.items for line in lines_of_texts(item, lines)}
        case Map():
            return {line for entry in node.entries for line in lines_of_texts(entry.value, lines)}


def _of_step(step: Map) -> Iterator[Ordered]:
    verb = verb_of(step)
    if verb is None:
        return
    yield Ordered(step, STEP_ORDERS[verb])
    for block in _maps(step.value("wait")):
        yield Ordered(block, WAIT_ORDER)
    for arm in _maps(step.value("choose")):
        yield Ordered(arm, ARM_ORDER)
    for path in _maps(step.value("into")):
        yield Ordered(path, PATH_ORDER)


def _steps(node: Node | None) -> Iterator[Map]:
    for step in _maps(node):
        yield step
        for key in BRANCHES:
            yield from _steps(step.value(key))
        for arm in (*_maps(step.value("choose")), *_maps(step.value("into"))):
            for key in BRANCHES:
                yield from _steps(arm.value(key))


def _maps(node: Node | None) -> Iterator[Map]:
    if isinstance(node, Map):
        yield node
    elif isinstance(node, Items):
        yield from (item for item in node.items if isinstance(item, Map))


def _scalars(block: Map, keys: list[str]) -> Iterator[Scalar]:
    found = (block.value(key) for key in keys)
    yield from (value for value in found if isinstance(value, Scalar))
