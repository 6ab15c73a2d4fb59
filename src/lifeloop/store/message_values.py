"""Values of the outbox: what is written, what the gate says, what comes of it, what the inbox page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from lifeloop.clock import Instant
from lifeloop.engine.values import NOTHING, Facts, Record

MessageKind = Literal["mail", "call", "ask"]
MessageStatus = Literal[
    "ready",
    "attempting",
    "sent",
    "rejected",
    "uncertain",
    "assumed_sent",
    "suppressed",
    "capped",
    "expired",
    "cancelled",
    "held",
]
REFERENCE = 16
Receipt = Literal["opened", "clicked", "replied", "bounced", "delivered", "complained"]


class NewMessage(NamedTuple):
    """A row for the outbox. ``id`` is derived, so writing it twice writes it once.

    ``due_at``: when it was meant to leave. ``name``: the message, ``connection.action``, or who is asked.
    """

    id: str
    kind: MessageKind
    run_id: int | None
    customer_id: int
    journey: str
    node: str
    visit: int
    name: str
    due_at: Instant
    channel: str = ""
    topic: str = ""
    counts: bool = True
    expires_at: Instant | None = None
    data: Record = NOTHING


class Message(NamedTuple):
    """A row of the outbox, which is also the ledger of what was said."""

    id: str
    kind: MessageKind
    run_id: int | None
    customer_id: int
    key: str
    journey: str
    plan: str | None
    node: str
    visit: int
    name: str
    channel: str
    topic: str
    counts: bool
    status: MessageStatus
    due_at: Instant
    next_at: Instant | None
    expires_at: Instant | None
    made_at: Instant
    sent_at: Instant | None
    fence: int
    owner: str | None
    lease_until: Instant | None
    tries: int
    provider_id: str | None
    reason: str | None
    data: Record
    answer: Record | None
    answered_at: Instant | None
    receipts: Mapping[Receipt, Instant]
    way: str | None = None
    """The way out by which it left or may have left; None: it was never handed over."""

    @property
    def reference(self) -> str:
        """Return as much of the id as people type: its month, and eight letters more."""
        return self.id[:REFERENCE]


class GateFacts(NamedTuple):
    """What may forbid one send, read under the customer's lock."""

    facts: Facts
    """``sent`` holds only what has left or may have left (reservations), never this message."""
    halted: str | None
    """Why nothing may leave at all: the kill switch or the restore guard; None: it may."""
    paused: bool
    run_status: str | None
    """Where its run stands: a stopped run's messages are cancelled. None: it has no run."""
    run_reason: str | None = None
    started_at: Instant | None = None
    run_due_at: Instant | None = None
    """When its run is looked at next: until it was, nobody knows whether the message is still wanted."""


class Decision(NamedTuple):
    """What the gate said. ``ready`` with ``until``: held so long; ``held``: until somebody releases it."""

    id: str
    to: Literal["attempting", "ready", "held", "suppressed", "capped", "expired", "cancelled"]
    reason: str | None = None
    until: Instant | None = None
    due_at: Instant | None = None
    """When it is meant to leave from now on, because a rule held it; None: as before, so being late stays late."""
    way: str | None = None
    """By which way out it goes, if it does; None: as before."""
    ends: str | None = None
    """Why its run ends with it; None: the run goes on."""


class Outcome(NamedTuple):
    """What came of one attempt; ``fence`` as given by ``mark``. ``ready`` (surely not accepted) needs ``retry_at``."""

    id: str
    fence: int
    to: Literal["sent", "rejected", "ready", "uncertain", "assumed_sent", "held"]
    outcome: str
    """Class of outcome: ``accepted``, ``not accepted``, ``rejected``, ``configuration``, ``uncertain``."""
    reason: str | None = None
    provider_id: str | None = None
    retry_at: Instant | None = None
    answer: Record | None = None
    raw: str = ""
    """The raw answer, shortened and without secrets."""
    unused: bool = False
    """Nothing was wrong with this message and nobody had it: the try does not count."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, as written."""

    message_id: str
    number: int
    at: Instant
    outcome: str
    reason: str | None
    raw: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was handed over, so that the inbox page can show it."""

    message_id: str
    to: str
    sender: str
    subject: str
    html: str
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class InboxFilter:
    """What the inbox page asks for. ``text`` looks in recipient and subject; days are instants ``[since, until)``."""

    text: str = ""
    journey: str | None = None
    node: str | None = None
    key: str | None = None
    since: Instant | None = None
    until: Instant | None = None
    kind: MessageKind | None = None
    """``mail``: only what customers get, without calls and questions to colleagues."""


@dataclass(frozen=True, slots=True)
class InboxLine:
    """One mail in the list."""

    message_id: str
    at: Instant
    key: str
    to: str
    sender: str
    subject: str
    journey: str
    node: str
    name: str
    channel: str
    status: MessageStatus


@dataclass(frozen=True, slots=True)
class InboxTally:
    """How many mails of one step of one journey left on one day (its UTC midnight)."""

    day: Instant
    journey: str
    node: str
    count: int


@dataclass(frozen=True, slots=True)
class InboxPerson:
    """One customer with mail, how many, and from how many journeys."""

    key: str
    count: int
    journeys: int
