"""What the parts of a provider file have in common: texts, numbers, expressions, and what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from lifeloop.channel.expression import Expression, read_expression
from lifeloop.journey.lengths import read_length
from lifeloop.journey.shape import is_blank, missing, one_text
from lifeloop.journey.source import Map, Node, Report, Scalar
from lifeloop.message.phrase import Phrase, read_phrase

T = TypeVar("T")
Read = Callable[[Node, Report], T | None]
A_DAY = 86_400
EXAMPLES = {
    "carries": "carries: [sms]",
    "request": "request: {url: https://api.example.com/messages, body: {to: '{{ message.to }}'}}",
    "url": "url: https://api.example.com/messages",
    "basic": "basic: {user: '{{ settings.account }}', password: '{{ settings.token }}'}",
    "user": "user: '{{ settings.account }}'",
    "password": "password: '{{ settings.token }}'",
    "means": "means: refused",
    "from": "from: From",
    "message": "message: reference",
    "when": "when: code == `21610`",
    "scheme": "scheme: hmac  (or none, and the address holds the secret)",
    "signature": "signature: v1",
    "says": "says: what cannot be sent, and why",
}


def said(block: Map, key: str, report: Report, read: Read[T]) -> T | None:
    """Return what stands behind a key, read; None when nothing does."""
    node = block.value(key)
    return None if node is None or is_blank(node) else read(node, report)


def needed(block: Map, key: str, report: Report, read: Read[T]) -> T | None:
    """Return what stands behind a key that must be there."""
    if block.entry(key) is None:
        missing(key, "this part of the provider file", block.place, report, example=EXAMPLES[key])
    return said(block, key, report, read)


def words(block: Map, key: str, report: Report) -> str:
    """Return a text; empty when there is none."""
    found = said(block, key, report, scalar)
    return found.text if found else ""


def scalar(node: Node, report: Report) -> Scalar | None:
    """Return a text with its place."""
    return one_text(node, "this key", report)


def phrase(node: Node, report: Report) -> Phrase | None:
    """Return a text with holes."""
    text = scalar(node, report)
    return read_phrase(text, report) if text else None


def expression(node: Node, report: Report) -> Expression | None:
    """Return an expression."""
    text = scalar(node, report)
    return read_expression(text, report) if text else None


def number(node: Node, report: Report) -> float | None:
    """Return a number."""
    text = scalar(node, report)
    if text is None or re.fullmatch(r"\d{1,6}(\.\d+)?", text.text):
        return float(text.text) if text else None
    report.add("J109", f'"{text.text}" is not a number', text.place, label="write a number above 0")
    return None


def seconds(node: Node, report: Report) -> int | None:
    """Return a length of time such as ``24 hours`` in seconds."""
    text = scalar(node, report)
    length = read_length(text, report) if text else None
    return None if length is None else length.days * A_DAY + length.seconds
