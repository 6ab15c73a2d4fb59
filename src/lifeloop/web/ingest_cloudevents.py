"""CloudEvents 1.0 over HTTP: structured, binary and batched. ``subject`` is the customer, ``type`` the event."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import unquote_to_bytes

import msgspec
from msgspec import Meta

from lifeloop.clock import Instant
from lifeloop.web.ingest_calls import Reader
from lifeloop.web.ingest_wire import Problem, decoded
from lifeloop.work.arriving import Item
from lifeloop.work.cleaning import clean_text
from lifeloop.work.ingesting import Happening
from lifeloop.work.understanding import Unfit, customer_key

PREFIX = b"ce-"
BATCH, ONE = b"application/cloudevents-batch", b"application/cloudevents"
Text = Annotated[str, Meta(min_length=1, max_length=500)]


class CloudEvent(msgspec.Struct, kw_only=True):
    """One event. ``source`` and ``id`` together say which one it is; ``data`` is an object."""

    specversion: Literal["1.0"]
    id: Text
    source: Text
    type: Text
    subject: Text | None = None
    time: datetime | None = None
    datacontenttype: str | None = None
    data: Any = None
    data_base64: str | None = None


decode_one = msgspec.json.Decoder(CloudEvent).decode
decode_any = msgspec.json.Decoder().decode
_attributes = msgspec.json.Encoder()


def binary(headers: Mapping[bytes, bytes], body: bytes) -> CloudEvent:
    """Return the event of a request in binary mode: what it is stands in headers, and its data is the body.

    Raises:
        Problem: it is none, or its data is no JSON.
    """
    found = {name[len(PREFIX) :].decode("latin-1"): _plain(value) for name, value in headers.items() if _is_ours(name)}
    if not found:
        raise Problem(415, "content_type", "send application/cloudevents+json, or headers that begin with ce-")
    kind = headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
    if body and kind != b"application/json" and not kind.endswith(b"+json"):
        raise Problem(415, "content_type", "the data of an event is JSON")
    event: CloudEvent = decoded(decode_one, _attributes.encode(found))
    event.data = decoded(decode_any, body) if body else None
    return event


def item(event: CloudEvent, reader: Reader, key: str, now: Instant) -> Item:
    """Return what an event tells. Its source counts within the key's name, so no key speaks for another.

    Raises:
        Unfit: it cannot be taken in.
    """
    if event.subject is None:
        raise Unfit("no_customer", "it does not say which customer: subject")
    who = customer_key(event.subject, None)
    name, data = reader.understanding.event(event.type, _data(event))
    at = now if event.time is None else reader.instant(event.time)
    source, id_ = clean_text(f"{key}:{event.source}"), clean_text(event.id)
    return Item(Happening(who, name, at, id_, source, data, guessed_at=event.time is None), source, id_)


def _data(event: CloudEvent) -> dict[str, Any]:
    data = event.data
    if event.data_base64 is not None:
        data = _unpacked(event.data_base64)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Unfit("bad_data", "the data of an event is an object")
    return data


def _unpacked(text: str) -> Any:
    try:
        return decode_any(base64.b64decode(text, validate=True))
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as problem:
        raise Unfit("bad_data", "data_base64 holds no JSON") from problem


def _is_ours(name: bytes) -> bool:
    return name.startswith(PREFIX) and name not in (b"ce-data", b"ce-data_base64", b"ce-datacontenttype")


def _plain(value: bytes) -> str:
    """Return the value of a header: quotation marks are taken off, and one round of percent signs."""
    text = value.strip()
    if len(text) > 1 and text.startswith(b'"') and text.endswith(b'"'):
        text = text[1:-1].replace(b'\\"', b'"').replace(b"\\\\", b"\\")
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError as problem:
        raise Problem(422, "schema", "a header that begins with ce- holds no text") from problem
