"""Whether a request may write: its key, the signature over its body where the key asks for one, its scope, its pace.

keys = Keys(space)
key = await keys.admit(dict(scope["headers"]), body, "track")     # raises Denied, which says what to answer
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from starlette.concurrency import run_in_threadpool

from lifeloop.channel.callbacks.proof import standard_webhooks
from lifeloop.channel.callbacks.values import Post, Refused
from lifeloop.channel.secret import Unset, secret
from lifeloop.store.write_keys import WriteKeyRow
from lifeloop.work.keys import FRESH, Ring, Scope, allows
from lifeloop.work.workspace import Workspace

Headers = Mapping[bytes, bytes]
LONGEST = 200
"""Bytes of a key; a longer one is none."""

log = logging.getLogger(__name__)


class Denied(Exception):  # noqa: N818  # it is what happened
    """The request may not. ``status`` 401, 403, 429 or 503; ``again_in``: seconds after which it may."""

    def __init__(self, status: int, code: str, detail: str, again_in: int | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.again_in = again_in


@dataclass(slots=True)
class Pace:
    """A bucket that fills as quickly as a key may write, and holds what it may write in one second."""

    rate: int
    left: float
    at: float

    def take(self, count: int) -> int | None:
        """Take so many; None when there were, else in how many seconds there are. More than it holds empties it."""
        now = monotonic()
        self.left = min(self.rate, self.left + (now - self.at) * self.rate)
        self.at = now
        wanted = min(count, self.rate)
        if self.left < wanted:
            return max(1, round((wanted - self.left) / self.rate))
        self.left -= count
        return None


@dataclass(slots=True)
class Keys:
    """The keys of a project, at one door."""

    space: Workspace
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    _ring: Ring = field(init=False)
    _paces: dict[str, Pace] = field(default_factory=dict)
    _reading: asyncio.Task[None] | None = None
    _away: bool = False

    def __post_init__(self) -> None:
        self._ring = Ring(self.space)

    async def admit(self, headers: Headers, body: bytes, scope: Scope, *, said: str | None = None) -> WriteKeyRow:
        """Return the key of a request that may do this. ``said``: a key that stands in the body.

        Raises:
            Denied: it may not.
        """
        await self.refresh()
        key = self._ring.find(said_in(headers) or said or "")
        if key is None:
            raise Denied(401, "no_key", "no key came with this, or it opens nothing (any more)")
        _check_origin(key, headers)
        if not allows(key, scope):
            raise Denied(403, "scope", f'this key may not do that: it lacks the scope "{scope}"')
        if key.signing is not None:
            self._check_signature(key, headers, body)
        return key

    def pace(self, key: WriteKeyRow, count: int) -> None:
        """Count events against what a key may write in a second.

        Raises:
            Denied: it is too fast.
        """
        if key.rate is None:
            return
        pace = self._paces.setdefault(key.name, Pace(key.rate, key.rate, monotonic()))
        again_in = pace.take(count)
        if again_in is not None:
            raise Denied(429, "too_fast", f"this key may send {key.rate:,} events a second", again_in)

    async def refresh(self) -> None:
        """Have the keys read again: beside the work while what is known still holds, and before it where it does not.

        So where requests keep coming none of them waits, and none overtakes another.
        """
        if self._ring.age < FRESH / 2:
            return
        reading = self._reading
        if reading is None or reading.done() or reading.get_loop() is not asyncio.get_running_loop():
            reading = self._reading = asyncio.create_task(run_in_threadpool(self._ring.refresh))
            reading.add_done_callback(self._note)
        if self._ring.age >= FRESH:
            await asyncio.shield(reading)

    def origins(self) -> frozenset[str]:
        """Return the web pages that may use any key from a browser."""
        return self._ring.origins()

    def _note(self, reading: asyncio.Task[None]) -> None:
        """Say that the database went away, and that it is back: once each, however many requests come meanwhile."""
        problem = None if reading.cancelled() else reading.exception()
        if problem is not None and not self._away:
            log.warning("keys could not be read (%s), so nothing is taken in; trying again", type(problem).__name__)
        elif problem is None and self._away:
            log.warning("keys can be read again: it goes on")
        self._away = problem is not None

    def _check_signature(self, key: WriteKeyRow, given: Headers, body: bytes) -> None:
        try:
            shared = secret(key.signing, self.environ)
        except Unset as problem:
            log.warning("the key %s asks for a signature, but %s", key.name, problem)
            raise Denied(503, "not_ready", "signatures cannot be checked just now", 60) from problem
        plain = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in given.items()}
        try:
            standard_webhooks(Post(body=body, headers=plain), [shared] if shared else [], self.space.clock.now())
        except Refused as problem:
            raise Denied(401, "signature", f"this key asks for a signature: {problem}") from problem


def said_in(given: Headers) -> str | None:
    """Return the key that came in a header: ``X-Write-Key``, ``Bearer``, or the user of ``Basic``."""
    found = given.get(b"x-write-key")
    if found is not None:
        return _text(found)
    kind, _, rest = given.get(b"authorization", b"").partition(b" ")
    if kind.lower() == b"bearer":
        return _text(rest.strip())
    return _user(rest.strip()) if kind.lower() == b"basic" else None


def _user(given: bytes) -> str | None:
    try:
        return _text(base64.b64decode(given, validate=True).partition(b":")[0])
    except binascii.Error:
        return None


def _text(given: bytes) -> str | None:
    return given.decode("latin-1") if len(given) <= LONGEST else None


def _check_origin(key: WriteKeyRow, given: Headers) -> None:
    """A key that is used by web pages is used by its own; one for servers is refused in a browser."""
    origin = given.get(b"origin")
    if origin is not None and origin.decode("latin-1") not in key.origins:
        raise Denied(403, "origin", "this key may not be used from that web page")
