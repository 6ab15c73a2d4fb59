"""One decision in the making: where the run stands while it walks, what it has learned and done on the way.

A walk is the only mutable thing in the engine. It lives inside one call of ``advance`` and is never kept. What a
step changes (data set, a message said) is seen by the steps behind it in the same walk, as if it had been stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, cast

from lifeloop.clock import Instant
from lifeloop.engine.conditions import Reading
from lifeloop.engine.explain import value_of
from lifeloop.engine.prepared import Prepared
from lifeloop.engine.scope import run_scope
from lifeloop.engine.timing import add_length, anchor_moment, next_moment
from lifeloop.engine.values import Effect, Facts, Move, Record, Sent, State, Status, Visited, Wake, What
from lifeloop.engine.zones import zone_of
from lifeloop.journey.condition import DataName, Value
from lifeloop.journey.length import Length
from lifeloop.journey.moment import FromAnchor, Moment
from lifeloop.journey.plan import Json, NodeId

_NOTHING: Record = {}


class Here(Enum):
    """What a step returns when the run stays where it is."""

    STAY = "stay"


STAY: Final = Here.STAY
Next = NodeId | None | Here
"""What a step returns: the next node, None for the end, or ``STAY``."""


class Walk:
    """The run being advanced, as it stands now."""

    __slots__ = (
        "anchors",
        "closing",
        "converted_at",
        "deadline",
        "due_at",
        "effects",
        "event",
        "facts",
        "fresh",
        "learned",
        "memory",
        "moment",
        "node",
        "now",
        "pins",
        "plan",
        "prepared",
        "reason",
        "scope",
        "since",
        "since_seq",
        "state",
        "status",
        "used",
        "visit",
        "wake",
        "zone",
    )

    def __init__(
        self, prepared: Prepared, state: State, *, wake: Wake, facts: Facts, now: Instant, pins: Mapping[str, str]
    ) -> None:
        self.prepared = prepared
        self.plan = prepared.plan
        self.state = state
        self.wake = wake
        self.facts = facts
        self.now = now
        self.pins = pins
        self.zone = zone_of(facts.customer, self.plan)
        self.scope = run_scope(self.plan, self.zone, state, facts, now)
        self.effects: list[Effect] = []
        self.node = state.node
        self.status = state.status
        self.due_at = state.due_at
        self.deadline = state.deadline
        self.since = state.since
        self.since_seq = state.since_seq
        self.visit = state.visit
        self.event = state.event
        self.memory = state.memory
        self.used = state.used
        self.anchors = state.anchors
        self.closing = state.closing
        self.reason = state.reason
        self.converted_at = state.converted_at
        #: when what happens now was meant to happen: the end of the wait just passed, not when we got round to it
        self.moment = state.since
        #: the present node has just been entered
        self.fresh = False
        #: something changed that stop rules and the goal may look at
        self.learned = True

    def note(self, what: What, detail: str = "", data: Record = _NOTHING) -> None:
        """Add a line to the timeline."""
        self.effects.append(Visited(self.node, self.visit, self.now, what, detail, data))

    def enter(self, node: NodeId) -> None:
        """Step onto a node."""
        self.node = node
        self.visit += 1
        self.since = self.moment
        events = self.facts.events
        self.since_seq = max(self.since_seq, events[-1].seq) if events else self.since_seq
        self.deadline = None
        self.fresh = True

    def finish(self, status: Status, reason: str | None = None) -> Here:
        """End the run; a reason said before (by a stop rule) stays."""
        self.status = status
        self.reason = self.reason or reason
        self.note("stopped" if status is Status.STOPPED else "completed", self.reason or "")
        self.due_at = self.deadline = None
        return STAY

    def wait_until(self, deadline: Instant, data: Record = _NOTHING) -> Here:
        """Stay on this node until then; a line is written when that is news."""
        if self.fresh:
            self.note("waits", "", {"until": deadline, **data})
        elif self.deadline != deadline:
            self.note("retimed", str(self.wake), {"until": deadline})
        self.deadline = self.due_at = deadline
        return STAY

    def deadline_of(self, until: Length | Moment) -> Instant | None:
        """Work out when a wait that began with this node ends; None when it is counted from unknown data."""
        country = self.plan.country
        if isinstance(until, Length):
            return add_length(self.since, until, self.zone, country=country)
        if isinstance(until, FromAnchor):
            return anchor_moment(until, self.value(until.anchor), self.zone, country=country)
        return next_moment(until, self.since, self.zone)

    def is_missed(self, deadline: Instant) -> bool:
        """Tell whether a moment lay more than ``grace`` in the past when its wait began, or when it moved there.

        A deadline that was known and ahead is never missed by our own lateness: that is what ``late`` is for.
        """
        if deadline == self.deadline:
            return False
        known_at = self.since if self.fresh else self.now
        return add_length(deadline, self.plan.grace, self.zone, country=self.plan.country) < known_at

    def holds(self, reading: Reading) -> bool:
        """Tell whether a condition holds for this run now."""
        return reading(self.scope, self.scope.event, _NOTHING)

    def value(self, name: DataName) -> Json:
        """Return what a name holds, as this walk has left it."""
        return value_of(name, self.scope)

    def copied(self, written: Value | DataName | None) -> Json:
        """Return a written value, or what the name written there holds."""
        return self.value(written) if isinstance(written, DataName) else written

    def takes(self, data: Record, seq: int) -> None:
        """Let a wait take an event: it is ``event.`` from now on, and no other wait's."""
        self.event = self.scope.event = data
        self.used = (*self.used, seq)

    def remembers(self, name: str, value: Json) -> None:
        """Keep a value for the rest of the run."""
        self.memory = self.scope.memory = {**self.memory, name: value}
        self.learned = True

    def sets(self, name: DataName, value: Json) -> None:
        """Change the customer's record or the run's object, as the steps behind will see it."""
        if name.root == "customer":
            self.scope.customer = _changed(self.scope.customer, name.path, value)
            self.zone = self.scope.zone = zone_of(self.scope.customer, self.plan)
        else:
            self.scope.object = _changed(self.scope.object, name.path, value)
        self.learned = True

    def says(self, sent: Sent) -> None:
        """Count a message as said."""
        self.scope.sent = (*self.scope.sent, sent)
        self.learned = self.learned or self.prepared.rules_ask_messages

    def known(self) -> Facts:
        """Return the facts as this walk has left them, for the gate."""
        scope, facts = self.scope, self.facts
        if scope.customer is facts.customer and scope.sent is facts.sent:
            return facts
        return facts._replace(customer=scope.customer, sent=scope.sent)

    def data_for(self, uses: tuple[str, ...]) -> Record:
        """Return the records a text reads besides the live ones."""
        records = {
            "event": self.event,
            "start": self.scope.start,
            "journey": self.memory,
            "values": self.plan.values,
        }
        found = {root: records[root] or {} for root in uses if root in records}
        return cast("Record", found)

    def move(self) -> Move:
        """Return what has become of the run. Looking without finding anything returns the state as it was."""
        before = self.state
        if not self.effects and before.due_at == self.due_at and before.deadline == self.deadline:
            return Move(before)
        after = State(
            node=self.node if self.status is Status.WAITING else None,
            status=self.status,
            started_at=before.started_at,
            due_at=self.due_at,
            deadline=self.deadline,
            since=self.since,
            since_seq=self.since_seq,
            visit=self.visit,
            start=before.start,
            event=self.event,
            memory=self.memory,
            start_seq=before.start_seq,
            used=self.used,
            anchors=self.anchors,
            closing=self.closing,
            reason=self.reason,
            converted_at=self.converted_at,
        )
        return Move(after, tuple(self.effects))


def _changed(record: Record, path: tuple[str, ...], value: Json) -> Record:
    first, *rest = path
    if not rest:
        return {**record, first: value}
    inner = record.get(first)
    return {**record, first: cast("Json", _changed(inner if isinstance(inner, dict) else {}, tuple(rest), value))}
