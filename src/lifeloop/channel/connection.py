"""One connection to one server, in HTTP/1.1: one request at a time, written once, and one answer, read with limits.

Nothing happens here that was not asked for: no second try, no redirect, no cookie, no decompression, no proxy. What
can be known for certain is kept in ``Progress``: whether the first byte was handed to the socket, and whether the head
of an answer arrived.
"""

from __future__ import annotations

import asyncio
import re
import select
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

import httpx
from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MOST_BYTES = 64 * 1024
"""So much of a body is kept; a longer one is information that nobody needs."""
LONGEST_HEAD = 32 * 1024
MOST_READ = LONGEST_HEAD + 8 * MOST_BYTES
"""Bytes of one answer as they come over the wire; pieces of one letter each make eight of one."""
FINAL = 200
TOKENS = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z:-]+")
UNSAFE = re.compile(rb"[\r\n\x00]")


@dataclass(slots=True)
class Progress:
    """How far one exchange got, and what came back. A ``body`` of None broke off or was too long to be kept."""

    written: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Under names in small letters."""
    body: bytes | None = None


class Connection(asyncio.Protocol):
    """Made by the event loop's ``create_connection``; ``close`` it when it is not ``reusable``."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self.opened = self.used = self._loop.time()
        self.reusable = True
        self._answers = Answers()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be connected."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on. What nobody asked for may be anything, also the answer to somebody else's request."""
        if self._answers.is_awaited:
            self._answers.take(data)
        else:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Be cut off: the end of a body that has no other end, or of everything."""
        self.reusable = False
        self._answers.end(exc)

    def close(self) -> None:
        """Let go at once."""
        self.reusable = False
        self._transport.abort()

    def is_quiet(self) -> bool:
        """Tell whether it is open and nothing lies unread: a goodbye may have come before the loop looked at it."""
        return self.reusable and not self._transport.is_closing() and not _readable(self._fileno())

    async def exchange(self, request: bytes, got: Progress, *, patience: float, bodiless: bool = False) -> None:
        """Write the request and read its answer into ``got``.

        Args:
            request: head and body, as they go over the wire.
            got: is told of each step as it happens, so that it holds the truth whenever this is cut short.
            patience: seconds until the head of the answer must be here.
            bodiless: the answer says how long its body would be, and has none (HEAD).

        Raises:
            TimeoutError: no head arrived.
            OSError: the connection broke before the answer had ended, or what came is not HTTP.
        """
        answers = self._answers
        done = answers.await_next(self._loop.create_future(), got, bodiless=bodiless)
        late = self._loop.call_later(patience, answers.be_late)
        got.written = True
        self._transport.write(request)
        try:
            await done
        finally:
            late.cancel()
            self.used = self._loop.time()
            self.reusable = self.reusable and answers.keeps and not self._transport.get_write_buffer_size()

    def _fileno(self) -> int:
        return int(self._transport.get_extra_info("socket").fileno())


class Answers:
    """The answers on one connection, one at a time while it arrives. ``on_…`` is called by the parser."""

    def __init__(self) -> None:
        self.keeps = False
        self._done: asyncio.Future[None] | None = None
        self._parser = HttpResponseParser(self)

    @property
    def is_awaited(self) -> bool:
        """Whether somebody asked for what arrives."""
        return self._done is not None and not self._done.done()

    def await_next(self, done: asyncio.Future[None], got: Progress, *, bodiless: bool) -> asyncio.Future[None]:
        """Read the next one into ``got``; return ``done``, which has a result when it is complete."""
        self._done, self._got, self._bodiless = done, got, bodiless
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._taken = 0
        self.keeps = self._may_keep = False
        return done

    def take(self, data: bytes) -> None:
        """Read some bytes of it."""
        self._taken += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade):
            self.keeps = False
            self._fail(ConnectionError("the answer is not HTTP"))
        if len(self._body) > MOST_BYTES or self._taken > MOST_READ:
            self._finish(None)
        elif self._got.status is None and self._taken > LONGEST_HEAD:
            self._fail(ConnectionError("the head of the answer is too long"))

    def end(self, problem: Exception | None) -> None:
        """Be told that nothing more will come."""
        if not self.is_awaited:
            return
        if self._got.status is not None and problem is None and self._ends_with_the_connection():
            self._finish(bytes(self._body))
        else:
            self._fail(problem or ConnectionError("the connection was closed"))

    def be_late(self) -> None:
        """Give up, unless the head is here: the body has until the deadline of the whole."""
        if self._got.status is None:
            self._fail(TimeoutError("no answer in time"))

    def on_message_begin(self) -> None:
        """Begin; a second answer to one request makes the connection useless."""
        if not self.is_awaited:
            self.keeps = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a line of the head; what follows a body in pieces is no part of it."""
        if self._got.status is None:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        """Know the status, unless it is one of those that only announce another (1xx)."""
        if not self.is_awaited:
            return
        if (status := self._parser.get_status_code()) < FINAL:
            self._headers.clear()
            return
        self._got.status, self._got.headers = status, self._headers
        if self._bodiless:
            self._finish(b"")
        self._may_keep = self._parser.should_keep_alive()

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body."""
        self._body += data

    def on_message_complete(self) -> None:
        """Be complete: only now may the connection be used again."""
        if self.is_awaited and self._got.status is not None:
            self._finish(bytes(self._body) if len(self._body) <= MOST_BYTES else None)
            self.keeps = self._may_keep

    def _ends_with_the_connection(self) -> bool:
        return "content-length" not in self._headers and "transfer-encoding" not in self._headers

    def _finish(self, body: bytes | None) -> None:
        if self._done is not None and not self._done.done():
            self._got.body = body
            self._done.set_result(None)

    def _fail(self, problem: Exception) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(problem)


def in_bytes(request: httpx.Request) -> bytes:
    """Return a request as it goes over the wire.

    Raises:
        httpx.LocalProtocolError: a line break stands where another header would begin, or a name is none.
    """
    raw = request.headers.raw
    target = request.url.raw_path
    names = b":".join((request.method.encode("ascii", "replace"), *(name for name, _ in raw)))
    if not TOKENS.fullmatch(names) or UNSAFE.search(b"".join((target, *(value for _, value in raw)))):
        raise httpx.LocalProtocolError("a header holds what no header may hold")
    lines = [b"%b %b HTTP/1.1" % (request.method.encode(), target), *(b"%b: %b" % pair for pair in raw)]
    return b"\r\n".join((*lines, b"", request.content))


def _readable(fileno: int) -> bool:
    if not hasattr(select, "poll"):  # on Windows, where select knows no limit of its own
        return bool(select.select([fileno], [], [], 0)[0])
    waiting = select.poll()
    waiting.register(fileno, select.POLLIN)
    return bool(waiting.poll(0))
