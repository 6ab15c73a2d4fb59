"""What an editor may know of each kind of value: patterns with a plain complaint, and this project's own names.

Names are open lists: an editor completes ``renewal/offer``, and a message that is only planned is not underlined. That
a name exists is for ``lifeloop validate`` to say, which says it better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lifeloop.journey.catalogue import Catalogue, Library
from lifeloop.journey.words import PHASES, Kind, Word

Schema = dict[str, Any]
Described = Mapping[str, str]
"""A name and one line about it, shown beside the completion."""

UNIT = r"(seconds?|minutes?|hours?|days?|weeks?|months?|years?|working days?)"
NUMBER = r"(\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
LENGTH = rf"({NUMBER} +{UNIT}((,| and)? +{NUMBER} +{UNIT})*|P[0-9TYMWDHS]+)"
CHANNELS = {"email": "An e-mail.", "sms": "A text message.", "push": "A push message of your app."}


@dataclass(frozen=True, slots=True)
class ProjectNames:
    """Everything that completion may offer, by name."""

    messages: Described = field(default_factory=dict)
    events: Described = field(default_factory=dict)
    attributes: Described = field(default_factory=dict)
    segments: Described = field(default_factory=dict)
    journeys: Described = field(default_factory=dict)
    people: Described = field(default_factory=dict)
    topics: Described = field(default_factory=dict)
    senders: Described = field(default_factory=dict)
    connections: Described = field(default_factory=dict)
    approvers: Described = field(default_factory=dict)
    shared: Described = field(default_factory=dict)


def project_names(
    catalogue: Catalogue, library: Library, *, journeys: Described, people: Described, shared: Described
) -> ProjectNames:
    """Gather the names of a project for its editors."""
    return ProjectNames(
        messages={name: info.subject for name, info in library.items()},
        events={name: ", ".join(event.attributes) for name, event in catalogue.events.items()},
        attributes=_attributes(catalogue),
        segments=dict.fromkeys(catalogue.segments, ""),
        journeys=journeys,
        people=people,
        topics={name: f"basis: {topic.basis}" for name, topic in catalogue.topics.items()},
        senders={name: f"{sender.display} <{sender.address}>" for name, sender in catalogue.senders.items()},
        connections={
            f"{connection.name}.{action.name}": f"{action.method} {action.path}"
            for connection in catalogue.connections.values()
            for action in connection.actions.values()
        },
        approvers=catalogue.approvers,
        shared=shared,
    )


def value_schema(word: Word, names: ProjectNames) -> Schema:
    """Return what may stand behind a word, with its sentence and example for the hover."""
    found = {"enum": list(word.choices)} if word.choices else KINDS[word.kind](names)
    if word.kind == "phase":
        found["markdownEnumDescriptions"] = [PHASES[phase] for phase in word.choices]
    return {"markdownDescription": documented(word.doc, word.example), **found}


def documented(doc: str, example: str) -> str:
    """Return the hover text of a word."""
    return f"{doc}\n\n```yaml\n{example}\n```"


def reference(name: str) -> Schema:
    """Return a pointer to a shared definition. In draft 7 nothing beside ``$ref`` counts, hence the wrapping."""
    return {"allOf": [{"$ref": f"#/definitions/{name}"}]}


def _text(_names: ProjectNames) -> Schema:
    return {"type": ["string", "number"]}


def _pattern(pattern: str, expected: str) -> Callable[[ProjectNames], Schema]:
    def schema(_names: ProjectNames) -> Schema:
        return {"type": "string", "pattern": pattern, "patternErrorMessage": f"I expected {expected}"}

    return schema


def _named(which: str) -> Callable[[ProjectNames], Schema]:
    def schema(names: ProjectNames) -> Schema:
        return _open(getattr(names, which))

    return schema


def _open(known: Described) -> Schema:
    if not known:
        return {"type": "string"}
    listed: Schema = {"enum": sorted(known)}
    if any(known.values()):
        listed["markdownEnumDescriptions"] = [known[name] for name in sorted(known)]
    return {"type": "string", "anyOf": [listed, {"type": "string"}]}


def _channel(_names: ProjectNames) -> Schema:
    return {"type": ["string", "array"], "items": _open(CHANNELS), "anyOf": [_open(CHANNELS), {"type": "array"}]}


def _attributes(catalogue: Catalogue) -> dict[str, str]:
    found: dict[str, str] = {f"customer.{name}": attribute.type for name, attribute in catalogue.customer.items()}
    for kind in catalogue.objects.values():
        found |= {f"{kind.name}.{name}": attribute.type for name, attribute in kind.attributes.items()}
    return found


def _anything(_names: ProjectNames) -> Schema:
    return {}


def _block(_names: ProjectNames) -> Schema:
    return {"type": "object"}


def _list(_names: ProjectNames) -> Schema:
    return {"type": "array"}


def _shared_definition(name: str) -> Callable[[ProjectNames], Schema]:
    return lambda _names: reference(name)


_LENGTH = _pattern(rf"^{LENGTH}$", "a length of time, such as `3 days`")

KINDS: Mapping[Kind, Callable[[ProjectNames], Schema]] = {
    "any": _anything,
    "attribute": _named("attributes"),
    "block": _block,
    "channel": _channel,
    "condition": _shared_definition("condition"),
    "conditions": _shared_definition("condition"),
    "connection": _named("connections"),
    "count": _pattern(rf"^({NUMBER} +times?|once|twice)$", "a number of times, such as `2 times`"),
    "date": _pattern(r"\S", "a date, such as `75 days before customer.contract_end`"),
    "event": _named("events"),
    "experiment": _pattern(r"^[a-z0-9][a-z0-9_-]*$", "a name in small letters, such as `welcome-tone`"),
    "hours": _pattern(r"\d", "hours, such as `weekdays 09:00-18:00`"),
    "journey": _named("journeys"),
    "length": _LENGTH,
    "limit": _pattern(r"^\w+ (per|a|an|in|every) ", "a limit, such as `2 per week`"),
    "list": _list,
    "moment": _pattern(r"\S", "a moment, such as `10:00` or `Tuesday 10:00`"),
    "message": _named("messages"),
    "person": _named("people"),
    "phase": _text,
    "segment": _named("segments"),
    "sender": _named("senders"),
    "shared": _named("shared"),
    "slug": _pattern(r"^[a-z0-9][a-z0-9_.-]*$", "a name in small letters, such as `first-reminder`"),
    "start": _shared_definition("start"),
    "steps": _shared_definition("steps"),
    "text": _text,
    "topic": _named("topics"),
    "wait": _pattern(rf"^({LENGTH}|until +\S.*)$", "a length of time or a moment, such as `3 days` or `until 10:00`"),
    "who": _named("approvers"),
    "yes or no": lambda _names: {"type": "boolean"},
    "zone": _pattern(r"\S", "`customer`, or a time zone such as `Europe/Lisbon`"),
}
