"""Mail that a provider takes in for us and posts taken apart: read as what lies in a mailbox is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import HeaderParser
from typing import Any

from lifeloop.channel.callbacks.mail import read_written
from lifeloop.channel.callbacks.reading import fields, made_key, text
from lifeloop.channel.callbacks.values import Report

MOST_HEADERS = 100
_Header = tuple[str, str]


def postmark(record: Any) -> tuple[Report, ...]:
    """Read an inbound message of Postmark."""
    said = fields(record)
    return _read(_named(said.get("Headers"), "Name", "Value"), said, "From", "Subject", "MessageID", "TextBody")


def brevo(item: Any) -> tuple[Report, ...]:
    """Read one item of Brevo's inbound parsing."""
    said = dict(fields(item))
    sender = fields(said.get("From")).get("Address")
    return _read(_plain(said.get("Headers")), {**said, "From": sender}, "From", "Subject", "MessageId", "RawTextBody")


def mailjet(item: Any) -> tuple[Report, ...]:
    """Read what Mailjet's Parse API posts."""
    said = fields(item)
    return _read(_plain(said.get("Headers")), said, "Sender", "Subject", "", "Text-part")


def sparkpost(event: Any) -> tuple[Report, ...]:
    """Read a relayed message of SparkPost."""
    content = fields(fields(event).get("content"))
    headers = content.get("headers")
    pairs = [pair for one in (headers if isinstance(headers, list) else []) for pair in _plain(one)]
    sender = fields(event).get("friendly_from") or fields(event).get("msg_from")
    return _read(pairs, {**content, "From": sender}, "From", "subject", "", "text")


def ses(event: Any) -> tuple[Report, ...]:
    """Read a mail that Amazon received; its text may not be there."""
    mail = fields(fields(event).get("mail"))
    return _read(_named(mail.get("headers"), "name", "value"), mail, "source", "", "messageId", "")


def resend(data: Any) -> tuple[Report, ...]:
    """Read that Resend received a mail: it tells no headers, so it answers whatever went there last."""
    said = fields(data)
    return _read([], said, "from", "subject", "message_id", "")


def mailgun(form: Any) -> tuple[Report, ...]:
    """Read what a route of Mailgun forwards: the headers stand in the form by their names."""
    said = fields(form)
    return _read(_plain(said), said, "sender", "subject", "token", "stripped-text")


def sendgrid(form: Any) -> tuple[Report, ...]:
    """Read what Inbound Parse posts: the headers stand in one field, or before the whole mail where it sends that."""
    said = fields(form)
    raw = said.get("headers") or said.get("email")
    head = HeaderParser().parsestr(raw if isinstance(raw, str) else "")
    pairs = [pair for name, value in head.items() for pair in _header(name, value)]
    return _read(pairs, said, "from", "subject", "", "text")


def _read(headers: Iterable[_Header], said: Any, sender: str, subject: str, id_: str, body: str) -> tuple[Report, ...]:
    mail, known = Message(), list(headers)[:MOST_HEADERS]
    there = {name.lower() for name, _ in known}
    more = {"From": text(said.get(sender)), "Subject": text(said.get(subject))}
    for name, value in [*known, *((name, value) for name, value in more.items() if name.lower() not in there)]:
        mail[name] = value
    key = made_key("parsed", text(said.get(id_)) or mail.get("message-id") or [str(value) for value in mail.values()])
    written = said.get(body) if body else ""
    mail.set_payload(written[:2000] if isinstance(written, str) else "")
    return read_written(mail, key)


def _named(pairs: Any, name: str, value: str) -> Iterator[_Header]:
    for pair in pairs if isinstance(pairs, list) else ():
        yield from _header(fields(pair).get(name), fields(pair).get(value))


def _plain(pairs: Any) -> Iterator[_Header]:
    for name, value in fields(pairs).items():
        yield from _header(name, value)


def _header(name: Any, value: Any) -> Iterator[_Header]:
    if isinstance(name, str) and isinstance(value, str) and name.isascii() and name.replace("-", "").isalnum():
        yield name, " ".join(value.split())[:2000]
