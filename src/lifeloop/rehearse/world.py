"""One customer's pretend life: their records, and the journeys they are in, on a clock we move.

Everything is decided by the engine that runs live, and in the rounds in which it runs live: at one instant first who
may enter is let in, then everybody who is due moves, then what that brought about is passed on, until nothing is due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lifeloop.clock import Instant
from lifeloop.engine.claims import Standing, compete
from lifeloop.engine.entry import PastRun, enter, entry_key, subject_of
from lifeloop.engine.machine import advance
from lifeloop.engine.routing import hand_candidate, make_routes
from lifeloop.engine.values import (
    Answer,
    Candidate,
    Effect,
    EmitEvent,
    EnterJourney,
    Facts,
    Record,
    Refusal,
    SendMessage,
    Sent,
    SetData,
    State,
    Visited,
    Wake,
)
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.condition import DataName
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json, Plan
from lifeloop.rehearse.happened import EndlessError, Happened, Refused, unmet_parts
from lifeloop.rehearse.memory import Changed, Memory, Reaction, changed
from lifeloop.rehearse.present import Ground, Present, Run
from lifeloop.rehearse.starts import Starts

_NO_PINS: Mapping[str, str] = {}
MOST_ROUNDS = 1000
"""More rounds than any life needs within one second."""


class World:
    """A person among journeys. ``pins``: experiment to path, where chance shall not choose.

    ``who``: a person of whom nothing else is known, or somebody as they stand. ``ground``: where many live, made once.
    ``at``: when it begins; dates of start that lie before are judged as for somebody who is known from then on.
    """

    def __init__(
        self,
        plans: Mapping[str, Plan],
        who: Person | Present,
        catalogue: Catalogue,
        *,
        at: Instant,
        pins: Mapping[str, str] = _NO_PINS,
        ground: Ground | None = None,
    ) -> None:
        present = who if isinstance(who, Present) else Present(who)
        ground = ground or Ground(make_routes(plans.values()))
        self._plans = plans
        self._routes = ground.routes
        self._priority = {name: rank for rank, name in enumerate(catalogue.priority)}
        self._pins = pins
        self._memory = Memory(present, catalogue)
        self._starts = Starts(ground, self._memory, catalogue.segments)
        self._pending: list[tuple[Run, Effect]] = []
        self._set_now: list[DataName] = []
        self._before = self._memory.customer
        self.name = present.person.name
        self.now = at
        self.runs = list(present.runs)
        self.happened: list[Happened] = []
        self.refused: list[Refused] = []
        self._starts.begin(at, present)

    @property
    def customer(self) -> Record:
        """What is known about the person now."""
        return self._memory.customer

    # What may happen to a person --------------------------------------------------------------------------------

    def event(self, name: str, data: Record | None = None) -> None:
        """Something happened, now."""
        self._event(name, data or {})
        self._starts.refresh(self.now)
        self.settle()

    def set(self, name: DataName, value: Json, object_key: str | None = None) -> None:
        """A record changed, now: ``customer.x``, or ``contract.ends`` of one thing (their only one when not said)."""
        self.change({name: value}, object_key)

    def change(self, values: Mapping[DataName, Json], object_key: str | None = None) -> None:
        """Several values of a record changed together, now."""
        changes = [self._memory.write(name, value, object_key) for name, value in values.items()]
        self._before = self._memory.customer
        self._route(change for change in changes if change)
        self._starts.refresh(self.now)
        self.settle()

    def enter(self, journey: str, data: Record | None = None) -> None:
        """Somebody put them into a journey by hand, now."""
        plan = self._plans[journey]
        for key in self._memory.keys_of(plan):
            candidate = hand_candidate(plan, self._facts(plan, key), self.now, data, key)
            self._starts.note(candidate, f"{self.now}{key or ''}")
        self.settle()

    def answer(self, data: Record) -> None:
        """The oldest question or call that waits for an answer gets it, now."""
        run = next((run for run in self.runs if run.active and _waits_for_answer(run)), None)
        if run is not None:
            answer = Answer(run.state.node or "", run.state.visit, data, self.now)
            self._memory.answers.append((run, answer))
            self._wake([run])
        self.settle()

    def reacts(self, message: str, what: Reaction) -> None:
        """They opened, clicked or replied to the latest such message, now."""
        for word in self._memory.noticed(message, what, self.now):
            self._event(f"message.{word}", {"message": message})
        self._starts.refresh(self.now)
        self.settle()

    # The clock --------------------------------------------------------------------------------------------------

    def next_due(self) -> Instant | None:
        """Return when anything falls due next; None when nothing ever does."""
        due = [at for run in self.runs if (at := run.due_at) is not None]
        start = self._starts.next_due()
        soonest = min(due if start is None else [*due, start], default=None)
        return None if soonest is None else max(soonest, self.now)

    def run_until(self, end: Instant) -> None:
        """Move the clock from one due moment to the next, up to and including ``end``."""
        while (due := self.next_due()) is not None and due <= end:
            self.now = max(self.now, due)
            self._starts.refresh(self.now)
            self.settle()
        self.now = max(self.now, end)

    def settle(self) -> None:
        """Do everything that is due now.

        Raises:
            EndlessError: there is always more.
        """
        for _ in range(MOST_ROUNDS):
            if not (self._admit_due() or self._move_due()):
                return
            self._starts.refresh(self.now)
        raise EndlessError(sorted({run.plan.journey for run in self.runs[-MOST_ROUNDS:]}))

    # Within one instant -----------------------------------------------------------------------------------------

    def _admit_due(self) -> bool:
        due = self._starts.take_due(self.now)
        for candidate in sorted(due, key=lambda one: self._order(one.journey)):
            plan = self._plans.get(candidate.journey)
            if plan is not None:
                self._admit(plan, candidate)
                if candidate.trigger == "calendar":
                    self._starts.came_round(plan, self.now)
        self._pass_on()
        return bool(due)

    def _admit(self, plan: Plan, candidate: Candidate) -> None:
        facts = self._facts(plan, candidate.object_key)
        subject = subject_of(plan, candidate, facts, self.now)
        earlier = [run for run in self.runs if run.plan.journey == plan.journey]
        past = [PastRun(run.subject, run.key, run.state.started_at, run.active) for run in earlier]
        state = enter(plan, candidate, facts=facts, now=self.now, runs=past)
        if isinstance(state, Refusal):
            unmet = unmet_parts(plan, facts, candidate, self.now) if state.rule == "audience" else ()
            self.refused.append(Refused(self.now, candidate, state, unmet))
            return
        if subject is None:
            return
        key = entry_key(plan, candidate, subject)
        if all(run.key != key for run in earlier):
            run = Run(plan, state, subject, key, candidate.object_key)
            self.runs.append(run)
            self._advance(run, Wake.START)

    def _move_due(self) -> bool:
        due = [run for run in self.runs if (at := run.due_at) is not None and at <= self.now]
        for run in sorted(due, key=self._rank):
            self._advance(run, _wake_of(run.state, self.now))
        self._pass_on()
        return bool(due)

    def _advance(self, run: Run, wake: Wake) -> None:
        facts = self._facts(run.plan, run.object_key, run)
        move = advance(run.plan, run.state, wake, facts=facts, now=self.now, pins=self._pins)
        run.state = move.state
        for effect in move.effects:
            customer = self._memory.customer
            self.happened.append(Happened(self.now, run.plan.journey, effect, run.key, customer, facts.object))
            self._learn(run, effect)

    def _learn(self, run: Run, effect: Effect) -> None:
        """Let whoever moves next know what was said and set; all else is passed on when this round is over."""
        match effect:
            case SendMessage(policy=policy):
                sent = Sent(
                    effect.message, effect.channel, policy.topic, self.now, policy.counts, journey=effect.journey
                )
                self._memory.says(run, sent)
            case SetData(name, value) if name.root == "customer":
                self._set_now.append(name)
                self._memory.write(name, value, None)
            case Visited():
                pass
            case _:
                self._pending.append((run, effect))

    def _pass_on(self) -> None:
        """End a round as a commit does: what was set twice in it changed once, what was emitted happens now."""
        pending, self._pending = self._pending, []
        changes = self._changed_in_round()
        for run, effect in pending:
            match effect:
                case EnterJourney(visit, journey, start):
                    candidate = Candidate(journey, self.now, "journey", start, object_key=run.object_key)
                    self._starts.note(candidate, f"{run.plan.journey}/{run.key}/{visit}")
                case SetData(name, value):
                    changes.append(self._memory.write(name, value, run.object_key))
                case _:
                    pass
        self._route(change for change in changes if change)
        for _, effect in pending:
            if isinstance(effect, EmitEvent):
                self._event(effect.name, effect.data)

    def _changed_in_round(self) -> list[Changed | None]:
        names, self._set_now = dict.fromkeys(self._set_now), []
        before, self._before = self._before, self._memory.customer
        return [changed(name, before, self._memory.customer, None) for name in names]

    def _event(self, name: str, data: Record) -> None:
        event = self._memory.happens(name, data, self.now)
        self.happened.append(Happened(self.now, None, event))
        self._starts.on_event(event)
        self._wake_journeys(self._routes.wakes_on_event.get(name, frozenset()))

    def _route(self, changes: Iterable[Changed]) -> None:
        for change in changes:
            self._starts.on_change(change, self.now)
            self._wake_journeys(self._routes.wakes_on_change.get(change.name, frozenset()))

    def _wake_journeys(self, names: frozenset[str]) -> None:
        self._wake(run for run in self.runs if run.active and run.plan.journey in names)

    def _wake(self, runs: Iterable[Run]) -> None:
        for run in runs:
            if run.state.due_at is not None and run.state.due_at > self.now:
                run.state = run.state._replace(due_at=self.now)

    def _facts(self, plan: Plan, object_key: str | None, run: Run | None = None) -> Facts:
        """Return what is known, with what the person's other journeys hold against this one, as when it runs live."""
        known = self._memory.facts(plan, self.now, object_key, run)
        others = [
            Standing(one.plan, one.state.node, due, one.state.converted_at is not None, one.rests)
            for one in self.runs
            if one.active and one is not run and (due := one.state.due_at) is not None
        ]
        return compete(known, plan, others, self._order)

    def _rank(self, run: Run) -> tuple[int, Instant]:
        return self._order(run.plan.journey), run.state.started_at

    def _order(self, journey: str) -> int:
        """Return a journey's place in the project's priority; those not listed come after."""
        return self._priority.get(journey, len(self._priority))


def _wake_of(state: State, now: Instant) -> Wake:
    return Wake.TIMER if state.deadline is not None and state.deadline <= now else Wake.EVENT


def _waits_for_answer(run: Run) -> bool:
    node = next((node for node in run.plan.nodes if node.id == run.state.node), None)
    return node is not None and node.kind in ("ask", "call")
