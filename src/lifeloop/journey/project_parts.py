"""The declared parts of a project: topics, events, objects, connections, senders."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from lifeloop.journey.attributes import read_attribute
from lifeloop.journey.catalogue import (
    RECEIVES,
    Action,
    Attribute,
    Connection,
    EventType,
    ObjectType,
    Receives,
    Sender,
)
from lifeloop.journey.lengths import read_length
from lifeloop.journey.pacing_reader import SPEED, read_pacing
from lifeloop.journey.secrets import check_secret
from lifeloop.journey.shape import check_keys, is_blank, missing, one_block, one_of, one_text
from lifeloop.journey.source import Map, Node, Report, Scalar

T = TypeVar("T")
A_DAY = 86_400
CONNECTION_KEYS = ("base", "token", "secret", "former_secret", "receives", "key_window", "actions")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_SENDER = re.compile(r"(?:\"?(.*?)\"?\s*)<([^<>@\s]+@[^<>@\s]+\.[^<>@\s]+)>|([^<>@\s]+@[^<>@\s]+\.[^<>@\s]+)")


def read_each(
    node: Node | None, what: str, report: Report, read: Callable[[Scalar, Node, Report], T | None]
) -> dict[str, T]:
    """Return the sound parts of a block, by name."""
    block = one_block(node, what, report) if node is not None and not is_blank(node) else None
    found = {}
    for entry in block.entries if block else ():
        value = read(entry.key, entry.value, report)
        if value is not None:
            found[entry.key.text] = value
    return found


def read_attributes(node: Node | None, what: str, report: Report) -> dict[str, Attribute]:
    """Return declared attributes by name; nothing behind the key means none."""
    return read_each(node, what, report, read_attribute)


def read_event(name: Scalar, node: Node, report: Report) -> EventType:
    """Return one event: ``order.delivered: {order_id: text, total: money}``."""
    return EventType(name.text, read_attributes(node, name.text, report))


def read_object(name: Scalar, node: Node, report: Report) -> ObjectType | None:
    """Return one kind of thing, with its key."""
    block = one_block(node, name.text, report)
    if block is None:
        return None
    key = block.value("key")
    if key is None:
        missing("key", f"{name.text}", name.place, report, example=f"key: {name.text}_id")
        return None
    rest = Map(tuple(entry for entry in block.entries if entry.key.text != "key"), block.place)
    named = one_text(key, "key", report)
    attributes = read_attributes(rest, name.text, report)
    if named is None:
        return None
    return ObjectType(name.text, named.text, {named.text: Attribute(named.text), **attributes})


def read_text(name: Scalar, node: Node, report: Report) -> str | None:
    """Return one text."""
    text = one_text(node, name.text, report)
    return text.text if text else None


def read_connection(name: Scalar, node: Node, report: Report) -> Connection | None:
    """Return one outside system: where it is, how to sign in, and what it can be asked to do."""
    block = one_block(node, name.text, report)
    if block is None:
        return None
    check_keys(block, (*CONNECTION_KEYS, *SPEED), "to a connection", report)
    base = block.value("base")
    if base is None:
        missing(
            "base", f'the connection "{name.text}"', name.place, report, example=f"base: env.{_shout(name.text)}_URL"
        )
        return None
    where = one_text(base, "base", report)
    secrets = {key: read_secret(block, key, name.text, report) for key in ("token", "secret", "former_secret")}
    receives = _receives(block, name, report)
    actions = read_each(block.value("actions"), "actions", report, read_action)
    if where is None:
        return None
    if not re.match(r"env\.\w+$|https?://", where.text):
        label = f"write env.{_shout(name.text)}_URL, or an address that begins with https://"
        report.add("J184", f'"{where.text}" is not an address', where.place, label=label)
    window = _value(block, "key_window", lambda found: _seconds(found, report))
    token, secret, former = secrets.values()
    pacing = read_pacing(block, report)
    return Connection(name.text, where.text, token, secret, actions, window, former, receives, pacing)


def _receives(block: Map, name: Scalar, report: Report) -> Receives:
    """Return what a connection takes; webhooks are signed, so they need a secret."""
    found: Receives | None = _value(block, "receives", lambda node: one_of(node, "receives", RECEIVES, report))
    if block.entry("secret") is None and (found == "webhooks" or block.entry("former_secret") is not None):
        label = f"add  secret: env.{_shout(name.text)}_SECRET, and set it where Lifeloop runs"
        report.add("J106", f'requests to "{name.text}" are to be signed, and it has no secret', name.place, label=label)
    return found or "calls"


def _seconds(node: Node, report: Report) -> int | None:
    text = one_text(node, "key_window", report)
    length = read_length(text, report) if text else None
    if text is None or length is None:
        return None
    if length.months or length.working_days:
        report.add("J111", f'"{text.text}" is not the same everywhere', text.place, label="say it in hours or days")
        return None
    return length.days * A_DAY + length.seconds


def read_secret(block: Map, key: str, owner: str, report: Report) -> str | None:
    """Return ``env.NAME``; a secret written out is an error, and is not kept."""
    entry = block.entry(key)
    text = one_text(entry.value, key, report) if entry else None
    return check_secret(text, f"{_shout(owner)}_{_shout(key)}", report) if text else None


def read_action(name: Scalar, node: Node, report: Report) -> Action | None:
    """Return one request: ``POST /tasks``."""
    text = one_text(node, name.text, report)
    if text is None:
        return None
    found = re.fullmatch(r"([A-Za-z]+)\s+(/\S*)", text.text.strip())
    if found is None or found[1].upper() not in _METHODS:
        label = f"write {' or '.join(_METHODS[:2])} and a path, for example  POST /tasks"
        report.add("J109", f'"{text.text}" is not a request', text.place, label=label)
        return None
    return Action(name.text, found[1].upper(), found[2])


def read_sender(name: Scalar, node: Node, report: Report) -> Sender | None:
    """Return who a message comes from: ``Anna from Sunny <anna@example.com>``, or a block with ``reply_to``."""
    block = node if isinstance(node, Map) else None
    if block is not None:
        check_keys(block, ("from", "reply_to"), "to a sender", report)
    said = block.value("from") if block else node
    if said is None:
        missing("from", f'the sender "{name.text}"', name.place, report, example="from: Anna <anna@example.com>")
        return None
    text = one_text(said, name.text, report)
    found = _SENDER.fullmatch(text.text.strip()) if text else None
    if text is None or found is None:
        if text is not None:
            label = "write  Anna from Sunny <anna@example.com>"
            report.add("J183", f'"{text.text}" is not a name and an address', text.place, label=label)
        return None
    reply = _value(block, "reply_to", lambda node: one_text(node, "reply_to", report)) if block else None
    return Sender(name.text, found[1] or name.text, found[2] or found[3], reply.text if reply else None)


def _value(block: Map, key: str, read: Callable[[Node], T | None]) -> T | None:
    found = block.value(key)
    return read(found) if found is not None else None


def _shout(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()
