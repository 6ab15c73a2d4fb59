"""The ``request`` of a provider file: address, signing in, headers, and a body of texts and expressions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lifeloop.channel.declared import Body, Order, SignIn
from lifeloop.channel.declared_parts import needed, phrase, said, scalar
from lifeloop.channel.expression import read_expression
from lifeloop.journey.shape import check_keys, one_block, one_of
from lifeloop.journey.source import Items, Map, Node, Report, Scalar, part
from lifeloop.journey.written import plain_value
from lifeloop.message.phrase import Phrase, read_phrase

METHODS = ("POST", "PUT", "GET")
FORMS = ("json", "form")
# A host that stands there, or a setting that holds it: never something that a message decides.
SETTLED_HOST = re.compile(r"(?:https?://(?:[^/?#{\s]+)|\{\{\s*settings\.\w+\s*\}\})(?:[/?#].*)?", re.DOTALL)


def read_order(node: Node, report: Report) -> Order | None:
    """Return the request that a provider file describes."""
    block = one_block(node, "request", report)
    if block is None:
        return None
    check_keys(block, ("method", "url", "send_as", "headers", "sign_in", "body"), "to a request", report)
    url = needed(block, "url", report, read_url)
    body = block.value("body")
    method = said(block, "method", report, lambda node, report: one_of(node, "method", METHODS, report))
    form = said(block, "send_as", report, lambda node, report: one_of(node, "send_as", FORMS, report))
    headers = said(block, "headers", report, read_headers)
    sign_in = said(block, "sign_in", report, read_sign_in)
    if url is None:
        return None
    return Order(
        method=method or "POST",
        url=url,
        body=_body(body, report) if body is not None else {},
        form="form" if form == "form" else "json",
        headers=headers or {},
        sign_in=sign_in,
    )


def phrases(order: Order) -> Iterator[Phrase]:
    """Yield every text with holes in a request."""
    yield order.url
    yield from order.headers.values()
    yield from order.sign_in.texts if order.sign_in else ()
    yield from _in_body(order.body)


def _in_body(body: Body) -> Iterator[Phrase]:
    match body:
        case Phrase():
            yield body
        case tuple():
            for item in body:
                yield from _in_body(item)
        case dict():
            for item in body.values():
                yield from _in_body(item)


def read_url(node: Node, report: Report) -> Phrase | None:
    """Return an address whose host no message decides."""
    text = scalar(node, report)
    if text is None:
        return None
    if not SETTLED_HOST.fullmatch(text.text):
        label = "begin with https:// and the host, or with one setting that holds both:  {{ settings.base }}/messages"
        report.add("J507", "it is not settled where this address leads", text.place, label=label)
        return None
    return read_phrase(text, report)


def read_headers(node: Node, report: Report) -> dict[str, Phrase]:
    """Return headers with holes."""
    block = one_block(node, "headers", report)
    read = ((entry.key.text, phrase(entry.value, report)) for entry in (block.entries if block else ()))
    return {name: found for name, found in read if found is not None}


def read_sign_in(node: Node, report: Report) -> SignIn | None:
    """Return how a request proves who sends it."""
    block = one_block(node, "sign_in", report)
    if block is None:
        return None
    check_keys(block, ("basic", "bearer"), "to sign_in", report)
    bearer = said(block, "bearer", report, phrase)
    if bearer is not None:
        return SignIn("bearer", (bearer,))
    return needed(block, "basic", report, _basic)


def _basic(node: Node, report: Report) -> SignIn | None:
    block = one_block(node, "basic", report)
    if block is None:
        return None
    check_keys(block, ("user", "password"), "to basic", report)
    user, password = needed(block, "user", report, phrase), needed(block, "password", report, phrase)
    return SignIn("basic", (user, password)) if user and password else None


def _body(node: Node, report: Report) -> Body:
    match node:
        case Map(entries=entries):
            return {entry.key.text: _body(entry.value, report) for entry in entries}
        case Items(items=items):
            return tuple(_body(item, report) for item in items)
        case Scalar(text=text) if text.startswith("="):
            return read_expression(part(node, 1), report)
        case Scalar(text=text) if "{{" in text or "{%" in text:
            return read_phrase(node, report)
    value = plain_value(node)
    assert not isinstance(value, list | dict)  # noqa: S101  # a scalar is none of them
    return value
