"""What goes into the engine and what comes out: state, facts, wakes, effects. Frozen values, JSON inside.

Dates in facts are ISO 8601 text, as they were imported; the engine reads them where a condition or an anchor
asks for a date. Instants are whole seconds since 1970 UTC.

What every single move reads and makes anew (facts, state, lines, itself) are named tuples: as frozen as the others,
and made in a third of the time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

from lifeloop.clock import Instant
from lifeloop.journey.condition import DataName
from lifeloop.journey.plan import Json, Policy

Record = Mapping[str, Json]
"""Attribute name to JSON value; a missing key and ``None`` both mean unknown."""

NOTHING: Record = {}
"""The record without anything in it; nobody ever writes into a record."""


class Status(StrEnum):
    """Where a run stands. The last three are final."""

    #: waits for ``due_at``, an event or an answer
    WAITING = "waiting"
    #: came to its end
    COMPLETED = "completed"
    #: ended early, by a stop step or a stop rule; the reason says which
    STOPPED = "stopped"
    #: could not be moved on: an error that an operator must see (set by the store's caller, never by ``advance``)
    FAILED = "failed"


class Wake(StrEnum):
    """Why a run is looked at now. The engine always looks at all facts; the wake is what the visit shows."""

    START = "start"
    TIMER = "timer"
    EVENT = "event"
    CHANGE = "change"
    ANSWER = "answer"


class Event(NamedTuple):
    """Something that happened to a customer. ``seq`` orders what we learned; ``at`` is when it occurred."""

    seq: int
    name: str
    at: Instant
    data: Record = NOTHING


class Sent(NamedTuple):
    """A message that counts as said: ready, on its way, or gone. ``own``: from the run being advanced."""

    message: str
    channel: str
    topic: str
    at: Instant
    counts: bool = True
    own: bool = False
    journey: str = ""
    """Whose message it was."""
    id: str = ""
    """Which row of the outbox it is, so that a second try does not stand in its own way."""
    pending: bool = False
    """Decided, and not handed over yet: a journey that goes first may still take its place."""
    opened_at: Instant | None = None
    clicked_at: Instant | None = None
    replied_at: Instant | None = None
    bounced_at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a ``call … as`` or an ``ask``: for asks ``{"approved": true, …}``."""

    node: str
    visit: int
    data: Record
    at: Instant


@dataclass(frozen=True, slots=True)
class Claim:
    """A message that another journey, which goes first, will want to leave at ``at``, as things stand.

    ``id``: its row of the outbox, once it is decided; ``run``: the run that will say it, before.
    """

    journey: str
    message: str
    by: tuple[str, ...]
    at: Instant
    policy: Policy
    id: str = ""
    run: int | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale in which we got an address. ``offered``: they could say no to being written to, right there."""

    reference: str
    product: str
    at: Instant
    offered: bool
    entity: str = ""


class Facts(NamedTuple):
    """All that one decision may read about one customer, loaded beforehand, a query per table and batch."""

    customer_id: str
    customer: Record
    object: Record | None = None
    """This run's own object, live; None when it is gone or the journey is about the person."""
    things: Mapping[str, tuple[Record, ...]] = {}
    events: tuple[Event, ...] = ()
    """In order of ``seq``: those the plan listens to or asks the history of."""
    sent: tuple[Sent, ...] = ()
    consents: Mapping[str, bool] = {}
    """Topic (or ``channel/topic``, which wins) to granted or withdrawn; a missing topic was never answered."""
    suppressed: frozenset[str] = frozenset()
    """Channels that may never be used for this customer; ``*`` means all."""
    paused_until: Instant | None = None
    """Until when they asked for silence on everything that needs their consent."""
    pace: Literal["weekly"] | None = None
    """How often they want to hear from us at the most; None: as the project says."""
    claims: tuple[Claim, ...] = ()
    """What journeys that go first will want to say to them soon, the earliest first."""
    recovering: str | None = None
    """The journey that is putting something right with them; promotion waits for it."""
    sales: tuple[Sale, ...] = ()
    segments: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    """Python predicates that hold."""
    answers: tuple[Answer, ...] = ()
    halted: bool = False
    """Their journey is halted while they move: how late a message is, is judged at the gate, once it is released."""


class Candidate(NamedTuple):
    """Somebody who may enter. ``due_at``: the start moment, which may lie in the past for who joins late."""

    journey: str
    due_at: Instant
    trigger: Literal["event", "date", "segment", "change", "calendar", "hand", "journey"]
    start: Record = NOTHING
    """What ``start.`` will be: the event's data, the ``with`` of an ``enter``, or empty."""
    event_seq: int | None = None
    object_key: str | None = None


class State(NamedTuple):
    """One run: where it stands and all it remembers. ``visit`` counts up with each node entered and fences writes."""

    node: str | None
    status: Status = Status.WAITING
    started_at: Instant = 0
    due_at: Instant | None = None
    """When to look again, at the latest; None once final."""
    deadline: Instant | None = None
    """When the present wait ends, or the present send may leave, as worked out last: a new answer is a re-timing.

    Unlike ``due_at`` nobody but the engine ever sets it, so it also tells an outage from a moved date."""
    since: Instant = 0
    """When the present node was entered."""
    since_seq: int = 0
    """The newest event known when the present node was entered (for ``since: now``)."""
    visit: int = 0
    start: Record = NOTHING
    event: Record | None = None
    """Data of the event that the last event wait took: ``event.`` in conditions and texts."""
    memory: Record = NOTHING
    """``journey.x``."""
    start_seq: int | None = None
    """The event that started the run: it does not count as having happened since the start."""
    used: tuple[int, ...] = ()
    """``seq`` of events that this run's waits (and its start) have taken: the mailbox rule."""
    anchors: Mapping[str, Sequence[int]] = {}
    """For each repeat the instant its rounds are counted from, and the number of the round that began there."""
    closing: bool = False
    """A stop rule's ``then`` steps are running: no rule is asked again."""
    reason: str | None = None
    converted_at: Instant | None = None


class SendMessage(NamedTuple):
    """Put a message into the outbox. ``due_at``: when it was meant to leave; lateness counts from there."""

    node: str
    visit: int
    message: str
    channel: str
    policy: Policy
    due_at: Instant
    sender: str | None
    subject: str | None
    args: Mapping[str, Json]
    data: Record
    """What the text reads besides the live records: ``event``, ``start``, ``journey``, ``values``, only those used."""
    expires_at: Instant | None = None
    """Nothing is sent after this, whatever held it; the gate reads it again just before the hand-off."""
    journey: str = ""


@dataclass(frozen=True, slots=True)
class CallAction:
    """Put a request to a connection into the outbox."""

    node: str
    visit: int
    connection: str
    action: str
    due_at: Instant
    args: Mapping[str, Json]
    data: Record
    wants_answer: bool = False


@dataclass(frozen=True, slots=True)
class AskPerson:
    """Ask a person or a team; the answer comes back as an ``Answer``."""

    node: str
    visit: int
    who: str
    question: str
    due_at: Instant
    expires_at: Instant
    data: Record


@dataclass(frozen=True, slots=True)
class SetData:
    """Change the customer's record (root ``customer``) or this run's object (root is its kind)."""

    name: DataName
    value: Json


@dataclass(frozen=True, slots=True)
class EmitEvent:
    """An event of our own; its message id is derived from run and visit, so it is emitted once."""

    visit: int
    name: str
    data: Record


@dataclass(frozen=True, slots=True)
class EnterJourney:
    """Make this customer a candidate of another journey, now."""

    visit: int
    journey: str
    start: Record


What = Literal[
    "started",
    "sent",
    "held",
    "dropped",
    "waits",
    "waited",
    "missed",
    "retimed",
    "event",
    "time is up",
    "chose",
    "split",
    "set",
    "recorded",
    "called",
    "asked",
    "answered",
    "entered",
    "milestone",
    "goal",
    "stopped",
    "completed",
]
"""What happened at a node."""


class Visited(NamedTuple):
    """One line of the timeline: what happened at which node and why. ``what`` is one of the words below.

    ``data`` holds the inputs that decided: for a branch the case number and the values read, for a hold the
    rule and ``until``, for an event its name and data.
    """

    node: str | None
    visit: int
    at: Instant
    what: What
    detail: str = ""
    data: Record = NOTHING


Deed = SendMessage | CallAction | AskPerson | SetData | EmitEvent | EnterJourney
"""What somebody notices."""
Effect = Deed | Visited


class Move(NamedTuple):
    """The outcome of one decision: the new state, and what should happen, in order."""

    state: State
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody does not enter, in words for ``lifeloop why``."""

    rule: Literal["audience", "where", "again", "active", "late", "gone"]
    detail: str = ""
