"""What a provider over HTTP is: settings in, one request for some messages out, and one receipt each back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Protocol, TypeVar

import httpx
from msgspec.json import encode

from lifeloop.channel.exchange import USUAL_HEADERS, read_address
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.reply import Item, Reply
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant

NEEDED = None
OPTIONAL = ""
AT_ONCE = 10
"""How many requests are under way at a time where nothing else is known."""
Checked_contra = TypeVar("Checked_contra", bound=Item, contravariant=True)


class Border(Protocol[Checked_contra]):
    """One provider's words. It does nothing itself: no network, no clock, no retry."""

    @property
    def abilities(self) -> Abilities:
        """What it promises."""
        ...

    @property
    def per_request(self) -> int:
        """How many complete, different messages one request holds."""
        ...

    def request(self, items: Sequence[Checked_contra], now: Instant, /) -> httpx.Request:
        """Return the request that hands these messages over, at most ``per_request`` of them.

        Raises:
            Unsendable: the provider has no words for something that the message says.
        """
        ...

    def receipts(self, items: Sequence[Checked_contra], reply: Reply, /) -> Sequence[Receipt]:
        """Say what became of each message."""
        ...


class MailProvider(Border[Mail], Protocol):
    """A provider of mail that is written in Python; it is made with its settings."""

    TAKES: ClassVar[Mapping[str, str | None]]
    """Its settings: ``NEEDED``, ``OPTIONAL``, or what holds when nothing is said."""

    def __init__(self, said: Mapping[str, str]) -> None:
        """Take the settings, all of them looked up."""


def get(url: str, *, headers: Mapping[str, str], params: Mapping[str, object]) -> httpx.Request:
    """Return a request for something that the provider knows."""
    return httpx.Request(
        "GET", url, headers={**USUAL_HEADERS, **headers}, params={name: str(value) for name, value in params.items()}
    )


def post(url: str, *, headers: Mapping[str, str], json: object) -> httpx.Request:
    """Return a request with a JSON body. A whole mail in it is written in a tenth of the usual time."""
    said = {**USUAL_HEADERS, "Content-Type": "application/json", **headers}
    return httpx.Request("POST", read_address(url), headers=said, content=encode(json))
