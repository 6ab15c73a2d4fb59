"""What a provider posts to us, and what it says of one message once it is read: one event in our own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lifeloop.clock import Instant

Kind = Literal[
    "accepted", "deferred", "delivered", "opened", "clicked", "bounced", "rejected", "failed", "complained",
    "unsubscribed", "resubscribed", "replied", "autoreplied", "opted_out", "opted_in",
]  # fmt: skip
"""``bounced``: the other side refused it. ``rejected``: the provider did not try. ``failed``: a fault of theirs or
ours. ``deferred``: it is tried again. ``opted_out``, ``opted_in``: they wrote STOP or START to a whole channel."""
Bounce = Literal["hard", "soft", "block"]
"""Nobody is there; not now, for long; our name is not welcome, which says nothing about the person."""
Reader = Literal["person", "proxy", "prefetch", "bot"]


class Refused(Exception):  # noqa: N818  # said of a request, it is the word
    """Nothing proves that this comes from the provider; the text says what is wrong, and never what would be right."""


class Malformed(ValueError):  # noqa: N818  # said of a body, it is the word
    """It comes from the provider, and is nothing that it is known to send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One request as it came. ``url``: the public address that was called, with what stands behind the ``?``."""

    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Names in small letters."""
    query: Mapping[str, str] = field(default_factory=dict, repr=False)
    url: str = field(default="", repr=False)
    word: str = field(default="", repr=False)
    """What stands in the path behind the name of the way out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a provider says of one message. What identifies a person stays out of its printed form."""

    key: str
    """Which report it is: the same one, sent again, has the same key."""
    kind: Kind
    at: Instant | None = None
    """When it happened, by the provider's clock; None: it does not say."""
    message: str | None = None
    """Our id of the message."""
    provider_id: str | None = None
    recipient: str | None = field(default=None, repr=False)
    """Whose address it is about: where it went, or who wrote back."""
    believed: bool = True
    """What it says of addresses is believed whosever they are. Not of mail, which anybody can write: there only the
    address that our own message went to counts."""
    bounce: Bounce | None = None
    listed: bool = False
    """The provider did not try, because the address stands on a list of its own."""
    word: str = ""
    """What somebody wrote back, where it is a word that asks for something: ``stop``, ``start`` or ``help``."""
    reason: str = ""
    """Codes only: no address, no prose."""
    by: Reader | None = None
    """Who opened or clicked, where the provider tells programs from people."""
    agent: str = field(default="", repr=False)
    raw: str = field(default="", repr=False)
    """What it said, shortened, without secrets and addresses."""
