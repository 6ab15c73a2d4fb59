"""A provider tried without a network: what it would be sent, and what its answers and reports would mean."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from lifeloop.channel.callbacks.declared import read
from lifeloop.channel.callbacks.receivers import Receiver, receiver
from lifeloop.channel.callbacks.values import Post, Report
from lifeloop.channel.declared import Declared
from lifeloop.channel.declared_border import DeclaredBorder
from lifeloop.channel.declared_files import MAIL, declared
from lifeloop.channel.exchange import Exchange
from lifeloop.channel.lookup import Found, Question, What, known
from lifeloop.channel.providers.reply import Reply
from lifeloop.channel.providers.settings import resolved
from lifeloop.channel.values import Envelope, Receipt
from lifeloop.clock import Instant
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.plan import Json

NOON = 1_780_000_000


@dataclass(frozen=True, slots=True)
class Tried:
    """One request as it would leave, and a way to ask what an answer to it means."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    _border: DeclaredBorder
    _envelope: Envelope
    _declared: Declared
    _receiver: Callable[[], Receiver | None]

    @property
    def json(self) -> Json:
        """The body, read."""
        found: Json = json.loads(self.body)
        return found

    def answered(self, status: int, body: Json | str = None, headers: Mapping[str, str] | None = None) -> Receipt:
        """Return what becomes of the message if this is the answer."""
        items = [self._border.check(self._envelope)]
        return self._border.receipts(items, self._reply(status, body, headers))[0]

    def reported(
        self, body: Json | str, headers: Mapping[str, str] | None = None, *, url: str = "", now: Instant = NOON
    ) -> tuple[Report, ...]:
        """Return what a report means that they post.

        With the headers or the address it came with, it has to prove itself, at the second ``now``; with neither it is
        only read, as an example of their documentation.

        Raises:
            ValueError: the file says nothing of callbacks, or (``Malformed``) this is nothing that it can read.
            Refused: it does not prove itself.
            NotReady: the settings hold no secret by which it could.
        """
        if self._declared.callbacks is None:
            raise ValueError("the provider file has no callbacks")
        address = urlsplit(url)
        word = address.path.removeprefix("/cb/").partition("/")[2]
        query = dict(parse_qsl(address.query))
        post = Post(body=_written(body), headers=_lowered(headers), query=query, url=url, word=word)
        if headers or url:
            self._prove(post, now)
        return read(self._declared.callbacks, post)

    def _prove(self, post: Post, now: Instant) -> None:
        found = self._receiver()
        if found is None:
            raise ValueError(f"nobody reports by the channel {self._envelope.channel}")
        found.check(post, now)

    @property
    def asks(self) -> str:
        """The address that is asked what became of the message; empty if the file has no lookup."""
        return next((str(request.url) for request in self._border.searches(self._question)), "")

    def looked_up(self, status: int, body: Json | str = None) -> Found:
        """Return what follows if this is the answer to a lookup: the message is there, absent, or still unknown."""
        reports = known(self._border, self._question, self._reply(status, body))
        what: What = "unknown" if reports is None or not self.asks else "there" if reports else "absent"
        return Found(id=self._envelope.id, what=what, reports=reports or ())

    @property
    def _question(self) -> Question:
        return Question(id=self._envelope.id, to=self._envelope.to, since=NOON)

    def _reply(self, status: int, body: Json | str, headers: Mapping[str, str] | None = None) -> Reply:
        got = Exchange(written=True, status=status, headers=_lowered(headers), body=_written(body))
        return Reply.read(self._envelope.channel, got, NOON)


def try_out(name: str, root: Path, settings: Mapping[str, str], envelope: Envelope) -> Tried:
    """Return the request in which a provider file would hand this message over.

    Raises:
        ValueError: there is no such file, or it has a mistake.
        Incomplete: the settings do not fit it.
        Unsendable: it cannot carry this message.
    """
    found = declared(name, root)
    if found is None:
        raise ValueError(f"there is no provider file {name}.yaml without mistakes; ask:  lifeloop validate")
    border = DeclaredBorder(found, resolved(name, found.takes, settings, {}), "example")
    request = border.request([border.check(envelope)], NOON)
    body = request.content.decode()
    way, mail = (name, name) if envelope.channel in MAIL else (envelope.channel, "inbox")
    project = Catalogue(email=mail, channels={way: {**settings, "provider": name}}, root=root)
    proves = partial(receiver, way, project, {}, _no_network)
    return Tried(request.method, str(request.url), dict(request.headers.items()), body, border, envelope, found, proves)


def _no_network(_url: str) -> bytes:
    raise AssertionError("a provider file proves itself by secrets alone")


def _written(body: Json | str) -> bytes:
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _lowered(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}
