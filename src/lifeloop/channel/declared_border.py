"""A provider file at work: a message put into its request, and its answers into ours."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import httpx

from lifeloop.channel.callbacks.declared import looked_up
from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.declared import Body, Declared, Order
from lifeloop.channel.exchange import USUAL_HEADERS
from lifeloop.channel.expression import Expression
from lifeloop.channel.lookup import Question
from lifeloop.channel.mime import CONTROL, Unsendable
from lifeloop.channel.providers import mail
from lifeloop.channel.providers.reply import Reply
from lifeloop.channel.values import Abilities, Envelope, Receipt
from lifeloop.clock import Instant
from lifeloop.journey.plan import Json
from lifeloop.message.errors import MessageError
from lifeloop.message.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Spoken:
    """One message as the names that a provider file may use."""

    id: str
    words: dict[str, Json]


class DeclaredBorder:
    """Hands one message over in each request. ``said``: the settings, all of them looked up."""

    per_request = 1

    def __init__(self, declared: Declared, said: Mapping[str, str], project: str) -> None:
        self._declared = declared
        self._said: dict[str, Json] = dict(said)
        self._project = project

    @property
    def abilities(self) -> Abilities:
        """What the file declares."""
        return self._declared.abilities

    def check(self, envelope: Envelope) -> Spoken:
        """Return the message as names.

        Raises:
            Unsendable: the provider cannot carry it; the text says why.
        """
        words = _mail(envelope, self._project) if envelope.channel in {"email", "ask"} else _words(envelope)
        if not envelope.to:
            raise Unsendable("there is no address to send to")
        for refusal in self._declared.refuses:
            if refusal.when.holds({"message": words, "settings": self._said}):
                raise Unsendable(refusal.says)
        return Spoken(envelope.id, words)

    def request(self, items: Sequence[Spoken], _now: Instant, /) -> httpx.Request:
        """Return the request with the message in it."""
        order, words = self._declared.order, items[0].words
        try:
            return self._filled(order, {"message": words, "settings": self._said})
        except MessageError as problem:
            raise Unsendable(f"{self._declared.name}: {problem}") from problem

    def receipts(self, items: Sequence[Spoken], reply: Reply, /) -> Sequence[Receipt]:
        """Judge the answer by the first rule that fits; without one, by its status."""
        item = items[0]
        data: Json = {"text": reply.text} if reply.json is None else reply.json
        provider_id = self._declared.id.word(data) if self._declared.id else ""
        for rule in self._declared.rules:
            if rule.statuses and reply.status not in rule.statuses:
                continue
            if rule.when is None or rule.when.holds(data):
                receipt = reply.receipt(
                    item.id, rule.means, provider_id=provider_id, why=rule.says, address=rule.address
                )
                return [
                    receipt if rule.wait is None or receipt.retry_after else replace(receipt, retry_after=rule.wait)
                ]
        return [reply.receipt(item.id, provider_id=provider_id)]

    def searches(self, question: Question, /) -> Sequence[httpx.Request]:
        """Return the request that asks about a message, if the file says how."""
        if self._declared.lookup is None:
            return []
        words: dict[str, Json] = {"id": question.id, "to": question.to, "since": question.since}
        return [self._filled(self._declared.lookup.order, {"message": words, "settings": self._said})]

    def found(self, question: Question, reply: Reply, /) -> tuple[Report, ...]:
        """Read what the answer knows of the message."""
        lookup = self._declared.lookup
        return () if lookup is None else looked_up(lookup, reply.json, question.id)

    def _filled(self, order: Order, data: dict[str, Any]) -> httpx.Request:
        inside = {**data, "message": {name: _escaped(value) for name, value in data["message"].items()}}
        body = _body(order.body, data)
        headers = {
            **USUAL_HEADERS,
            **{name: _header(phrase.fill(data)) for name, phrase in order.headers.items()},
        }
        url = order.url.fill(inside)
        if order.method == "GET" and not body:
            request = httpx.Request(order.method, url, headers=headers)
        elif order.form == "form":
            fields = {name: _field(value) for name, value in body.items()} if isinstance(body, dict) else {}
            request = httpx.Request(order.method, url, headers=headers, data=fields)
        else:
            request = httpx.Request(order.method, url, headers=headers, json=body)
        return self._signed_in(order, request, data)

    def _signed_in(self, order: Order, request: httpx.Request, data: dict[str, Any]) -> httpx.Request:
        if order.sign_in is None:
            return request
        texts = [_header(phrase.fill(data)) for phrase in order.sign_in.texts]
        if order.sign_in.kind == "basic":
            return next(httpx.BasicAuth(texts[0], texts[1]).auth_flow(request))
        request.headers["Authorization"] = f"Bearer {texts[0]}"
        return request


def _words(envelope: Envelope) -> dict[str, Json]:
    sender = envelope.sender
    return {
        "id": envelope.id,
        "channel": envelope.channel,
        "to": envelope.to,
        "text": envelope.text.strip(),
        "subject": envelope.subject,
        "html": envelope.html or "",
        "journey": envelope.journey,
        "step": envelope.step,
        "topic": envelope.topic,
        "locale": envelope.locale or "",
        "unsubscribe": envelope.unsubscribe or "",
        "sender": {"name": sender.display, "address": sender.address} if sender else {},
        "reply_to": (sender.reply_to or "") if sender else "",
        "headers": {},
        "header_list": [],
        "header_items": [],
    }


def _mail(envelope: Envelope, project: str) -> dict[str, Json]:
    """A mail's addresses and headers are checked as they are for every other provider."""
    known = mail.checked(envelope, project)
    headers: dict[str, Json] = dict(known.headers)
    return {
        **_words(envelope),
        "to": known.to,
        "text": known.text,
        "subject": known.subject,
        "sender": {"name": known.name, "address": known.sender, "line": known.from_line},
        "reply_to": known.reply_to or "",
        "headers": headers,
        "header_list": [{"name": name, "value": value} for name, value in headers.items()],
        "header_items": [{name: value} for name, value in headers.items()],
    }


def _body(body: Body, data: dict[str, Any]) -> Json:
    """Return the body with every leaf written; a leaf that comes out empty is left out."""
    if isinstance(body, Mapping):
        made = {name: _body(value, data) for name, value in body.items()}
        return {name: value for name, value in made.items() if not _is_empty(value)}
    if isinstance(body, tuple):
        return [value for item in body if not _is_empty(value := _body(item, data))]
    if isinstance(body, Phrase):
        return body.fill(data)
    return body.find(data) if isinstance(body, Expression) else body


def _is_empty(value: Json) -> bool:
    return value is None or value in ("", {}, [])


def _field(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def _escaped(value: Json) -> Json:
    """What a message brings into an address stays one part of it."""
    return quote(value, safe="") if isinstance(value, str) else value


def _header(text: str) -> str:
    if not text.isascii() or CONTROL.search(text):
        raise Unsendable("a header of the request holds characters that no header carries")
    return text
