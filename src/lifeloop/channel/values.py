"""What is handed to a way out, and what comes back: an envelope or a request in, one receipt each out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

from lifeloop.engine.retry import Outcome
from lifeloop.journey.catalogue import Sender
from lifeloop.journey.plan import Json

Handed_contra = TypeVar("Handed_contra", contravariant=True)


AboutAddress = Literal["dead", "listed", "opted out"]
"""What a refusal says of the address itself: nobody is there, the provider has it on a list of its own, or its
owner told the provider to be left alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """One rendered message to one address. What identifies a person stays out of its printed form."""

    id: str
    """The message id: unique for ever, the key a provider may recognise a second try by."""
    channel: str = "email"
    to: str = field(repr=False)
    """An e-mail address, a phone number, or for channels without addresses the customer id."""
    sender: Sender | None = None
    subject: str = field(default="", repr=False)
    html: str | None = field(default=None, repr=False)
    text: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Further headers, for instance ``List-Id``; the ones Lifeloop writes itself cannot be replaced."""
    journey: str = ""
    step: str = ""
    topic: str = ""
    locale: str | None = None
    unsubscribe: str | None = field(default=None, repr=False)
    """The https address of one-click unsubscribing; None on mail that cannot be unsubscribed from."""
    unsubscribe_mail: str | None = field(default=None, repr=False)
    """The address to which an empty mail does the same; None: there is none."""
    bounces: str | None = field(default=None, repr=False)
    """Where this mail comes back to if nobody takes it; None: to the sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One rendered ``call`` step: which action of which connection, with what body."""

    id: str
    connection: str
    action: str
    body: Mapping[str, Json] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one envelope or request. ``detail`` is safe to show: no secret, no address, no body."""

    id: str
    outcome: Outcome
    provider_id: str | None = None
    retry_after: int | None = None
    """Seconds the other side asked us to wait, already bounded."""
    slow_down: bool = False
    """The other side did not take it because it is handed too much: that is about all messages, not about this one."""
    timed_out: bool = False
    """Nobody answered within the time limit: the other side may hang, and then every message waits that long."""
    used_up: bool = False
    """The account's quota is used up: it takes nothing until there is room again. Said beside ``slow_down``."""
    gone: bool = False
    """A receiver of webhooks says that it wants no more of them, ever (410)."""
    answer: Json | None = field(default=None, repr=False)
    """The parsed answer of a call, for ``call … as``; None when there was none that could be read."""
    detail: str = ""
    address: AboutAddress | None = None
    """What the refusal says of the address, for suppression; None: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a way out promises, declared once; the uncertain policy and the sending loop are chosen from it."""

    key_window: int | None = None
    """Seconds during which a second try with the same id is recognised; None: it is not."""
    lookup: bool = False
    """It can be asked later whether a message arrived."""
    absent_after: int | None = None
    """Seconds after which what it does not find was surely never taken; None: it may still come to light."""
    batch: int = 1
    """How many it takes at once."""
    rate: float | None = None
    """How many a second it takes; None: as fast as it answers."""
    concurrency: int | None = None
    """How many requests it takes at the same time, from all workers together; None: it does not say."""
    quota: int | None = None
    """How many it takes in a day; None: it does not say."""
    per_request: int = 1
    """How many go into one request."""
    pauses: tuple[int, ...] = ()
    """Seconds before each further try, and no try after them; none: doubling, until it would be too late."""


class Channel(Protocol[Handed_contra]):
    """A way out. It returns one receipt per item, in order, and raises for nothing the outside world does."""

    @property
    def abilities(self) -> Abilities:
        """What this way out promises."""
        ...

    async def send(self, batch: Sequence[Handed_contra], /) -> Sequence[Receipt]:
        """Try each item once, and say what became of it."""
        ...

    async def close(self) -> None:
        """Let go of kept connections."""
        ...
