"""What a mail provider over HTTP is: settings in, one request for some mails out, and one receipt each back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol

import httpx

from lifeloop.channel.exchange import USUAL_HEADERS
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.reply import Reply
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant

NEEDED = None
OPTIONAL = ""


class Provider(Protocol):
    """One provider's words at the border. It does nothing itself: no network, no clock, no retry."""

    TAKES: ClassVar[Mapping[str, str | None]]
    """Its settings: ``NEEDED``, ``OPTIONAL``, or what holds when nothing is said."""

    @property
    def abilities(self) -> Abilities:
        """What it promises."""
        ...

    @property
    def per_request(self) -> int:
        """How many complete, different mails one request holds."""
        ...

    def request(self, mails: Sequence[Mail], now: Instant, /) -> httpx.Request:
        """Return the request that hands these mails over, at most ``per_request`` of them."""
        ...

    def receipts(self, mails: Sequence[Mail], reply: Reply, /) -> Sequence[Receipt]:
        """Say what became of each mail."""
        ...


def post(url: str, *, headers: Mapping[str, str], json: object) -> httpx.Request:
    """Return a request with a JSON body."""
    return httpx.Request("POST", url, headers={**USUAL_HEADERS, **headers}, json=json)
