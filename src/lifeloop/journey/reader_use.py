"""Reads ``use``: shared steps, with the parameters put in before they are read, so that all rules hold for them too.

Inside shared steps a parameter is written ``takes.first``: alone as a value, or as a word of a condition.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.known import Shared, check_known
from lifeloop.journey.nearest import nearest
from lifeloop.journey.reading import Reading, Written
from lifeloop.journey.shape import check_keys, one_block, one_of, one_text, scalars_of
from lifeloop.journey.source import Entry, Items, Map, Node, Report, Scalar
from lifeloop.journey.spec import UseStep

KINDS = ("message", "length", "moment", "text", "number", "event", "journey", "topic", "condition", "value")
"""What a parameter of shared steps may be."""
_TAKES = re.compile(r"(?<![\w.])takes\.([a-z][\w-]*)")


def read_use(step: Written, reading: Reading) -> UseStep | None:
    """Read ``use: reminder-pair`` and the steps it stands for."""
    report = reading.report
    text = one_text(step.what, "use", report)
    if text is None:
        return None
    where = "shared steps are the files in journeys/_steps/"
    name = check_known(text, "set of shared steps", reading.known.shared, report, code="J163", where=where)
    if name in reading.using:
        round_trip = " → ".join((*reading.using[reading.using.index(name) :], name))
        message = f'"{name}" uses itself: it would never end'
        report.add("J173", message, text.place, label=round_trip)
        return None
    shared = reading.known.shared.get(name)
    if shared is None:
        return None
    if shared.steps is None or not _is_sound(shared.steps, shared.takes, report):
        return UseStep(**step.common, shared=name, steps=())
    given = _given(step, shared, report)
    if given is None:
        return None
    inside = replace(reading, using=(*reading.using, name))
    steps = reading.nested(_put_in(shared.steps, given), "steps", inside)
    return UseStep(**step.common, shared=name, steps=steps)


def read_shared(node: Node | None, name: str, file: str, report: Report) -> Shared:
    """Return the shared steps of one file of ``journeys/_steps/``."""
    block = one_block(node, name, report) if node is not None else None
    if block is None:
        return Shared(name, file)
    check_keys(block, ("takes", "about", "steps"), "to shared steps", report)
    steps = block.value("steps")
    if steps is None:
        report.add("J106", f'the shared steps "{name}" have no "steps"', block.place, label="add  steps:  and a list")
    takes = block.value("takes")
    return Shared(name, file, _takes(takes, report) if takes is not None else {}, steps)


def _takes(node: Node, report: Report) -> Mapping[str, str]:
    block = one_block(node, "takes", report)
    found: dict[str, str] = {}
    for entry in block.entries if block else ():
        found[entry.key.text] = one_of(entry.value, entry.key.text, KINDS, report) or "value"
    return found


def _given(step: Written, shared: Shared, report: Report) -> Mapping[str, Node] | None:
    """Return the parameters handed over; None, with diagnostics, when one is missing."""
    node = step.block.value("with")
    block = one_block(node, "with", report) if node is not None else None
    given = {entry.key.text: entry.value for entry in block.entries} if block else {}
    for entry in block.entries if block else ():
        if entry.key.text not in shared.takes:
            near = nearest(entry.key.text, shared.takes)
            takes = f"it takes {', '.join(shared.takes) or 'nothing'}"
            message = f'"{shared.name}" takes no "{entry.key.text}"'
            fixes = (Suggestion(near),) if near else ()
            label = f'did you mean "{near}"?' if near else takes
            report.add("J172", message, entry.key.place, label=label, suggestions=fixes)
    absent = [name for name in shared.takes if name not in given]
    for name in absent:
        place = block.place if block else step.verb.value.place
        label = f"add  with: {{{name}: …}}, a {shared.takes[name]}"
        report.add("J171", f'"{shared.name}" needs "{name}"', place, label=label)
    return None if absent else given


def _is_sound(node: Node, takes: Mapping[str, str], report: Report) -> bool:
    """Check every ``takes.x`` of shared steps, before anything is put in."""
    sound = [_is_sound_text(scalar, takes, report) for scalar in scalars_of(node)]
    return all(sound)


def _is_sound_text(node: Scalar, takes: Mapping[str, str], report: Report) -> bool:
    names = _TAKES.findall(node.text)
    unknown = next((name for name in names if name not in takes), None)
    if names and "{{" in node.text:
        label = f"hand it to the message:  with: {{{names[0]}: takes.{names[0]}}}"
        report.add("J174", "a parameter cannot stand inside {{ }}", node.place, label=label)
    elif unknown is not None:
        near = nearest(unknown, takes)
        label = f'did you mean "takes.{near}"?' if near else f"add  {unknown}  under takes:"
        report.add("J174", f'these shared steps take no "{unknown}"', node.place, label=label)
    return unknown is None and not (names and "{{" in node.text)


def _put_in(node: Node, given: Mapping[str, Node]) -> Node:
    """Return nodes with ``takes.x`` replaced: a whole value by what was given, a word by its text."""
    match node:
        case Scalar(text=text):
            alone = _TAKES.fullmatch(text.strip())
            if alone:
                return given[alone[1]]
            put = _TAKES.sub(lambda word: _as_text(given[word[1]], word[0]), text)
            return Scalar(put, node.place, quoted=node.quoted)
        case Items(items=items, place=place):
            return Items(tuple(_put_in(item, given) for item in items), place)
        case Map(entries=entries, place=place):
            return Map(tuple(Entry(entry.key, _put_in(entry.value, given)) for entry in entries), place)


def _as_text(node: Node, otherwise: str) -> str:
    return node.text if isinstance(node, Scalar) else otherwise
