"""In which order keys are written: as one would say them aloud."""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.journey.source import Map
from lifeloop.journey.words import DELIVERY, START, TOP, VERBS

NESTED = ("with", "into", "steps", "then", "else")
"""What holds more lines comes last, so that a step's short words stay together."""


def _with_goal_first(names: list[str]) -> tuple[str, ...]:
    """``stop: goal reached`` is read after the goal it speaks of."""
    names.remove("goal")
    names.insert(names.index("stop"), "goal")
    return tuple(names)


def _step_order(verb: str) -> tuple[str, ...]:
    modifiers = [word.name for word in VERBS[verb].modifiers]
    short = [name for name in modifiers if name not in NESTED]
    return (verb, "id", "name", *short, "when", "note", *(name for name in NESTED if name in modifiers))


TOP_ORDER = _with_goal_first([word.name for word in TOP])
START_ORDER = (*(word.name for word in START if word.name != "where"), "where")
DELIVERY_ORDER = tuple(word.name for word in DELIVERY)
WAIT_ORDER = ("for", "where", "since", "max")
ARM_ORDER = ("when", "then")
PATH_ORDER = ("path", "share", "steps")
TEST_ORDER = ("name", "given", "clock", "paths", "when", "until", "expect")
SHARED_ORDER = ("shared", "name", "about", "takes", "steps")
HAPPENINGS = ("event", "set", "enter", "answer", "open", "click", "send", "call", "stop", "milestone", "record", "ask")
HAPPENING_ORDER = ("at", *HAPPENINGS, "with")
STEP_ORDERS = {verb: _step_order(verb) for verb in VERBS}


@dataclass(frozen=True, slots=True)
class Ordered:
    """A block of keys, and the order its keys should have."""

    node: Map
    order: tuple[str, ...]


def is_in_order(block: Ordered) -> bool:
    """Whether nothing is to be moved. A block with a word we do not know is left to its author."""
    return ordered_keys(block) == [entry.key.text for entry in block.node.entries]


def ordered_keys(block: Ordered) -> list[str]:
    """Return the block's keys in their order."""
    keys = [entry.key.text for entry in block.node.entries]
    if any(key not in block.order for key in keys):
        return keys
    return sorted(keys, key=block.order.index)
