"""``lifeloop.yaml`` to a catalogue. Whatever is wrong is left out and reported; the rest is used."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from lifeloop.journey.allow_list import read_allow_list
from lifeloop.journey.breakers_reader import read_breakers
from lifeloop.journey.catalogue import Attribute, Catalogue, Delivery, EventType
from lifeloop.journey.composing import read_yaml
from lifeloop.journey.condition import Condition, Value
from lifeloop.journey.delivery_reader import read_delivery, read_zone
from lifeloop.journey.diagnostic import Suggestion
from lifeloop.journey.length import Length
from lifeloop.journey.lengths import read_length
from lifeloop.journey.nearest import nearest
from lifeloop.journey.own_customers import read_own_customers
from lifeloop.journey.project_parts import (
    read_attributes,
    read_connection,
    read_each,
    read_event,
    read_object,
    read_sender,
    read_text,
)
from lifeloop.journey.rendering_reader import read_rendering
from lifeloop.journey.retention_reader import read_retention
from lifeloop.journey.segments import read_segments
from lifeloop.journey.shape import one_text, texts
from lifeloop.journey.source import Map, Node, Report, Scalar, read_file
from lifeloop.journey.topic_reader import read_topic
from lifeloop.journey.ways import check_ways, places_of, read_pacings, read_way
from lifeloop.journey.web_reader import check_web, read_tracking, read_web
from lifeloop.journey.written import plain_value

FILE = "lifeloop.yaml"
KEYS = (
    "project", "timezone", "language", "country", "environment", "grace", "delivery", "topics", "customer", "events",
    "objects", "segments", "predicates", "connections", "senders", "approvers", "values", "company", "priority",
    "own_customers", "people", "email", "channels", "web", "tracking", "test_addresses", "retention", "render",
    "breakers",
)  # fmt: skip
_MEANINGS = {
    **dict.fromkeys(("name", "id"), "project"),
    **dict.fromkeys(("time_zone", "tz", "zone"), "timezone"),
    **dict.fromkeys(("locale", "lang", "default_language"), "language"),
    **dict.fromkeys(("attributes", "customers", "person", "fields", "profile"), "customer"),
    **dict.fromkeys(("audiences", "cohorts", "lists"), "segments"),
    **dict.fromkeys(("webhooks", "integrations", "apis"), "connections"),
    **dict.fromkeys(("from", "identities"), "senders"),
    **dict.fromkeys(("constants", "variables", "vars"), "values"),
    **dict.fromkeys(("brand", "organisation", "organization"), "company"),
    **dict.fromkeys(("smtp", "providers"), "channels"),
    **dict.fromkeys(("links", "pages", "unsubscribe"), "web"),
    **dict.fromkeys(("track", "opens", "clicks"), "tracking"),
    **dict.fromkeys(("allow_list", "allowlist", "testers", "test_address"), "test_addresses"),
    **dict.fromkeys(("keep", "kept"), "retention"),
    **dict.fromkeys(("rendering", "renderer"), "render"),
    **dict.fromkeys(("breaker", "safety", "thresholds", "halts"), "breakers"),
}
STANDARD_ATTRIBUTES = (
    Attribute("email", "email", optional=True, personal=True),
    Attribute("phone", "phone", optional=True, personal=True),
    Attribute("locale", "text", optional=True),
    Attribute("timezone", "text", optional=True),
)
"""What Lifeloop itself needs of a customer; a project may declare them again, more strictly."""


def _texts(*names: str) -> dict[str, Attribute]:
    return {name: Attribute(name, "text", optional=True) for name in names}


STANDARD_EVENTS = (
    EventType("unsubscribed", _texts("topic", "channel")),
    EventType("resubscribed", _texts("channel")),
    EventType("complained", _texts("message")),
    EventType("bounced", _texts("message", "bounce")),
    *(EventType(f"message.{what}", _texts("message")) for what in ("delivered", "opened", "clicked", "complained")),
    EventType("message.bounced", _texts("message", "bounce")),
    EventType("message.replied", _texts("message", "word")),
    EventType("consent.requested", {"topic": Attribute("topic"), "request": Attribute("request")}),
    EventType("consent.confirmed", {"topic": Attribute("topic")}),
)
"""What Lifeloop itself reports about a customer."""


def read_catalogue(root: Path, report: Report) -> Catalogue:
    """Return what the project in a folder declares; a project without a ``lifeloop.yaml`` has the standard words."""
    path = root / FILE
    empty = _with_standards(Catalogue(project=root.name or "project", root=root))
    text = read_file(path, report, FILE)
    node = read_yaml(text, FILE, report) if text is not None else None
    if node is None:
        return empty
    if not isinstance(node, Map):
        report.add("J012", f"{FILE} holds keys and values", node.place, label="begin with  project: my-project")
        return empty
    _check_keys(node, report)
    return _read(node, empty, report)


def _read(block: Map, base: Catalogue, report: Report) -> Catalogue:
    topics = read_each(block.value("topics"), "topics", report, read_topic)
    plain = replace(
        base,
        project=_text(block, "project", report) or base.project,
        timezone=_zone(block, report) or base.timezone,
        language=_code(block, "language", r"[a-z]{2,3}(-[A-Za-z0-9]+)*", "en, nl or pt-BR", report) or base.language,
        country=_code(block, "country", r"[A-Z]{2}", "NL, PT or BR", report),
        environment=_text(block, "environment", report) or base.environment,
        grace=_length(block, "grace", report) or base.grace,
        delivery=_delivery(block, topics, report),
        topics=topics,
        people=_text(block, "people", report) or base.people,
        email=_text(block, "email", report) or base.email,
        priority=_names(block, "priority", report),
        own_customers=read_own_customers(block.value("own_customers"), report),
        values=_values(block, report),
        company=read_each(block.value("company"), "company", report, read_text),
        approvers=read_each(block.value("approvers"), "approvers", report, read_text),
        predicates=read_each(block.value("predicates"), "predicates", report, _predicate),
        senders=read_each(block.value("senders"), "senders", report, read_sender),
        connections=read_each(block.value("connections"), "connections", report, read_connection),
        places=dict(places_of(block)),
        channels=read_each(block.value("channels"), "channels", report, read_way),
        pacings=read_pacings(block.value("channels"), report),
        web=read_web(block.value("web"), report),
        tracking=read_tracking(block.value("tracking"), report),
        test_addresses=read_allow_list(block.value("test_addresses"), report),
        retention=read_retention(block.value("retention"), report),
        render=read_rendering(block.value("render"), report),
        breakers=read_breakers(block.value("breakers"), report),
        customer=read_attributes(block.value("customer"), "customer", report),
        events=read_each(block.value("events"), "events", report, read_event),
        objects=read_each(block.value("objects"), "objects", report, read_object),
    )
    check_ways(block, plain, report)
    check_web(block, plain, report)
    whole = _with_standards(plain)
    segments: dict[str, Condition] = read_segments(block.value("segments"), whole, report)
    return replace(whole, segments=segments)


def _with_standards(catalogue: Catalogue) -> Catalogue:
    customer = {attribute.name: attribute for attribute in STANDARD_ATTRIBUTES} | dict(catalogue.customer)
    events = {event.name: event for event in STANDARD_EVENTS} | dict(catalogue.events)
    return replace(catalogue, customer=customer, events=events)


def _check_keys(block: Map, report: Report) -> None:
    for entry in block.entries:
        key = entry.key.text
        if key not in KEYS:
            near = nearest(key, KEYS, _MEANINGS)
            label = f'did you mean "{near}"?' if near else f"here may stand: {' '.join(KEYS)}"
            fixes = (Suggestion(near, certain=block.entry(near) is None),) if near else ()
            report.add("J105", f'"{key}" does not belong to {FILE}', entry.key.place, label=label, suggestions=fixes)


def _zone(block: Map, report: Report) -> str | None:
    text = _scalar(block, "timezone", report)
    return read_zone(text, report) if text else None


def _code(block: Map, key: str, form: str, examples: str, report: Report) -> str | None:
    text = _scalar(block, key, report)
    if text is None or re.fullmatch(form, text.text):
        return text.text if text else None
    label = f"write a code such as {examples}"
    report.add("J184", f'"{text.text}" is not the code of a {key}', text.place, label=label)
    return None


def _length(block: Map, key: str, report: Report) -> Length | None:
    text = _scalar(block, key, report)
    return read_length(text, report) if text else None


def _delivery(block: Map, topics: Iterable[str], report: Report) -> Delivery:
    node = block.value("delivery")
    return read_delivery(node, report, topics) if node is not None else Delivery()


def _names(block: Map, key: str, report: Report) -> tuple[str, ...]:
    node = block.value(key)
    return tuple(text.text for text in texts(node, key, report)) if node is not None else ()


def _values(block: Map, report: Report) -> dict[str, Value]:
    return read_each(block.value("values"), "values", report, _value)


def _value(name: Scalar, node: Node, report: Report) -> Value | None:
    value = plain_value(node)
    if isinstance(value, str | int | float | bool):
        return value
    report.add("J104", f'"{name.text}" needs one value', node.place, label="write a text or a number")
    return None


def _predicate(name: Scalar, node: Node, report: Report) -> str | None:
    text = one_text(node, name.text, report)
    if text is None or re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", text.text):
        return text.text if text else None
    report.add("J109", f'"{text.text}" names no function', text.place, label="write  package.module:function")
    return None


def _scalar(block: Map, key: str, report: Report) -> Scalar | None:
    node = block.value(key)
    return one_text(node, key, report) if node is not None else None


def _text(block: Map, key: str, report: Report) -> str | None:
    scalar = _scalar(block, key, report)
    return scalar.text if scalar else None
