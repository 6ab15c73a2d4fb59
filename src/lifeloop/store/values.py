"""What goes into the store and what comes out: frozen rows. Tables and SQL stay behind the door.

``customer_id`` is the store's own small integer; ``key`` is the customer's id as the company writes it (the
engine's ``Facts.customer_id``). Journeys and plans are named by their text id and digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lifeloop.clock import Instant
from lifeloop.engine.values import Candidate, Record, State, Visited
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

__all__ = [
    "EVERYBODY", "AddedEvents", "Assign", "Attempt", "CandidateRow", "Change", "ConsentRow", "Customer",
    "CustomerRow", "Decision", "EventRow", "FirstDue", "GateFacts", "InboxFilter", "InboxLine", "InboxPerson",
    "InboxTally", "Instance", "JourneyCounts", "JourneyRow", "Line", "Message", "MessageKind", "MessageStatus",
    "Needs", "NewCandidate", "NewMessage", "NewRun", "ObjectRow", "Outcome", "PastRun", "PlanRow", "Receipt",
    "Rendered", "Run", "Saved", "Shard", "Step", "StoredEvent", "StoredObject", "Subject", "SuppressionRow",
    "Upserted", "Waiting",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of the customers: those whose ``customer_id`` leaves ``index`` when divided by ``count``."""

    index: int = 0
    count: int = 1


EVERYBODY = Shard()


# --- customers and their things ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One customer to write. A missing attribute stays as it is, None removes it.

    ``email``, ``phone``, ``locale`` and ``timezone`` in ``data`` have columns of their own; callers need not care.
    """

    key: str
    data: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Customer:
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


@dataclass(frozen=True, slots=True)
class EventRow:
    """Something that happened, to write. ``(source, message_id)`` says which one it is."""

    source: str
    message_id: str
    customer_id: int
    name: str
    at: Instant
    data: Record = field(default_factory=dict)
    guessed_at: bool = False
    """The sender did not say when: ``at`` is our own clock's, and a repetition may have another."""


@dataclass(frozen=True, slots=True)
class StoredEvent:
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
    """``conflicts`` came under an id that already stands for another body: refused, and to be reported."""

    new: tuple[StoredEvent, ...]
    duplicates: tuple[EventRow, ...]
    conflicts: tuple[EventRow, ...]


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


# --- who may enter, and who is on the way -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewCandidate:
    """Somebody who may enter. Unique per journey, customer, trigger and ``subject``.

    ``subject``: the object key of a date start, the event's ``seq``, the moment of a calendar start; what makes
    this start another one than the last.
    """

    customer_id: int
    candidate: Candidate
    subject: str = ""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A stored candidate, claimed."""

    id: int
    customer_id: int
    key: str
    subject: str
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class NewRun:
    """An enrollment to write. ``entry_key`` is unique per customer and journey; one active run per ``subject``."""

    customer_id: int
    journey: str
    plan: str
    state: State
    entry_key: str = ""
    subject: str = ""
    object_key: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """An enrollment as it was claimed. ``fence`` must be handed back unchanged when the move is saved."""

    id: int
    customer_id: int
    key: str
    journey: str
    plan: str
    entry_key: str
    subject: str
    object_key: str | None
    fence: int
    state: State


@dataclass(frozen=True, slots=True)
class Saved:
    """One moved run: the ``fence`` it was claimed with and its new state."""

    id: int
    fence: int
    state: State


@dataclass(frozen=True, slots=True)
class PastRun:
    """An earlier or present run, for ``again``."""

    id: int
    customer_id: int
    entry_key: str
    subject: str
    status: str
    started_at: Instant


@dataclass(frozen=True, slots=True)
class Line:
    """One ``Visited`` of one move. ``fence`` is the one the run was claimed with, ``index`` its place in the move."""

    run_id: int
    fence: int
    index: int
    visited: Visited


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits where until when: one line of ``lifeloop who``."""

    run_id: int
    customer_id: int
    key: str
    journey: str
    node: str | None
    since: Instant
    due_at: Instant | None


# --- facts ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subject:
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
    runs: Instant | None
    messages: Instant | None
    leases: Instant | None

    @property
    def any(self) -> Instant | None:
        """The first of them all."""
        moments = (self.candidates, self.runs, self.messages, self.leases)
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
