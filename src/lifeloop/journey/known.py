"""What a journey may name: the messages, events, journeys and people of its project; and the complaint otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from lifeloop.journey.catalogue import Catalogue, Library
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.names import some
from lifeloop.journey.nearest import nearest
from lifeloop.journey.source import Node, Report, Scalar

CHANNELS = ("email", "sms", "push", "whatsapp", "letter", "webhook")


@dataclass(frozen=True, slots=True)
class Shared:
    """``journeys/_steps/reminder-pair.yaml``: steps for several journeys, and the parameters they take by kind."""

    name: str
    file: str
    takes: Mapping[str, str] = field(default_factory=dict)
    steps: Node | None = None
    """None when the file cannot be read; who uses it then cannot run, and the mistake is told there."""


@dataclass(frozen=True, slots=True)
class Known:
    """Every name that a journey of this project may use."""

    catalogue: Catalogue = field(default_factory=Catalogue)
    library: Library = field(default_factory=dict)
    journeys: frozenset[str] = frozenset()
    people: frozenset[str] = frozenset()
    shared: Mapping[str, Shared] = field(default_factory=dict)

    @property
    def topics(self) -> tuple[str, ...]:
        """Return the names of topics; ``service`` is always one of them."""
        return tuple(dict.fromkeys(("service", *self.catalogue.topics)))

    @property
    def channels(self) -> tuple[str, ...]:
        """Return the ways out that a send may name."""
        return tuple(dict.fromkeys((*CHANNELS, *self.catalogue.channels)))


def check_message(scalar: Scalar, known: Known, report: Report) -> str:
    """Return the name of a message, with a diagnostic when there is none such."""
    name = scalar.text
    if name in known.library:
        return name
    near = nearest(name, known.library)
    folder = name.rsplit("/", 1)[0] if "/" in name else ""
    there = [
        full.rsplit("/", 1)[1] for full in sorted(known.library) if full.rpartition("/")[0] == folder and "/" in full
    ]
    listed = f"templates/{folder}/ has: {', '.join(there)}" if there else ""
    label = f'did you mean "{near}"?' if near else listed or "no message of that name is in templates/"
    if near and listed:
        label = f"{label}  ({listed})"
    fixes = (Suggestion(near, certain=True),) if near and _is_sure(name, near, known.library) else ()
    fixes = fixes or ((Suggestion(near),) if near else ())
    hint = f"or create it:  templates/{name}.md"
    report.add("J121", f'there is no message "{name}"', scalar.place, label=label, hint=hint, suggestions=fixes)
    return name


def check_known(scalar: Scalar, what: str, names: Collection[str], report: Report, *, code: str, where: str) -> str:
    """Return a name, with a diagnostic when it is not one of ``names``; ``where`` says where such names come from."""
    name = scalar.text
    if name not in names:
        near = nearest(name, names)
        label = f'did you mean "{near}"?' if near else f"there is {some(sorted(names))}" if names else where
        hint = where if names else ""
        fixes = (Suggestion(near),) if near else ()
        report.add(code, f'there is no {what} "{name}"', scalar.place, label=label, hint=hint, suggestions=fixes)
    return name


def check_event(scalar: Scalar, known: Known, report: Report) -> str:
    """Return the name of an event, declared in the project."""
    where = f"events are declared in lifeloop.yaml:   events: {{{scalar.text}: {{}}}}"
    return check_known(scalar, "event", known.catalogue.events, report, code="J124", where=where)


def check_segment(scalar: Scalar, known: Known, report: Report) -> str:
    """Return the name of a segment, declared in the project."""
    where = "segments are declared in lifeloop.yaml"
    return check_known(scalar, "segment", known.catalogue.segments, report, code="J125", where=where)


def check_topic(scalar: Scalar, known: Known, report: Report) -> str:
    """Return the name of a topic, declared in the project."""
    where = "topics are declared in lifeloop.yaml, with their legal basis"
    return check_known(scalar, "topic", known.topics, report, code="J161", where=where)


def check_journey(scalar: Scalar, known: Known, report: Report) -> str:
    """Return the name of a journey of this project."""
    where = "journeys are the files in journeys/"
    return check_known(scalar, "journey", known.journeys, report, code="J160", where=where)


def check_sender(scalar: Scalar, known: Known, report: Report) -> str:
    """Return the name of a sender, declared in the project."""
    where = "senders are declared in lifeloop.yaml:   senders: {anna: Anna from Sunny <anna@example.com>}"
    return check_known(scalar, "sender", known.catalogue.senders, report, code="J164", where=where)


def check_approver(scalar: Scalar, known: Known, report: Report) -> str:
    """Return the name of a person or team that may be asked; an address is one too."""
    if "@" in scalar.text:
        return scalar.text
    where = "who may be asked is declared in lifeloop.yaml:   approvers: {retention-lead: lead@example.com}"
    return check_known(scalar, "approver", known.catalogue.approvers, report, code="J165", where=where)


def check_person(scalar: Scalar, known: Known, report: Report) -> str:
    """Return the name of a sample person."""
    where = f"sample people are the files in {known.catalogue.people}"
    return check_known(scalar, "person", known.people, report, code="J166", where=where)


def check_action(scalar: Scalar, known: Known, report: Report) -> tuple[str, str]:
    """Return the connection and the action that ``crm.create-task`` names."""
    connection, dot, action = scalar.text.partition(".")
    connections = known.catalogue.connections
    if not dot:
        example = next(
            (f"{name}.{act}" for name, found in connections.items() for act in found.actions), "crm.create-task"
        )
        report.add(
            "J162", f'"{scalar.text}" names no action', scalar.place, label=f"write connection.action, as in {example}"
        )
        return connection, action
    where = "connections and their actions are declared in lifeloop.yaml"
    if connection not in connections:
        check_known(Scalar(connection, scalar.place), "connection", connections, report, code="J162", where=where)
        return connection, action
    actions = connections[connection].actions
    if action not in actions:
        near = nearest(action, actions)
        label = (
            f'did you mean "{connection}.{near}"?'
            if near
            else f"{connection} has: {', '.join(actions) or 'no actions'}"
        )
        fixes = (Suggestion(f"{connection}.{near}"),) if near else ()
        message = f'the connection "{connection}" has no action "{action}"'
        report.add("J162", message, scalar.place, label=label, hint=where, suggestions=fixes)
    return connection, action


def _is_sure(name: str, near: str, library: Library) -> bool:
    """Only one message is that near: ``lifeloop fix`` may put it in."""
    rest = [other for other in library if other != near]
    return nearest(name, rest) is None or name.replace("_", "-").lower() == near
