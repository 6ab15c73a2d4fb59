"""One customer's pretend life: what is remembered about them, and the journeys they are in, on a clock we move.

Everything is decided by the engine that runs live. What this world adds is memory without a database: the records
of one person, and who must be looked at next.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.engine.conditions import holds
from lifeloop.engine.entry import PastRun, enter, entry_key, subject_of
from lifeloop.engine.machine import advance
from lifeloop.engine.routing import (
    Routes,
    Start,
    calendar_candidate,
    change_candidate,
    date_candidate,
    event_candidate,
    hand_candidate,
    make_routes,
    segment_candidate,
)
from lifeloop.engine.scope import audience_scope
from lifeloop.engine.values import (
    Answer,
    AskPerson,
    CallAction,
    Candidate,
    Effect,
    EmitEvent,
    EnterJourney,
    Event,
    Facts,
    Record,
    Refusal,
    SendMessage,
    Sent,
    SetData,
    State,
    Status,
    Visited,
    Wake,
)
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.condition import DataName
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json, Plan
from lifeloop.rehearse.record import inside, key_of

Reaction = Literal["open", "click", "reply"]

_NO_PINS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a rehearsal: when, in which journey (None: to the customer), and what."""

    at: Instant
    journey: str | None
    effect: Effect | Event


@dataclass(slots=True)
class Run:
    """A passage through one journey."""

    plan: Plan
    state: State
    subject: str
    key: str
    object_key: str | None = None

    @property
    def active(self) -> bool:
        """Whether it is still on the way."""
        return self.state.status is Status.WAITING


class World:
    """A person among journeys. ``pins``: experiment to path, where chance shall not choose.

    ``at``: when it begins; dates of start that lie before are judged as for somebody who is known from then on.
    """

    def __init__(
        self,
        plans: Mapping[str, Plan],
        person: Person,
        catalogue: Catalogue,
        *,
        at: Instant,
        pins: Mapping[str, str] = _NO_PINS,
    ) -> None:
        self._plans = plans
        self._routes: Routes = make_routes(plans.values())
        self._catalogue = catalogue
        self._pins = pins
        self._candidates: dict[tuple[str, str, str], Candidate] = {}
        self._sent: list[tuple[Run, str, Sent]] = []
        self._answers: list[tuple[Run, Answer]] = []
        self._segments: frozenset[str] = frozenset()
        self._named: frozenset[str] = frozenset()
        self.name = person.name
        self.now = at
        self.customer: Record = {**person.customer, "id": person.name}
        self.things: dict[str, tuple[Record, ...]] = dict(person.things)
        self.consents = dict(person.consents)
        self.events: list[Event] = []
        self.runs: list[Run] = []
        self.happened: list[Happened] = []
        self._begin()

    # What may happen to a person --------------------------------------------------------------------------------

    def event(self, name: str, data: Record | None = None) -> None:
        """Something happened, now."""
        event = Event(len(self.events) + 1, name, self.now, data or {})
        self.events.append(event)
        self.happened.append(Happened(self.now, None, event))
        for start in self._routes.events.get(name, ()):
            candidate = event_candidate(start, event, self._key_in(start.plan, event.data))
            if candidate:
                self._candidates[start.plan.journey, "event", str(event.seq)] = candidate
        self._look(self._routes.wakes_on_event.get(name, frozenset()), Wake.EVENT)
        self._refresh_segments()
        self.settle()

    def set(self, name: DataName, value: Json, object_key: str | None = None) -> None:
        """A record changed, now: ``customer.x``, or ``contract.ends`` of one thing (their only one when not said)."""
        self._change(name, value, object_key)
        self.settle()

    def enter(self, journey: str, data: Record | None = None) -> None:
        """Somebody put them into a journey by hand, now."""
        plan = self._plans[journey]
        for key in self._keys_of(plan):
            candidate = hand_candidate(plan, self._facts(plan, key), self.now, data, key)
            self._candidates[journey, "hand", f"{self.now}{key or ''}"] = candidate
        self.settle()

    def answer(self, data: Record) -> None:
        """The oldest question or call that waits for an answer gets it, now."""
        for run in self.runs:
            if run.active and self._waits_for_answer(run):
                node = run.state.node or ""
                self._answers.append((run, Answer(node, run.state.visit, data, self.now)))
                self._advance(run, Wake.ANSWER)
                break
        self.settle()

    def reacts(self, message: str, what: Reaction) -> None:
        """They opened, clicked or replied to the latest such message, now."""
        latest = next((i for i in reversed(range(len(self._sent))) if self._sent[i][1] == message), None)
        if latest is not None:
            run, name, sent = self._sent[latest]
            self._sent[latest] = (run, name, _noticed(sent, what, self.now))
        past = {"open": "opened", "click": "clicked", "reply": "replied"}[what]
        self.event(f"message.{past}", {"message": message})

    # The clock --------------------------------------------------------------------------------------------------

    def next_due(self) -> Instant | None:
        """Return when anything falls due next; None when nothing ever does."""
        due = [candidate.due_at for candidate in self._candidates.values()]
        due += [run.state.due_at for run in self.runs if run.active and run.state.due_at is not None]
        return max(min(due), self.now) if due else None

    def run_until(self, end: Instant) -> None:
        """Move the clock from one due moment to the next, up to and including ``end``."""
        while (due := self.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self.settle()
        self.now = max(self.now, end)

    def settle(self) -> None:
        """Do everything that is due now."""
        while self._admit_due() or self._move_due():
            pass

    # Within one instant -----------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._segments = self._in_segments()
        for starts in self._routes.dates.values():
            for start in starts:
                self._schedule(start)
        for start in self._routes.calendars:
            self._schedule_calendar(start)

    def _admit_due(self) -> bool:
        due = [(key, candidate) for key, candidate in self._candidates.items() if candidate.due_at <= self.now]
        for key, candidate in sorted(due, key=lambda one: self._rank(one[1].journey, one[1].due_at)):
            del self._candidates[key]
            self._admit(candidate)
        return bool(due)

    def _admit(self, candidate: Candidate) -> None:
        plan = self._plans.get(candidate.journey)
        if plan is None:
            return
        facts = self._facts(plan, candidate.object_key)
        subject = subject_of(plan, candidate, facts, self.now)
        past = [PastRun(run.subject, run.key, run.state.started_at, run.active) for run in self._of(plan.journey)]
        state = enter(plan, candidate, facts=facts, now=self.now, runs=past)
        if subject is not None and not isinstance(state, Refusal):
            key = entry_key(plan, candidate, subject)
            if all(run.key != key for run in self._of(plan.journey)):
                run = Run(plan, state, subject, key, candidate.object_key)
                self.runs.append(run)
                self._advance(run, Wake.START)
        for start in self._routes.calendars:
            if start.plan is plan and candidate.trigger == "calendar":
                self._schedule_calendar(start)

    def _move_due(self) -> bool:
        due = [run for run in self.runs if run.active and run.state.due_at is not None and run.state.due_at <= self.now]
        for run in sorted(due, key=lambda run: self._rank(run.plan.journey, run.state.started_at)):
            deadline = run.state.deadline
            self._advance(run, Wake.TIMER if deadline is not None and deadline <= self.now else Wake.EVENT)
        return bool(due)

    def _look(self, journeys: Iterable[str], wake: Wake) -> None:
        for run in [run for run in self.runs if run.active and run.plan.journey in journeys]:
            self._advance(run, wake)

    def _advance(self, run: Run, wake: Wake) -> None:
        facts = self._facts(run.plan, run.object_key, run)
        move = advance(run.plan, run.state, wake, facts=facts, now=self.now, pins=self._pins)
        run.state = move.state
        for effect in move.effects:
            self.happened.append(Happened(self.now, run.plan.journey, effect))
        for effect in move.effects:
            self._carry_out(run, effect)

    def _carry_out(self, run: Run, effect: Effect) -> None:
        match effect:
            case SendMessage():
                policy = effect.policy
                sent = Sent(effect.message, effect.channel, policy.topic, self.now, policy.counts)
                self._sent.append((run, effect.message, sent))
            case SetData(name, value):
                self._change(name, value, run.object_key)
            case EmitEvent(_, name, data):
                self.event(name, data)
            case EnterJourney(visit, journey, start):
                candidate = Candidate(journey, self.now, "journey", start, object_key=run.object_key)
                self._candidates[journey, "journey", f"{run.plan.journey}{run.key}{visit}"] = candidate
            case CallAction() | AskPerson() | Visited():
                pass

    # Records ----------------------------------------------------------------------------------------------------

    def _change(self, name: DataName, value: Json, object_key: str | None) -> None:
        before, after, key = self._write(name, value, object_key)
        if before == after:
            return
        attribute = ".".join((name.root, *name.path[:1]))
        for start in self._routes.changes.get(attribute, ()):
            candidate = change_candidate(start, before, after, self.now, key)
            if candidate:
                self._candidates[start.plan.journey, "change", f"{key or ''}@{self.now}"] = candidate
        for start in self._routes.dates.get(attribute, ()):
            self._schedule(start)
        self._look(self._routes.wakes_on_change.get(attribute, frozenset()), Wake.CHANGE)
        self._refresh_segments()

    def _write(self, name: DataName, value: Json, object_key: str | None) -> tuple[Record, Record, str | None]:
        if name.root == "customer":
            before, self.customer = self.customer, inside(self.customer, name.path, value)
            return before, self.customer, None
        kind = self._catalogue.objects[name.root]
        things = list(self.things.get(name.root, ()))
        index = next((i for i, thing in enumerate(things) if object_key in (None, key_of(thing, kind))), None)
        if index is None:
            index = len(things)
            things.append({kind.key: object_key or f"{self.name}-{name.root}"})
        before = things[index]
        things[index] = inside(before, name.path, value)
        self.things[name.root] = tuple(things)
        return before, things[index], key_of(things[index], kind)

    def _schedule(self, start: Start) -> None:
        for key in self._keys_of(start.plan):
            facts = self._facts(start.plan, key)
            candidate = date_candidate(start, facts, self.now, key)
            place = (start.plan.journey, "date", key or "")
            if candidate and not self._was_decided(start.plan, candidate, facts):
                self._candidates[place] = candidate
            else:
                self._candidates.pop(place, None)

    def _was_decided(self, plan: Plan, candidate: Candidate, facts: Facts) -> bool:
        """Tell whether this very start let them in already; a changed record does not begin it again."""
        subject = subject_of(plan, candidate, facts, self.now)
        key = None if subject is None else entry_key(plan, candidate, subject)
        return any(run.key == key for run in self._of(plan.journey))

    def _schedule_calendar(self, start: Start) -> None:
        candidate = calendar_candidate(start, self.customer, self.now)
        if candidate:
            self._candidates[start.plan.journey, "calendar", ""] = candidate

    def _refresh_segments(self) -> None:
        before, self._segments = self._segments, self._in_segments()
        for name in before ^ self._segments:
            for start in self._routes.segments.get(name, ()):
                candidate = segment_candidate(start, self.now, joined=name in self._segments)
                if candidate:
                    self._candidates[start.plan.journey, "segment", f"{name}@{self.now}"] = candidate

    def _in_segments(self) -> frozenset[str]:
        plan = next(iter(self._plans.values()), None)
        if plan is None:
            return frozenset()
        scope = audience_scope(plan, self._facts(plan, None), self.now, {})
        return frozenset(name for name, condition in self._catalogue.segments.items() if holds(condition, scope))

    def _facts(self, plan: Plan, object_key: str | None, run: Run | None = None) -> Facts:
        return Facts(
            customer_id=self.name,
            customer=self.customer,
            object=self._thing(plan.object, object_key),
            things=self.things,
            events=tuple(self.events),
            sent=tuple(replace(sent, own=True) if owner is run else sent for owner, _, sent in self._sent),
            consents=self.consents,
            segments=self._segments,
            named=self._named,
            answers=tuple(answer for owner, answer in self._answers if owner is run),
        )

    def _thing(self, kind: str | None, key: str | None) -> Record | None:
        if kind is None or key is None:
            return None
        found = self._catalogue.objects[kind]
        return next((thing for thing in self.things.get(kind, ()) if key_of(thing, found) == key), None)

    def _keys_of(self, plan: Plan) -> list[str | None]:
        if plan.object is None:
            return [None]
        kind = self._catalogue.objects[plan.object]
        return [key_of(thing, kind) for thing in self.things.get(plan.object, ())]

    def _key_in(self, plan: Plan, data: Record) -> str | None:
        kind = self._catalogue.objects.get(plan.object) if plan.object else None
        value = data.get(kind.key) if kind else None
        return None if value is None else str(value)

    def _of(self, journey: str) -> list[Run]:
        return [run for run in self.runs if run.plan.journey == journey]

    def _rank(self, journey: str, at: Instant) -> tuple[int, Instant]:
        order = self._catalogue.priority
        return (order.index(journey) if journey in order else len(order), at)

    def _waits_for_answer(self, run: Run) -> bool:
        node = next((node for node in run.plan.nodes if node.id == run.state.node), None)
        return node is not None and node.kind in ("ask", "call")


def _noticed(sent: Sent, what: Reaction, now: Instant) -> Sent:
    if what == "reply":
        return replace(sent, replied_at=now)
    # A click shows that it was opened, whatever the mail program told us.
    seen = replace(sent, opened_at=sent.opened_at or now)
    return replace(seen, clicked_at=now) if what == "click" else seen
