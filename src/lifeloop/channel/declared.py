"""What a provider file says, as a value: settings, one request, what its answers mean, where its callbacks stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from lifeloop.channel.expression import Expression
from lifeloop.channel.values import Abilities, AboutAddress
from lifeloop.engine.retry import Outcome
from lifeloop.message.phrase import Phrase

Leaf = Phrase | Expression | str | int | float | bool | None
Body = Leaf | tuple["Body", ...] | Mapping[str, "Body"]
"""A body of which every leaf is a value, a text with holes, or an expression that finds the value."""
Form = Literal["json", "form"]
Scheme = Literal["none", "header", "basic", "hmac", "twilio", "meta", "bird", "standard-webhooks"]
SCHEMES: tuple[Scheme, ...] = ("none", "header", "basic", "hmac", "twilio", "meta", "bird", "standard-webhooks")
KINDS = (
    "accepted", "delivered", "opened", "clicked", "bounced", "dead", "failed", "complained", "unsubscribed", "replied",
)  # fmt: skip
"""What a callback may report of a message, in our words. ``dead``: it came back, because nobody is there."""

MESSAGE = frozenset({
    "id", "channel", "to", "text", "subject", "html", "journey", "step", "topic", "locale", "unsubscribe", "sender",
    "reply_to", "headers", "header_list", "header_items",
})  # fmt: skip
"""What a provider file may read of a message, each as ``message.`` and its name."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """How a request proves who sends it: a user and a password, or a key after the word ``Bearer``."""

    kind: Literal["basic", "bearer"]
    texts: tuple[Phrase, ...]


@dataclass(frozen=True, slots=True)
class Order:
    """The one request that hands a message over."""

    method: str
    url: Phrase
    body: Body
    form: Form = "json"
    headers: Mapping[str, Phrase] = field(default_factory=dict)
    sign_in: SignIn | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What an answer means if its status is one of these (none: any) and the expression holds (none: always)."""

    means: Outcome
    statuses: frozenset[int] = frozenset()
    when: Expression | None = None
    wait: int | None = None
    address: AboutAddress | None = None
    says: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that a message may say and the provider has no words for: refused here, never dropped on the way."""

    when: Expression
    says: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """Where in what is posted stands what people wrote to us. Their words are read, and not kept."""

    sender: Expression
    each: Expression | None = None
    when: Expression | None = None
    """Holds for what people wrote; None: for everything that has a sender."""
    id: Expression | None = None
    text: Expression | None = None
    word: Expression | None = None
    """Where the provider itself says STOP, START or HELP."""
    answers: Expression | None = None
    """The provider's name of the message that is answered, if it says."""
    at: Expression | None = None


@dataclass(frozen=True, slots=True)
class Callbacks:
    """How the provider tells what became of messages. ``proof`` holds what the scheme needs, by name."""

    scheme: Scheme
    proof: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)
    """What ``timestamp`` and ``signature`` are called in one header that holds both; none: the header is one text."""
    form: Form = "json"
    each: Expression | None = None
    """Finds the list of reports in what is posted; None: it is one report."""
    message: Expression | None = None
    """Finds our message id in one report; ``query`` holds what stands in the address behind the question mark."""
    provider_id: Expression | None = None
    kind: Expression | None = None
    means: Mapping[str, str] = field(default_factory=dict)
    """Their word for what happened to one of ``KINDS``; other words are of no interest."""
    reason: Expression | None = None
    at: Expression | None = None
    inbound: tuple[Inbound, ...] = ()


@dataclass(frozen=True, slots=True)
class Lookup:
    """How the provider is asked what became of a message. ``reads`` says where in its answer our words are."""

    order: Order
    reads: Callbacks
    asked_by_id: bool = False
    """The file promises that what is found is the message that was asked for, though our id does not stand in it."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One provider file."""

    name: str
    about: str
    carries: tuple[str, ...]
    takes: Mapping[str, str | None]
    order: Order
    id: Expression | None = None
    rules: tuple[Rule, ...] = ()
    refuses: tuple[Refusal, ...] = ()
    abilities: Abilities = Abilities()
    callbacks: Callbacks | None = None
    lookup: Lookup | None = None
