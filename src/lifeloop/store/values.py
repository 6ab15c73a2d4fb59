"""What goes into the store and what comes out: frozen rows. Tables and SQL stay behind the door.

What comes by the thousand is a named tuple: as frozen as the others, and made in a third of the time.

``customer_id`` is the store's own small integer; ``key`` is the customer's id as the company writes it (the
engine's ``Facts.customer_id``). Journeys and plans are named by their text id and digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from lifeloop.clock import Instant
from lifeloop.engine.values import NOTHING, Record, Visited
from lifeloop.journey.condition import DataName
from lifeloop.journey.plan import Json
from lifeloop.store.message_values import (
    Attempt,
    Decision,
    GateFacts,
    InboxFilter,
    InboxLine,
    InboxPerson,
    InboxTally,
    Message,
    MessageKind,
    MessageStatus,
    NewMessage,
    Outcome,
    Receipt,
    Rendered,
)
from lifeloop.store.run_values import (
    CandidateRow,
    Line,
    NewCandidate,
    NewRun,
    PastRun,
    Run,
    Saved,
)

__all__ = [
    "EVERYBODY", "AddedEvents", "Assign", "Attempt", "CandidateRow", "Change", "ConsentRow", "Customer",
    "CustomerRow", "Decision", "EventRow", "FirstDue", "GateFacts", "InboxFilter", "InboxLine", "InboxPerson",
    "InboxTally", "Instance", "JourneyCounts", "JourneyRow", "Line", "Message", "MessageKind", "MessageStatus",
    "Needs", "NewCandidate", "NewMessage", "NewRun", "ObjectRow", "Outcome", "PastRun", "PlanRow", "Receipt",
    "Rendered", "Run", "Saved", "Shard", "Step", "StoredEvent", "StoredObject", "Subject", "SuppressionRow",
    "Upserted",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of the customers: those whose ``customer_id`` leaves ``index`` when divided by ``count``."""

    index: int = 0
    count: int = 1


EVERYBODY = Shard()


# --- customers and their things ---------------------------------------------------------------------------------


class CustomerRow(NamedTuple):
    """One customer to write. A missing attribute stays as it is, None removes it.

    ``email``, ``phone``, ``locale`` and ``timezone`` in ``data`` have columns of their own; callers need not care.
    """

    key: str
    data: Record = NOTHING


class Customer(NamedTuple):
    """A stored customer. ``data`` holds all attributes, with ``email``, ``phone``, ``locale``, ``timezone``, ``id``."""

    id: int
    key: str
    data: Record


@dataclass(frozen=True, slots=True)
class ObjectRow:
    """One thing of a customer, to write; merged like a customer."""

    customer_id: int
    kind: str
    key: str
    fields: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A contract, an order, a subscription."""

    customer_id: int
    kind: str
    key: str
    fields: Record


@dataclass(frozen=True, slots=True)
class Assign:
    """The engine's ``SetData`` with whom it is about: root ``customer``, or the kind of ``object_key``."""

    customer_id: int
    name: DataName
    value: Json
    object_key: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute that now differs. ``old`` or ``new`` None: it was or became unknown."""

    customer_id: int
    name: DataName
    old: Json
    new: Json
    object_key: str | None = None


@dataclass(frozen=True, slots=True)
class Upserted:
    """What writing customers did: ``ids`` by key, which of them are ``new``, and what changed."""

    ids: Mapping[str, int]
    new: frozenset[int]
    changes: tuple[Change, ...]


# --- events -----------------------------------------------------------------------------------------------------


class EventRow(NamedTuple):
    """Something that happened, to write. ``(source, message_id)`` says which one it is."""

    source: str
    message_id: str
    customer_id: int
    name: str
    at: Instant
    data: Record = NOTHING
    guessed_at: bool = False
    """The sender did not say when: ``at`` is our own clock's, and a repetition may have another."""


class StoredEvent(NamedTuple):
    """A written event; ``seq`` orders what we learned."""

    seq: int
    customer_id: int
    name: str
    at: Instant
    data: Record
    source: str
    message_id: str
    received_at: Instant


@dataclass(frozen=True, slots=True)
class AddedEvents:
    """What became of a batch: new ones in order, and the places of the others in it.

    ``conflicts`` came under an id that already stands for another body: refused, and to be reported.
    """

    new: tuple[StoredEvent, ...]
    duplicates: tuple[int, ...] = ()
    conflicts: tuple[int, ...] = ()


# --- journeys and plans -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A compiled journey by digest; ``body`` is its JSON text."""

    journey: str
    digest: str
    body: str


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """Which plan is live, and whether the journey rests."""

    name: str
    digest: str | None
    paused_at: Instant | None
    reason: str | None
    published_at: Instant


# --- facts ------------------------------------------------------------------------------------------------------


class Subject(NamedTuple):
    """About whom and what facts are wanted: a run, or a candidate (``run_id`` None)."""

    customer_id: int
    run_id: int | None = None
    object_kind: str | None = None
    object_key: str | None = None


@dataclass(frozen=True, slots=True)
class Needs:
    """What the plans of a batch read; the union of them, so that each table is asked once."""

    events: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    sent_since: Instant | None = 0
    """Messages to anybody's runs from then on count for gap and limit; None: no messages are needed.
    A run's own messages always come along."""
    answers: bool = True
    """Whether anybody may wait for the answer of a call or of a person."""


# --- consent ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """Permission given or taken. ``channel`` ``*``: all channels of the topic.

    ``wording`` and ``version``: what the person read; ``evidence``: JSON of how and where they said it.
    """

    customer_id: int
    topic: str
    granted: bool
    at: Instant
    channel: str = "*"
    source: str = ""
    evidence: str = ""
    wording: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class SuppressionRow:
    """An address never to write to. ``channel`` ``*``: none of the customer's channels with that address."""

    channel: str
    address: str
    reason: str
    at: Instant


# --- reads ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the history of one run, with the journey and the plan it was made by."""

    run_id: int
    journey: str
    plan: str
    visited: Visited


@dataclass(frozen=True, slots=True)
class FirstDue:
    """When the first of each kind falls due; None: nothing of that kind ever does. A lease is due when it runs out."""

    candidates: Instant | None
    occasions: Instant | None
    runs: Instant | None
    messages: Instant | None
    leases: Instant | None

    @property
    def any(self) -> Instant | None:
        """The first of them all."""
        moments = (self.candidates, self.occasions, self.runs, self.messages, self.leases)
        return min((moment for moment in moments if moment is not None), default=None)


@dataclass(frozen=True, slots=True)
class JourneyCounts:
    """Where a journey's people and messages are. ``waiting_at``: node to number of people.

    ``messages`` counts what customers get, ``others`` calls and questions to colleagues, both by status.
    """

    journey: str
    runs: Mapping[str, int]
    waiting_at: Mapping[str, int]
    messages: Mapping[str, int]
    others: Mapping[str, int]
    candidates: int
    converted: int
    next_due: Instant | None


@dataclass(frozen=True, slots=True)
class Instance:
    """Whose database this is and whether it may act. ``held`` says why not."""

    epoch: int
    host: str
    heartbeat: Instant
    held: str | None
