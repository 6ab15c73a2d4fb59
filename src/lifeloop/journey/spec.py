"""A journey as it is written: what the file says, typed, each part with its place. Nothing is resolved or joined yet.

Names follow the words of the language (``docs``: the card). Every step keeps ``places``: the place of each of its
values by key (``places["send"]`` is where the message's name stands), so that a rule can point at the smallest
wrong thing. ``else`` is called ``otherwise`` and ``from`` is called ``sender``, because Python keeps those words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Literal

from lifeloop.journey.catalogue import Delivery, Limit
from lifeloop.journey.condition import Condition, DataName, Value
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.length import Length
from lifeloop.journey.moment import Hours, Moment
from lifeloop.journey.plan import Again, Json, Late, Trigger
from lifeloop.journey.scope import Names
from lifeloop.journey.source import Node, Scalar

Phase = Literal["welcome", "satisfaction", "recovery", "loyalty", "advocacy", "growth", "inspiration", "reactivation"]
Missed = Literal["skip", "continue", "stop"]
Given = Value | DataName | None
"""What ``set``, ``record`` and ``enter`` hand on: a written value, data to copy, or nothing (``null``)."""
LONGEST_CALL = Length(days=1)
"""For how long a call is tried when nothing is said."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition as understood (``tree``) and as written (``text``, one line). ``source``: the words in the file."""

    tree: Condition
    text: str
    source: Node

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return self.source.place


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What every step may have. ``place``: its verb; ``whole``: the step with all that is nested in it."""

    place: Place
    whole: Place
    places: Mapping[str, Place] = field(default_factory=dict)
    id: str | None = None
    name: str | None = None
    note: str | None = None
    when: Clause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendStep(Step):
    """``send: renewal/offer``. What is None was said neither here nor under the journey's ``defaults``."""

    message: str
    by: tuple[str, ...] = ()
    args: Mapping[str, Json] = field(default_factory=dict)
    topic: str | None = None
    hours: Hours | None = None
    limit: Limit | None = None
    late: Late | None = None
    expires: Length | None = None
    sender: str | None = None
    subject: str | None = None
    texts: tuple[Scalar, ...] = ()
    """What is written with ``{{ }}`` under ``with`` and ``subject``, for the room that reads Jinja."""
    verb: Literal["send"] = "send"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep(Step):
    """``wait: 3 days`` or ``wait: until Tuesday 10:00``."""

    until: Length | Moment
    missed: Missed = "skip"
    verb: Literal["wait"] = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitForStep(Step):
    """``wait: {for: survey.answered, max: 7 days}``. ``otherwise`` None: no ``else`` was written."""

    event: str
    max: Length | Moment
    where: Clause | None = None
    since_now: bool = False
    then: tuple[AnyStep, ...] = ()
    otherwise: tuple[AnyStep, ...] | None = None
    verb: Literal["wait"] = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class IfStep(Step):
    """``if: …`` with ``then`` and ``else``."""

    condition: Clause
    then: tuple[AnyStep, ...] = ()
    otherwise: tuple[AnyStep, ...] | None = None
    verb: Literal["if"] = "if"


@dataclass(frozen=True, slots=True)
class Arm:
    """One ``{when, then}`` of a ``choose``."""

    when: Clause
    then: tuple[AnyStep, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseStep(Step):
    """``choose: [{when, then}, …]``: the first arm that holds wins."""

    arms: tuple[Arm, ...]
    otherwise: tuple[AnyStep, ...] | None = None
    verb: Literal["choose"] = "choose"


@dataclass(frozen=True, slots=True)
class PathWritten:
    """One path of a ``split``; ``share`` in hundredths of a percent."""

    name: str
    share: int
    steps: tuple[AnyStep, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitStep(Step):
    """``split: welcome-tone`` with its paths."""

    experiment: str
    into: tuple[PathWritten, ...]
    verb: Literal["split"] = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatStep(Step):
    """``repeat: 2 times``; ``every`` is waited before each round, ``until`` asked before and after that wait."""

    times: int
    every: Length
    until: Clause | None = None
    steps: tuple[AnyStep, ...] = ()
    verb: Literal["repeat"] = "repeat"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStep(Step):
    """``set: {customer.promoter: true, offer: values.offer}``. A bare word is kept as ``journey.offer``."""

    assignments: tuple[tuple[DataName, Given], ...]
    verb: Literal["set"] = "set"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStep(Step):
    """``record: loyalty.checked_in``."""

    event: str
    args: Mapping[str, Given] = field(default_factory=dict)
    verb: Literal["record"] = "record"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep(Step):
    """``call: crm.create-task``. ``args`` may hold templates; they stay text here."""

    connection: str
    action: str
    args: Mapping[str, Json] = field(default_factory=dict)
    answer_as: str | None = None
    max: Length = LONGEST_CALL
    texts: tuple[Scalar, ...] = ()
    """What is written with ``{{ }}`` under ``with``."""
    verb: Literal["call"] = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStep(Step):
    """``ask: retention-lead``; ``otherwise`` is declined or time is up."""

    who: str
    question: str
    max: Length | Moment
    then: tuple[AnyStep, ...] = ()
    otherwise: tuple[AnyStep, ...] | None = None
    texts: tuple[Scalar, ...] = ()
    """The question, when it is written with ``{{ }}``."""
    verb: Literal["ask"] = "ask"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnterStep(Step):
    """``enter: recovery``."""

    journey: str
    args: Mapping[str, Given] = field(default_factory=dict)
    verb: Literal["enter"] = "enter"


@dataclass(frozen=True, slots=True, kw_only=True)
class UseStep(Step):
    """``use: reminder-pair``: ``steps`` are the shared ones with this step's ``with`` put in."""

    shared: str
    steps: tuple[AnyStep, ...]
    verb: Literal["use"] = "use"


@dataclass(frozen=True, slots=True, kw_only=True)
class MilestoneStep(Step):
    """``milestone: promoter``."""

    milestone: str
    verb: Literal["milestone"] = "milestone"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStep(Step):
    """``stop: no answer``."""

    reason: str
    verb: Literal["stop"] = "stop"


AnyStep = (
    SendStep
    | WaitStep
    | WaitForStep
    | IfStep
    | ChooseStep
    | SplitStep
    | RepeatStep
    | SetStep
    | RecordStep
    | CallStep
    | AskStep
    | EnterStep
    | UseStep
    | MilestoneStep
    | StopStep
)


@dataclass(frozen=True, slots=True)
class Start:
    """One way in: what the plan will hold, with the ``where`` as written."""

    trigger: Trigger
    place: Place
    where: Clause | None = None


@dataclass(frozen=True, slots=True)
class StopWritten:
    """One entry of the top-level ``stop``; ``when`` None is ``goal reached``."""

    when: Clause | None
    then: tuple[AnyStep, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class JourneyTest:
    """One of the journey's own tests. Day 0 is the day of ``clock``, on the customer's wall clock."""

    name: str
    place: Place
    person: str
    clock: datetime
    changes: Mapping[str, Json] = field(default_factory=dict)
    """What ``given: {customer: ana, set: …}`` changes before day 0, by attribute name; null makes it unknown."""
    paths: Mapping[str, str] = field(default_factory=dict)
    when: tuple[Input, ...] = ()
    expect: tuple[Expectation, ...] = ()
    """Empty is ``expect: nothing``."""
    until: DayTime | None = None
    expect_place: Place | None = None
    """The value of ``expect``, which ``lifeloop test --update`` writes anew."""


@dataclass(frozen=True, slots=True)
class DayTime:
    """``day 4 11:12``, or ``day 60`` (then ``at`` is None: the whole of that day)."""

    day: int
    at: time | None = None


@dataclass(frozen=True, slots=True)
class Input:
    """Something that happens in a test.

    ``name``: the event, the journey entered, the message opened or clicked, ``approved`` or ``declined``.
    ``data``: the event's or the entry's ``with``, the dotted names that change, or what a ``call`` answers.
    """

    what: Literal["event", "set", "enter", "answer", "open", "click"]
    name: str
    place: Place
    at: DayTime | None = None
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expectation:
    """Something a test expects. ``data``: for ``set`` the dotted names, else the ``with`` that must be handed on."""

    what: Literal["send", "call", "enter", "stop", "milestone", "set", "record", "ask"]
    name: str
    place: Place
    at: DayTime | None = None
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JourneySpec:
    """One journey file. ``places``: of the top-level values by key, and of its keys as ``key phase``."""

    name: str
    file: str
    title: str = ""
    about: str = ""
    owner: str = ""
    phase: Phase = "welcome"
    starts: tuple[Start, ...] = ()
    audience: Clause | None = None
    again: Again = Again()
    stops: tuple[StopWritten, ...] = ()
    goal: Clause | None = None
    delivery: Delivery = Delivery()
    values: Mapping[str, Value] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    object: str | None = None
    """The kind of thing one run is about, when a start is counted from it (``75 days before contract.ends``)."""
    steps: tuple[AnyStep, ...] = ()
    tests: tuple[JourneyTest, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)
    names: Mapping[str, Names | None] = field(default_factory=dict)
    """What its steps may read: behind each first word (``customer``) the names there; None: anything may be there."""
