"""The JSON Schema of a journey file, for editors: completion, hovers, and a first word on mistakes.

Its shape is chosen for what editors make of it: one flat list of verbs and modifiers, and per verb an ``if``/``then``
that says which modifiers belong to it. So a word is offered once, and a wrong one is told what it does not belong to.
All words, sentences and examples come from ``lifeloop.journey.words``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lifeloop.journey.schema_kinds import ProjectNames, Schema, documented, reference, value_schema
from lifeloop.journey.schema_snippets import STEP_SNIPPETS, TOP_SNIPPETS
from lifeloop.journey.words import ANY_STEP, DELIVERY, START, TEST, TOP, VERBS, Verb, Word

NO_NAMES = ProjectNames()
DRAFT = "http://json-schema.org/draft-07/schema#"
INSIDE_WAIT = ("for", "where", "max", "since")
"""These stand inside ``wait: {…}``; the others beside ``wait``."""
NEEDED = ("journey", "start", "steps")
EXPECTED = ("send", "call", "enter", "stop", "milestone", "record", "ask")
"""What a test may expect, besides ``set``."""


def journey_schema(names: ProjectNames = NO_NAMES) -> Schema:
    """Return the schema of a journey file; with ``names``, one that completes this project's own words."""
    top = {word.name: value_schema(word, names) for word in TOP}
    top["stop"] = {**top["stop"], **reference("stop")}
    top["delivery"] = {**top["delivery"], **_closed(DELIVERY, names)}
    top["tests"] = {**top["tests"], "items": _closed(TEST, names)}
    _shape_tests(top["tests"]["items"]["properties"], names)
    return {
        "$schema": DRAFT,
        "title": "A Lifeloop journey",
        "type": "object",
        "required": list(NEEDED),
        "additionalProperties": False,
        "properties": top,
        "defaultSnippets": TOP_SNIPPETS,
        "definitions": {
            "condition": _condition(names),
            "start": _start(names),
            "stop": _stop(),
            "steps": {"type": "array", "items": {"$ref": "#/definitions/step"}},
            "step": _step(names),
        },
    }


def _step(names: ProjectNames) -> Schema:
    verbs = {verb.name: _verb(verb, names) for verb in VERBS.values()}
    beside = {word.name: value_schema(word, names) for verb in VERBS.values() for word in _beside(verb)}
    everywhere = {word.name: value_schema(word, names) for word in ANY_STEP}
    beside["into"] = {**beside["into"], "items": _path()}
    beside["late"] = {**beside["late"], "properties": {"after": {}, "then": {"enum": ["skip", "send", "stop"]}}}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {**verbs, **{key: value for key, value in beside.items() if key not in verbs}, **everywhere},
        "defaultSnippets": STEP_SNIPPETS,
        "if": {"propertyNames": {"not": {"enum": list(verbs)}}},
        "then": {"required": ["send"], "errorMessage": f"A step starts with one of: {', '.join(verbs)}"},
        "allOf": [_belongings(verb) for verb in VERBS.values()],
    }


def _verb(verb: Verb, names: ProjectNames) -> Schema:
    found = _verb_value(verb.name, names)
    if verb.name == "choose":
        found |= {"items": _arm()}
    if verb.name == "wait":
        text = {key: found.pop(key) for key in ("pattern", "patternErrorMessage")}
        inside = [modifier for modifier in verb.modifiers if modifier.name in INSIDE_WAIT]
        found |= {"type": ["string", "object"], **text, **_closed(inside, names, kind=None), "required": ["for", "max"]}
    return found


def _beside(verb: Verb) -> Iterable[Word]:
    hidden = INSIDE_WAIT if verb.name == "wait" else ()
    return [word for word in verb.modifiers if word.name not in hidden]


def _belongings(verb: Verb) -> Schema:
    allowed = [verb.name, *(word.name for word in (*_beside(verb), *ANY_STEP))]
    belongs: Schema = {
        "propertyNames": {"enum": allowed, "errorMessage": f'This does not belong to a "{verb.name}" step'}
    }
    if verb.needs:
        belongs["required"] = [need for need in verb.needs if need in allowed]
    return {"if": {"required": [verb.name]}, "then": belongs}


def _closed(words: Iterable[Word], names: ProjectNames, *, kind: str | None = "object") -> Schema:
    """A block that holds these words and no others."""
    found: Schema = {
        "additionalProperties": False,
        "properties": {word.name: value_schema(word, names) for word in words},
    }
    return {"type": kind, **found} if kind else found


def _condition(names: ProjectNames) -> Schema:
    nested = {"type": ["array", "string", "object"], "items": {"$ref": "#/definitions/condition"}}
    return {
        "type": ["string", "array", "object"],
        "not": {"pattern": r"\{\{", "type": "string"},
        "items": {"$ref": "#/definitions/condition"},
        "additionalProperties": False,
        "properties": {word: {**nested, "markdownDescription": doc} for word, doc in JOINERS.items()},
        "defaultSnippets": [_sentence(name) for name in names.attributes],
    }


JOINERS: Mapping[str, str] = {
    "all": "Every one of these holds.",
    "any": "At least one of these holds.",
    "none": "None of these holds.",
}


def _sentence(name: str) -> Schema:
    return {"label": f"{name} is …", "body": f"{name} is ${{1:present}}"}


def _start(names: ProjectNames) -> Schema:
    return {
        "type": ["string", "object", "array"],
        "pattern": "^(by hand|from another journey)$",
        "patternErrorMessage": "I expected `by hand`, `from another journey`, or a block: `event: order.delivered`",
        "items": {"$ref": "#/definitions/start"},
        **_closed(START, names, kind=None),
        "defaultSnippets": [
            {"label": "by hand", "body": "by hand"},
            {"label": "from another journey", "body": "from another journey"},
            {"label": "event", "body": {"event": "${1:order.delivered}"}},
            {"label": "date", "body": {"date": "${1:75 days before customer.contract_end}", "at": "${2:10:00}"}},
        ],
    }


def _stop() -> Schema:
    rule = {
        "type": ["string", "object", "array"],
        "additionalProperties": False,
        "properties": {
            "when": {"$ref": "#/definitions/condition"},
            "then": {"$ref": "#/definitions/steps"},
            **{word: {"$ref": "#/definitions/condition"} for word in JOINERS},
        },
    }
    return {**rule, "items": rule, "defaultSnippets": [{"label": "goal reached", "body": "goal reached"}]}


def _arm() -> Schema:
    return {
        "type": "object",
        "required": ["when", "then"],
        "additionalProperties": False,
        "properties": {"when": reference("condition"), "then": reference("steps")},
    }


def _path() -> Schema:
    return {
        "type": "object",
        "required": ["path", "share"],
        "additionalProperties": False,
        "properties": {
            "path": {
                "type": "string",
                "markdownDescription": "The path's name; `holdout` is the control group.",
            },
            "share": {
                "type": "string",
                "pattern": r"^\d+([.,]\d+)? ?%$",
                "patternErrorMessage": "I expected a share, such as `45%`",
            },
            "steps": reference("steps"),
        },
    }


def _shape_tests(properties: dict[str, Any], names: ProjectNames) -> None:
    free: Schema = {"type": "object"}
    message = _verb_value("send", names)
    event = value_schema(START[0], names)
    inputs: Schema = {"event": event, "set": free, "enter": _verb_value("enter", names), "answer": {}}
    inputs |= {"open": message, "click": message}
    outputs: Schema = {verb: _verb_value(verb, names) for verb in EXPECTED}
    properties["given"] |= {"type": ["string", "object"], "examples": sorted(names.people)}
    properties["given"].pop("anyOf", None)
    properties["when"]["items"] = _happening(inputs)
    properties["expect"] |= {
        "type": ["array", "string"],
        "pattern": "^nothing$",
        "items": _happening({**outputs, "set": free}),
    }


def _verb_value(verb: str, names: ProjectNames) -> Schema:
    known = VERBS[verb]
    return value_schema(Word(known.name, known.kind, known.doc, known.example), names)


def _happening(properties: Schema) -> Schema:
    at = {"type": "string", "markdownDescription": documented("When, counted from day 0.", "at: day 4 11:12")}
    within: Schema = {"at": at, **properties, "with": {"type": "object"}}
    return {"type": "object", "additionalProperties": False, "properties": within}
