"""A provider tried without a network: what it would be sent, and what an answer of its documentation would mean."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lifeloop.channel.declared_border import DeclaredBorder
from lifeloop.channel.declared_files import declared
from lifeloop.channel.exchange import Exchange
from lifeloop.channel.providers.reply import Reply
from lifeloop.channel.providers.settings import resolved
from lifeloop.channel.values import Envelope, Receipt
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

    @property
    def json(self) -> Json:
        """The body, read."""
        found: Json = json.loads(self.body)
        return found

    def answered(self, status: int, body: Json | str = None, headers: Mapping[str, str] | None = None) -> Receipt:
        """Return what becomes of the message if this is the answer."""
        content = body if isinstance(body, str) else json.dumps(body)
        said = {name.lower(): value for name, value in (headers or {}).items()}
        got = Exchange(written=True, status=status, headers=said, body=content.encode())
        items = [self._border.check(self._envelope)]
        return self._border.receipts(items, Reply.read(self._envelope.channel, got, NOON))[0]


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
    return Tried(request.method, str(request.url), dict(request.headers.items()), body, border, envelope)
