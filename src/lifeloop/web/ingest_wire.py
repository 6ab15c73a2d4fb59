"""One request of the ingest API on the wire: its body within limits, and its answer. Nothing of what it means."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.types import Receive, Send

HARDEST = 1024 * 1024
"""Bytes of a body, before and after it is unpacked; not one more is read."""
MOST_BATCH, MOST_EVENTS = 500 * 1024, 2500
MOST_EVENT = 32 * 1024
MOST_CLOUDEVENT = 64 * 1024
DEEPEST, MOST_NAMES, LONGEST_TEXT = 20, 1000, 32 * 1024
JSON = (b"application/json", b"text/plain")
"""Browsers that say goodbye send text/plain, because it needs no question beforehand."""

Header = tuple[bytes, bytes]
ALWAYS: tuple[Header, ...] = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
PLAIN: tuple[Header, ...] = ((b"content-type", b"application/json"), *ALWAYS)
TITLES = {
    400: "This is not JSON",
    401: "No key",
    403: "Not allowed",
    404: "Nothing here",
    405: "Not so",
    409: "Known as something else",
    413: "Too big",
    415: "Not a type we read",
    422: "Not what we expect",
    429: "Too fast",
    500: "Our mistake",
    503: "Not now",
}

_encode = msgspec.json.Encoder().encode


class Problem(Exception):  # noqa: N818  # the word of RFC 9457 for it
    """Why a request is not taken: answered as ``application/problem+json``, in words for whoever sent it."""

    def __init__(self, status: int, code: str, detail: str, again_in: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.again_in = again_in


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered."""

    status: int
    body: bytes = b""
    headers: Iterable[Header] = PLAIN


def answered(status: int, document: Mapping[str, Any]) -> Answer:
    """Return a document as an answer."""
    return Answer(status, _encode(document))


def refused(problem: Problem) -> Answer:
    """Return a problem as an answer."""
    headers = [(b"content-type", b"application/problem+json"), *ALWAYS]
    if problem.status == 401:  # noqa: PLR2004  # the one that asks
        headers.append((b"www-authenticate", b'Basic realm="ingest"'))
    if problem.again_in is not None:
        headers += [
            (b"retry-after", str(problem.again_in).encode()),
            (b"x-ratelimit-reset", str(problem.again_in).encode()),
        ]
    document = {
        "type": "about:blank",
        "title": TITLES[problem.status],
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail,
    }
    return Answer(problem.status, _encode(document), headers)


async def send_answer(send: Send, answer: Answer, more: Iterable[Header] = ()) -> None:
    """Send an answer."""
    length = (b"content-length", str(len(answer.body)).encode())
    headers = [*answer.headers, length, *more]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


class Gone(Exception):  # noqa: N818  # they are
    """Whoever asked went away in the middle."""


async def read_body(receive: Receive, headers: Mapping[bytes, bytes]) -> bytes:
    """Return the body, unpacked where it came packed.

    Raises:
        Problem: it is too big, packed in another way than gzip, or not packed at all.
        Gone: the rest of it never came.
    """
    message = await receive()
    body = _part(message)
    if message.get("more_body"):
        body = await _rest(receive, body)
    if len(body) > HARDEST:
        raise _too_big("the body", HARDEST)
    packing = headers.get(b"content-encoding", b"identity").strip().lower()
    if packing == b"identity":
        return body
    if packing != b"gzip":
        raise Problem(415, "encoding", "only gzip is unpacked")
    return _unpacked(body)


async def _rest(receive: Receive, first: bytes) -> bytes:
    found = bytearray(first)
    more = True
    while more:
        message = await receive()
        found += _part(message)
        more = message.get("more_body", False)
        if len(found) > HARDEST:
            raise _too_big("the body", HARDEST)
    return bytes(found)


def _part(message: Mapping[str, Any]) -> bytes:
    if message["type"] == "http.disconnect":
        raise Gone
    part: bytes = message.get("body", b"")
    return part


def _unpacked(body: bytes) -> bytes:
    try:
        reader = zlib.decompressobj(wbits=31)
        found = reader.decompress(body, HARDEST + 1)
    except zlib.error as problem:
        raise Problem(400, "encoding", "it says gzip, and is none") from problem
    if len(found) > HARDEST:
        raise _too_big("the body, unpacked,", HARDEST)
    if not reader.eof:
        raise Problem(400, "encoding", "the end is missing")
    return found


def check_type(headers: Mapping[bytes, bytes]) -> None:
    """Refuse a body that does not say it is JSON; one that says nothing is taken at its word."""
    kind = headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
    if kind not in JSON:
        raise Problem(415, "content_type", "send application/json")


def check_size(content: bytes | memoryview, most: int, what: str = "an event") -> None:
    """Refuse what is longer than allowed."""
    if len(content) > most:
        raise _too_big(what, most)


def is_surely_fine(content: bytes) -> bool:
    """Tell from the bytes alone that nothing in them is too deep, too long or too many: nearly always so."""
    return (
        len(content) <= LONGEST_TEXT
        and content.count(b"{") + content.count(b"[") <= DEEPEST
        and content.count(b":") <= MOST_NAMES
    )


def check_shape(value: Any) -> None:
    """Refuse what is too deep, has too many names, or a text that is too long; raises ``Problem``."""
    names, level = 0, [value]
    for _ in range(DEEPEST):
        names += sum(len(each) for each in level if isinstance(each, dict))
        if names > MOST_NAMES:
            raise Problem(422, "too_many", f"an event has at most {MOST_NAMES:,} names")
        if any(len(text) > LONGEST_TEXT for each in level for text in _texts(each)):
            raise Problem(422, "too_long", f"a text has at most {LONGEST_TEXT:,} letters")
        level = [inner for each in level for inner in _inside(each)]
        if not level:
            return
    raise Problem(422, "too_deep", f"an event is at most {DEEPEST} deep")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        return value
    return (value,) if isinstance(value, str) else ()


def _too_big(what: str, most: int) -> Problem:
    return Problem(413, "too_big", f"{what} has more than {most:,} bytes")


Decode = Callable[[bytes], Any]


def decoded(decode: Decode, content: bytes) -> Any:
    """Return what JSON says; raises ``Problem`` where it is none, or not of the shape that is asked for."""
    try:
        return decode(content)
    except msgspec.ValidationError as problem:
        raise Problem(422, "schema", str(problem)) from problem
    except (msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise Problem(400, "not_json", str(problem)) from problem
    except RecursionError as problem:
        raise Problem(422, "too_deep", f"an event is at most {DEEPEST} deep") from problem
