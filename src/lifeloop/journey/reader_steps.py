"""Reads lists of steps: finds each step's verb, complains about words that are none, calls the verb's reader."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lifeloop.journey.diagnostic import Place, Suggestion
from lifeloop.journey.lengths import parse_length, say_length
from lifeloop.journey.nearest import nearest
from lifeloop.journey.reader_forks import read_ask, read_choose, read_if, read_repeat, read_split
from lifeloop.journey.reader_plain import (
    read_call,
    read_enter,
    read_milestone,
    read_record,
    read_send,
    read_set,
    read_stop,
)
from lifeloop.journey.reader_use import read_use
from lifeloop.journey.reader_wait import read_wait
from lifeloop.journey.reading import Common, Reading, Written, read_clause_of
from lifeloop.journey.shape import SLUG, check_keys, is_blank, one_text, some_items
from lifeloop.journey.source import Entry, Map, Node, Report, Scalar
from lifeloop.journey.spec import AnyStep
from lifeloop.journey.words import ANY_STEP, STEP_MEANINGS, VERBS

READERS: Mapping[str, Callable[[Written, Reading], AnyStep | None]] = {
    "ask": read_ask,
    "call": read_call,
    "choose": read_choose,
    "enter": read_enter,
    "if": read_if,
    "milestone": read_milestone,
    "record": read_record,
    "repeat": read_repeat,
    "send": read_send,
    "set": read_set,
    "split": read_split,
    "stop": read_stop,
    "use": read_use,
    "wait": read_wait,
}
_DOES = {
    "ask": "asks", "call": "calls", "choose": "chooses", "enter": "enters a journey", "if": "decides",
    "milestone": "marks a milestone", "record": "records", "repeat": "repeats", "send": "sends", "set": "sets",
    "split": "splits", "stop": "stops", "use": "uses shared steps", "wait": "waits",
}  # fmt: skip
_COMMON = tuple(word.name for word in ANY_STEP)
_INSIDE_WAIT = ("for", "where", "max", "since")
_START_WITH = f"steps start with: {' '.join(sorted(VERBS))}"


def read_steps(node: Node, what: str, reading: Reading) -> tuple[AnyStep, ...]:
    """Return the steps of a list; those that cannot be understood are left out, with a diagnostic."""
    items = some_items(node, what, reading.report)
    if items is None:
        return ()
    if not items:
        reading.report.add(
            "J108", f'there are no steps under "{what}"', node.place, label="add a step, or remove this line"
        )
    steps = (_read_step(item, reading) for item in items)
    return tuple(step for step in steps if step is not None)


def modifiers_of(verb: str) -> tuple[str, ...]:
    """Return what may stand beside a verb, those of every step included."""
    inside = _INSIDE_WAIT if verb == "wait" else ()
    return (*(word.name for word in VERBS[verb].modifiers if word.name not in inside), *_COMMON)


def _read_step(node: Node, reading: Reading) -> AnyStep | None:
    if not isinstance(node, Map):
        _not_a_step(node, reading.report)
        return None
    verb = _verb_of(node, reading.report)
    if verb is None:
        return None
    name = verb.key.text
    check_keys(node, (name, *modifiers_of(name)), f'to a "{name}" step', reading.report)
    block = _with_defaults(node, reading.defaults.get(name))
    return READERS[name](Written(block, verb, _common(block, verb, reading)), reading)


def _common(block: Map, verb: Entry, reading: Reading) -> Common:
    return Common(
        place=verb.key.place,
        whole=block.place,
        places={entry.key.text: entry.value.place for entry in block.entries},
        id=_id(block, reading.report),
        name=_label(block, "name", reading.report),
        note=_label(block, "note", reading.report),
        when=read_clause_of(block, "when", reading),
    )


def _id(block: Map, report: Report) -> str | None:
    node = block.value("id")
    text = one_text(node, "id", report) if node is not None else None
    if text is not None and SLUG.fullmatch(text.text) is None:
        label = "use small letters, digits and dashes, for example  first-reminder"
        report.add("J109", f'"{text.text}" cannot be an id', text.place, label=label)
        return None
    return text.text if text else None


def _label(block: Map, key: str, report: Report) -> str | None:
    node = block.value(key)
    text = one_text(node, key, report) if node is not None else None
    return text.text if text else None


def _with_defaults(block: Map, defaults: Map | None) -> Map:
    """Return a step with the journey's ``defaults`` for its verb, where it does not say otherwise."""
    if defaults is None:
        return block
    added = (entry for entry in defaults.entries if block.entry(entry.key.text) is None)
    return Map((*block.entries, *added), block.place)


def _verb_of(block: Map, report: Report) -> Entry | None:
    verbs = [entry for entry in block.entries if entry.key.text in VERBS]
    if len(verbs) == 1:
        return verbs[0]
    if not verbs:
        _no_verb(block, report)
        return None
    first, second = verbs[0], verbs[1]
    does = f"{_DOES[first.key.text]} and {_DOES[second.key.text]}"
    written = (
        f"- {second.key.text}: {second.value.text}" if isinstance(second.value, Scalar) else f"- {second.key.text}:"
    )
    label = f"a step does one thing. Put a dash in front to make it the next step:   {written}"
    report.add("J103", f"this step both {does}", second.key.place, label=label)
    return None


def _no_verb(block: Map, report: Report) -> None:
    known = {word for verb in VERBS for word in modifiers_of(verb)}
    strange = [entry for entry in block.entries if entry.key.text not in known]
    if not strange:
        keys = [entry.key.text for entry in block.entries]
        label = "for a choice, write  if:  in front" if {"when", "then"} <= set(keys) else _START_WITH
        report.add("J107", "this step does not say what to do", first_key(block), label=label)
        return
    entry = strange[0]
    word = entry.key.text
    near = nearest(word, VERBS)
    meant = STEP_MEANINGS.get(word.lower()) or (None if near else STEP_MEANINGS.get(nearest(word, STEP_MEANINGS) or ""))
    if meant:
        label = f"write:  - {meant}: {_value_in_our_words(meant, entry.value)}"
        fix = (Suggestion(meant, certain=meant == "wait"),)
        message = f'a step cannot "{word}"; here it is called "{meant}"'
        report.add("J102", message, entry.key.place, label=label, suggestions=fix)
        return
    fixes = (Suggestion(near, certain=True),) if near else ()
    label = f'did you mean "{near}"?' if near else ""
    report.add("J101", f'a step cannot "{word}"', entry.key.place, label=label, hint=_START_WITH, suggestions=fixes)


def _value_in_our_words(verb: str, value: Node) -> str:
    if not isinstance(value, Scalar) or is_blank(value):
        return "…"
    length = parse_length(value.text) if verb == "wait" else None
    return say_length(length) if length else value.text


def _not_a_step(node: Node, report: Report) -> None:
    if not isinstance(node, Scalar) or is_blank(node):
        report.add("J107", "a step begins with a verb", node.place, label=_START_WITH)
        return
    first, _, rest = node.text.partition(" ")
    verb = first if first in VERBS else nearest(first, VERBS) if rest else None
    written = f"{verb}: {rest or '…'}" if verb else ""
    label = f"write:  - {written}" if written else _START_WITH
    fixes = (Suggestion(written, certain=first in VERBS),) if verb and rest and not node.quoted else ()
    report.add("J107", f'"{node.text}" is not a step: a colon is missing', node.place, label=label, suggestions=fixes)


def first_key(block: Map) -> Place:
    """Return the place of a block's first key, which is where a reader looks."""
    return block.entries[0].key.place if block.entries else block.place
