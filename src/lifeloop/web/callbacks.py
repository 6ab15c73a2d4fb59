"""``/cb/…``: where providers report. Proved over the bytes as they came, written in one commit, answered in a word.

What comes from nobody we know gets 401 and nothing else; what came before gets 200 and changes nothing; when it is
our own fault, the provider is asked to try again. There is no other answer.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response

from lifeloop.channel.callbacks import ses
from lifeloop.channel.callbacks.certificates import OutOfReach, fetch
from lifeloop.channel.callbacks.public_keys import Fetch, cached
from lifeloop.channel.callbacks.receivers import NotReady, Receiver, receiver
from lifeloop.channel.callbacks.values import Malformed, Post, Refused
from lifeloop.web.recipient_pages import Door, apart
from lifeloop.work.answering import Taken, take_reports
from lifeloop.work.trouble import kind_and_place

MOST_BYTES = 5 * 1024 * 1024
AGAIN_IN = "60"
ASK = {"WWW-Authenticate": 'Basic realm="callbacks"'}
"""Some providers give their password only to who asks for it."""

log = logging.getLogger(__name__)


class TooLong(Exception):  # noqa: N818  # said of a body, it is the word
    """More than any provider sends."""


class Callbacks:
    """``/cb/<way out>``, and ``/cb/<way out>/<secret>`` for providers that prove nothing else."""

    def __init__(self, door: Door, environ: Mapping[str, str] = os.environ, fetch: Fetch = fetch) -> None:
        self._door = door
        self._environ = environ
        self._fetch = cached(fetch)

    def look(self, request: Request) -> Response:
        """Answer a provider that tries the address before it begins."""
        try:
            found = self._receiver(request)
        except NotReady as problem:
            return _not_ready(problem)
        if found is None:
            return _said("not found", 404)
        if "hub.mode" not in request.query_params:
            return _said("providers post here")
        challenge = found.answers(dict(request.query_params))
        return _said("refused", 401) if challenge is None else PlainTextResponse(challenge)

    async def take(self, request: Request) -> Response:
        """Take what a provider reports."""
        try:
            body = await _body(request)
        except ClientDisconnect:
            return _said("cut short", 400)
        except TooLong:
            return _said("too long", 413)
        return await apart(self._taken, request, body)

    def _taken(self, request: Request, body: bytes) -> Response:
        name = request.path_params["way"]
        try:
            found = self._receiver(request)
            if found is None:
                return _said("not found", 404)
            taken = self._take(found, self._post(request, body))
        except Refused as problem:
            log.warning("a callback for %s was refused: %s", name, problem)
            return _said("refused", 401, ASK)
        except Malformed as problem:
            log.warning("a callback of %s could not be read: %s", name, problem)
            return _said("unreadable", 400)
        except NotReady as problem:
            return _not_ready(problem)
        except OutOfReach:
            return _later()
        except Exception as problem:  # noqa: BLE001  # whatever it is, the provider has it still and tries again
            log.error("a callback of %s was not taken: %s", name, kind_and_place(problem))  # noqa: TRY400  # no data in logs
            return _later()
        return _said(f"{taken.new} new, {taken.known} known")

    def _take(self, found: Receiver, post: Post) -> Taken:
        space = self._door.space
        found.check(post, space.clock.now())
        if found.provider == "ses" and (url := ses.subscription(post)):
            log.warning("Amazon asks to confirm the topic that reports for SES; open this once: %s", url)
        return take_reports(space, found.provider, found.channel, found.read(post))

    def _receiver(self, request: Request) -> Receiver | None:
        return receiver(request.path_params["way"], self._door.space.catalogue, self._environ, self._fetch)

    def _post(self, request: Request, body: bytes) -> Post:
        query = request.scope.get("query_string", b"").decode("latin-1")
        address = self._door.links.address + request.url.path + (f"?{query}" if query else "")
        headers = {name.lower(): value for name, value in request.headers.items()}
        word = request.path_params.get("word", "")
        return Post(body=body, headers=headers, query=dict(request.query_params), url=address, word=word)


async def _body(request: Request) -> bytes:
    """Return the bytes as they came, once, and never more of them than anybody sends."""
    found = bytearray()
    async for part in request.stream():
        found += part
        if len(found) > MOST_BYTES:
            raise TooLong
    return bytes(found)


def _not_ready(problem: NotReady) -> Response:
    log.warning("callbacks cannot be proved: %s", problem)
    return _later()


def _later() -> Response:
    return _said("later, please", 503, {"Retry-After": AGAIN_IN})


def _said(words: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{words}\n", status, headers={"Cache-Control": "no-store", **(headers or {})})
