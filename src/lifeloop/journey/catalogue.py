"""What a project declares: attributes, events, objects, topics, segments, connections, senders. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lifeloop.journey.breakers import Breakers, Rate
from lifeloop.journey.condition import Condition, Value
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.length import Length
from lifeloop.journey.moment import Hours
from lifeloop.journey.pacing import Pacing

Tracking = Literal["off", "aggregate", "individual"]
TRACKING: tuple[Tracking, ...] = ("off", "aggregate", "individual")
"""What is counted of opens and clicks: nothing, clicks of everybody together, or each person's who said yes."""
Receives = Literal["calls", "webhooks"]
"""What an outside system takes: calls that must not be repeated, or webhooks, which it knows again by their id."""
RECEIVES: tuple[Receives, ...] = ("calls", "webhooks")
AttributeType = Literal["text", "number", "money", "date", "datetime", "boolean", "email", "phone", "length"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """One declared piece of data: ``yearly_value: money?``, ``plan: free | plus | premium``, ``score: 0..10``."""

    name: str
    type: AttributeType = "text"
    optional: bool = False
    personal: bool = False
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class EventType:
    """A declared event and what it carries, by attribute name."""

    name: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ObjectType:
    """A thing that a customer has several of: a contract, an order. ``key`` is unique per customer."""

    name: str
    key: str
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Topic:
    """The consent key. ``contract`` needs no consent, ``consent`` a granted one. ``counts``: for gap and limit."""

    name: str
    basis: Literal["contract", "consent"] = "consent"
    counts: bool = True
    titles: Mapping[str, str] = field(default_factory=dict)
    similar_to: tuple[str, ...] = ()
    """Products whose buyers need not have said yes, where the law of their country allows it (soft opt-in)."""
    watch: Limit | None = None
    """More than this to one person is told to operators. It holds nothing; None: nobody watches."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most ``count`` messages in any stretch of ``per`` (rolling)."""

    count: int
    per: Length


@dataclass(frozen=True, slots=True)
class Delivery:
    """When and how often messages may leave. ``None``: said further out, or nowhere."""

    hours: Hours | None = None
    gap: Length | None = None
    limit: Limit | None = None
    topic: str | None = None
    timezone: str | None = None
    holidays: Literal["avoid", "ignore"] | None = None
    recovery: Literal["wait", "skip", "send"] | None = None
    """What becomes of promotion while another journey puts something right with the customer."""
    volume: Rate | None = None
    """What one journey may send to all people together, before it is halted."""


@dataclass(frozen=True, slots=True)
class Action:
    """One named request of a connection: ``create-task: POST /tasks``."""

    name: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Connection:
    """An outside system. ``base``, ``token`` and ``secret`` may be ``env.NAME``: read when used, never stored."""

    name: str
    base: str
    token: str | None = None
    secret: str | None = None
    actions: Mapping[str, Action] = field(default_factory=dict)
    key_window: int | None = None
    """Seconds for which it takes a second request with the same key for the first one; None: nobody says so."""
    former_secret: str | None = None
    """The secret before this one: while receivers change over, every request carries both signatures."""
    receives: Receives = "calls"
    pacing: Pacing = Pacing()


@dataclass(frozen=True, slots=True)
class Sender:
    """Who a message comes from."""

    name: str
    display: str
    address: str
    reply_to: str | None = None

    @property
    def domain(self) -> str:
        """What stands behind the @, in small letters: mailboxes trust it or do not."""
        return self.address.rpartition("@")[2].lower()


@dataclass(frozen=True, slots=True)
class Web:
    """Where recipients' own pages are, and what signs their links. Secrets are ``env.NAME``, read when used."""

    address: str | None = None
    secret: str | None = None
    former_secret: str | None = None
    """The secret before this one: links in mails already sent go on working."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """How texts are written: in so many ``processes`` of their own, each text within these limits.

    ``processes`` 0: in the process that sends, but for texts that one died with.
    """

    processes: int = 0
    seconds: int = 1
    megabytes: int = 256


@dataclass(frozen=True, slots=True)
class Retention:
    """After how many days history goes. None: it is kept."""

    texts: int | None = None
    """Messages word for word, as they were handed over."""
    events: int | None = None
    attempts: int | None = None
    visits: int | None = None
    messages: int | None = None
    """Messages that are over, with everything known of them; never sooner than anything may still ask about them."""


@dataclass(frozen=True, slots=True)
class OwnCustomerRules:
    """When having bought stands in for a yes. ``countries``: ways allowed, where the built-in table is not right."""

    company: str = ""
    """Who sells and writes; empty: the name under ``company``."""
    within: Length = Length(months=36)
    """How long after the sale."""
    countries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """``lifeloop.yaml`` as a value: the words that journeys, templates, imports and tests may use."""

    project: str = "project"
    root: Path = Path()
    timezone: str = "UTC"
    language: str = "en"
    country: str | None = None
    environment: str = "local"
    delivery: Delivery = Delivery()
    grace: Length = Length(days=1)
    topics: Mapping[str, Topic] = field(default_factory=dict)
    customer: Mapping[str, Attribute] = field(default_factory=dict)
    events: Mapping[str, EventType] = field(default_factory=dict)
    objects: Mapping[str, ObjectType] = field(default_factory=dict)
    segments: Mapping[str, Condition] = field(default_factory=dict)
    predicates: Mapping[str, str] = field(default_factory=dict)
    connections: Mapping[str, Connection] = field(default_factory=dict)
    senders: Mapping[str, Sender] = field(default_factory=dict)
    approvers: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Value] = field(default_factory=dict)
    company: Mapping[str, str] = field(default_factory=dict)
    priority: tuple[str, ...] = ()
    own_customers: OwnCustomerRules = OwnCustomerRules()
    people: str = "people/"
    email: str = "inbox"
    """The way out for e-mail: ``inbox``, ``smtp`` or a provider; its settings live under ``channels``."""
    channels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    pacings: Mapping[str, Pacing] = field(default_factory=dict)
    """How fast each of these ways out may be used, where that is said."""
    places: Mapping[str, Place] = field(default_factory=dict, compare=False)
    """Where the settings under ``channels`` stand, for the room that knows what each provider takes."""
    web: Web = Web()
    tracking: Tracking = "off"
    test_addresses: tuple[str, ...] = ()
    """Who may get messages that leave this machine while ``environment`` is not ``production``."""
    retention: Retention = Retention()
    render: Rendering = Rendering()
    breakers: Breakers = Breakers()


@dataclass(frozen=True, slots=True)
class MessageInfo:
    """What the journey room may know of a template without importing Jinja: data crosses, code does not."""

    name: str
    channel: str = "email"
    locales: tuple[str, ...] = ()
    subject: str = ""
    uses: tuple[str, ...] = ()
    """Dotted data names the texts read, over all locales: ``customer.first_name``, ``event.score``, ``offer``."""
    digest: str = ""
    spared: tuple[str, ...] = ()
    """Those of ``uses`` that every text can do without: they have a default, or stand inside an ``if`` on them."""


Library = Mapping[str, MessageInfo]
"""Message name to what is known of it."""
