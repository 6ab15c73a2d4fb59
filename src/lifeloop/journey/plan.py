"""A compiled journey: an immutable graph with a digest. The engine walks it; Prefect, the map and the store read it.

Nodes stand in reading order. ``next`` and the branch targets are node ids; ``None`` means the journey ends
there. There are no circles: ``repeat`` is unrolled and ``use`` expanded by the compiler, so every run ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from typing_extensions import TypeAliasType

from lifeloop.journey.catalogue import Limit
from lifeloop.journey.condition import ALWAYS, Condition, DataName, Value
from lifeloop.journey.length import Length
from lifeloop.journey.moment import FromAnchor, Hours, Moment, OnMonthDay, OnWeekday

NodeId = str
Target = NodeId | None
Json = TypeAliasType("Json", "str | int | float | bool | None | list[Json] | dict[str, Json]")
"""Whatever JSON can hold."""


@dataclass(frozen=True, slots=True)
class Late:
    """What happens when the engine itself is later than ``after`` with a message."""

    after: Length = Length(seconds=24 * 3600)
    then: Literal["skip", "send", "stop"] = "skip"


@dataclass(frozen=True, slots=True)
class OwnCustomers:
    """Whose purchase stands in for a yes (soft opt-in), as the law of their country allows. A *no* always wins."""

    products: tuple[str, ...]
    """What they bought, and the message is about something like it."""
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By country, on which ways; a country that is not here wants a yes."""
    max_age: Length = Length(months=36)
    """How long after the sale."""
    entity: str = ""
    """The company that writes; it must be the one that sold."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything the gate asks of one send, resolved by the compiler: nothing further out needs to be read.

    ``hours``, ``gap`` and ``limit`` are None where they do not apply, for instance to a ``service`` message
    whose hours were set further out than its topic.
    """

    topic: str
    needs_consent: bool = True
    counts: bool = True
    hours: Hours | None = None
    avoid_holidays: bool = False
    gap: Length | None = None
    limit: Limit | None = None
    late: Late = Late()
    expires: Length | None = None
    recovery: Literal["wait", "skip", "send"] = "send"
    """What becomes of it while another journey is putting something right with the customer."""
    own_customers: OwnCustomers | None = None
    """Who may get it without having said yes; None: nobody."""


@dataclass(frozen=True, slots=True)
class Send:
    """Say a message. The run stands here while the gate holds it, and goes on once it is let through or dropped."""

    id: NodeId
    message: str
    by: tuple[str, ...]
    policy: Policy
    next: Target = None
    sender: str | None = None
    subject: str | None = None
    args: Mapping[str, Json] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    """Roots of the data that text and ``args`` read: ``customer``, ``event``, ``start``, ``journey``, ``contract``."""
    kind: Literal["send"] = "send"


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for a length, or until a moment. ``ahead``: the next dated wait, where a missed one skips to.

    ``repeat`` and ``round``: this is the pause before that round of a repeat, so that rounds can be counted from
    where the repeat began and the 31st does not drift to the 28th.
    """

    id: NodeId
    until: Length | Moment
    next: Target = None
    missed: Literal["skip", "continue", "stop"] = "skip"
    ahead: Target = None
    repeat: NodeId | None = None
    round: int = 1
    kind: Literal["wait"] = "wait"


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Wait for an event, at most until ``max``. ``since_now`` ignores what came before."""

    id: NodeId
    event: str
    max: Length | Moment
    where: Condition = ALWAYS
    since_now: bool = False
    then: Target = None
    otherwise: Target = None
    kind: Literal["wait for"] = "wait for"


@dataclass(frozen=True, slots=True)
class Case:
    """One arm of a branch."""

    when: Condition
    target: Target


@dataclass(frozen=True, slots=True)
class Branch:
    """The first case that holds wins. ``verb`` is what the author wrote: ``if``, ``choose``, ``when`` or ``until``."""

    id: NodeId
    cases: tuple[Case, ...]
    otherwise: Target = None
    verb: Literal["if", "choose", "when", "until"] = "if"
    kind: Literal["branch"] = "branch"


@dataclass(frozen=True, slots=True)
class Path:
    """One arm of a split; ``share`` in hundredths of a percent. ``holdout`` is the control group."""

    name: str
    share: int
    target: Target


@dataclass(frozen=True, slots=True)
class Split:
    """A choice by share, sticky per person: keyed by experiment name and customer id."""

    id: NodeId
    experiment: str
    paths: tuple[Path, ...]
    kind: Literal["split"] = "split"


@dataclass(frozen=True, slots=True)
class Set:
    """Dotted names change the customer's record (or this run's object); bare ones are remembered as ``journey.x``."""

    id: NodeId
    assignments: tuple[tuple[DataName, Value | DataName | None], ...]
    next: Target = None
    kind: Literal["set"] = "set"


@dataclass(frozen=True, slots=True)
class Record:
    """Emit an event of our own."""

    id: NodeId
    event: str
    args: Mapping[str, Value | DataName | None] = field(default_factory=dict)
    next: Target = None
    kind: Literal["record"] = "record"


@dataclass(frozen=True, slots=True)
class Call:
    """Ask another system to do something. With ``answer_as`` the run waits for the answer, at most ``max``."""

    id: NodeId
    connection: str
    action: str
    args: Mapping[str, Json] = field(default_factory=dict)
    answer_as: str | None = None
    max: Length = Length(days=1)
    uses: tuple[str, ...] = ()
    next: Target = None
    kind: Literal["call"] = "call"


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask a person. Declined, or time is up: ``otherwise``."""

    id: NodeId
    who: str
    question: str
    max: Length | Moment
    uses: tuple[str, ...] = ()
    then: Target = None
    otherwise: Target = None
    kind: Literal["ask"] = "ask"


@dataclass(frozen=True, slots=True)
class Enter:
    """Start another journey for the same person."""

    id: NodeId
    journey: str
    args: Mapping[str, Value | DataName | None] = field(default_factory=dict)
    next: Target = None
    kind: Literal["enter"] = "enter"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A named point in the funnel."""

    id: NodeId
    name: str
    next: Target = None
    kind: Literal["milestone"] = "milestone"


@dataclass(frozen=True, slots=True)
class Stop:
    """The run ends here, for a reason that results show."""

    id: NodeId
    reason: str
    kind: Literal["stop"] = "stop"


Node = Send | Wait | WaitFor | Branch | Split | Set | Record | Call | Ask | Enter | Milestone | Stop


@dataclass(frozen=True, slots=True)
class OnEvent:
    """``start: {event: order.delivered, where: …}``."""

    event: str
    where: Condition = ALWAYS
    kind: Literal["event"] = "event"


@dataclass(frozen=True, slots=True)
class OnMoment:
    """``start: {date: 75 days before contract.ends, at: 10:00}``; the first moment whose anchor is known counts."""

    moments: tuple[FromAnchor, ...]
    where: Condition = ALWAYS
    kind: Literal["date"] = "date"


@dataclass(frozen=True, slots=True)
class OnSegment:
    """``start: {joins: lapsed-customers}`` or ``{leaves: …}``."""

    segment: str
    leaves: bool = False
    kind: Literal["segment"] = "segment"


@dataclass(frozen=True, slots=True)
class OnChange:
    """``start: {changes: customer.status, to: cancelled}``; ``to`` None: any change."""

    attribute: DataName
    to: Value | None = None
    kind: Literal["change"] = "change"


@dataclass(frozen=True, slots=True)
class OnCalendar:
    """``start: {every: month on the 1st at 09:00}``: a batch over the audience, on each customer's wall clock."""

    every: OnWeekday | OnMonthDay
    kind: Literal["calendar"] = "calendar"


@dataclass(frozen=True, slots=True)
class ByHand:
    """``start: by hand``."""

    kind: Literal["hand"] = "hand"


@dataclass(frozen=True, slots=True)
class FromJourney:
    """``start: from another journey``: only ``enter:`` may start it. Other journeys may also be entered by hand."""

    kind: Literal["journey"] = "journey"


Trigger = OnEvent | OnMoment | OnSegment | OnChange | OnCalendar | ByHand | FromJourney


@dataclass(frozen=True, slots=True)
class Again:
    """May they come back. ``after``: that long after the last run began. ``once``: once per value of ``per``."""

    rule: Literal["never", "always", "after", "once"] = "never"
    after: Length | None = None
    per: DataName | None = None


@dataclass(frozen=True, slots=True)
class StopRule:
    """Checked on every event, every change and before every step. ``then``: the first closing step."""

    when: Condition
    reason: str
    then: Target = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole journey, ready to run. ``digest`` is made by ``lifeloop.journey.compiler`` from everything else."""

    journey: str
    digest: str
    name: str
    phase: str
    triggers: tuple[Trigger, ...]
    nodes: tuple[Node, ...]
    first: Target
    ahead: Target = None
    """The first dated wait of the first level: where somebody who joins late begins to look, then its ``ahead``."""
    audience: Condition = ALWAYS
    again: Again = Again()
    stops: tuple[StopRule, ...] = ()
    goal: Condition | None = None
    timezone: str = "customer"
    """``customer``, or an IANA name that holds for everybody in this journey."""
    project_timezone: str = "UTC"
    country: str | None = None
    grace: Length = Length(days=1)
    object: str | None = None
    """The kind of thing that one run is about; None: one run per person."""
    values: Mapping[str, Value] = field(default_factory=dict)
    listens: tuple[str, ...] = ()
    """Names of events that can move, stop or convert a run: they wake it."""
    watches: tuple[DataName, ...] = ()
    """Data whose change can re-time or stop a run: anchors, and what ``stop`` and ``goal`` read."""
    history: tuple[str, ...] = ()
    """Names of events that conditions ask about: facts must hold them, also from before the run."""
    segments: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    """Kinds of objects that conditions ask about with ``any``."""
    templates: Mapping[str, str] = field(default_factory=dict)
    """Message name to the digest of its texts."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    rules: int = 1
    """Version of the engine's own rules; an old plan keeps running under the rules it began with."""
