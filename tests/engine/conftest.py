"""A customer's life in miniature: feeds a plan with events and changes, looks when due, and lists what came out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from lifeloop.engine.entry import enter
from lifeloop.engine.machine import advance
from lifeloop.engine.values import (
    Answer,
    AskPerson,
    CallAction,
    Candidate,
    EnterJourney,
    Event,
    Facts,
    Refusal,
    SendMessage,
    Sent,
    SetData,
    State,
    Status,
    Wake,
)
from lifeloop.journey.catalogue import Limit
from lifeloop.journey.condition import AllOf, Compare, DataName, Happened, MessageWas, Span
from lifeloop.journey.length import Length
from lifeloop.journey.moment import Hours
from lifeloop.journey.plan import Plan, Policy

ZONE = ZoneInfo("Europe/Amsterdam")


def at(text: str) -> int:
    """Read a wall clock in Amsterdam."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZONE).timestamp())


def shown(instant: int | None) -> str | None:
    return None if instant is None else datetime.fromtimestamp(instant, ZONE).strftime("%Y-%m-%d %H:%M")


@dataclass
class Life:
    """One customer in one journey. ``out``: what came out, as ``(when, what)``."""

    plan: Plan
    facts: Facts
    state: State | None = None
    out: list[tuple[str, str]] = field(default_factory=list)
    visits: list[Any] = field(default_factory=list)
    effects: list[Any] = field(default_factory=list)
    pins: dict[str, str] = field(default_factory=dict)
    now: int = 0

    def begin(self, clock: str, trigger="hand", *, start=None, event=None, due_at=None, **more):
        self.now = at(clock)
        if event:
            self.learn(event, start or {})
        seq = self.facts.events[-1].seq if event else None
        due = self.now if due_at is None else at(due_at)
        candidate = Candidate(self.plan.journey, due, trigger, start or {}, seq, **more)
        found = enter(self.plan, candidate, facts=self.facts, now=self.now)
        if isinstance(found, Refusal):
            return found
        self.state = found
        self.look(Wake.START)
        return self

    def learn(self, name, data=None, when=None):
        seq = len(self.facts.events) + 1
        event = Event(seq, name, self.now if when is None else at(when), data or {})
        self.facts = self.facts._replace(events=(*self.facts.events, event))

    def run(self, until: str) -> Life:
        """Look whenever something is due, up to a time."""
        while self.state.due_at is not None and self.state.due_at <= at(until):
            self.now = max(self.now, self.state.due_at)
            self.look(Wake.TIMER)
        self.now = max(self.now, at(until))
        return self

    def happens(self, when: str, name: str, data=None) -> Life:
        self.run(when)
        self.learn(name, data)
        return self.look(Wake.EVENT)

    def changes(self, when: str, **attributes) -> Life:
        self.run(when)
        self.facts = self.facts._replace(customer={**self.facts.customer, **attributes})
        return self.look(Wake.CHANGE)

    def answers(self, when: str, data) -> Life:
        self.run(when)
        answer = Answer(self.state.node, self.state.visit, data, self.now)
        self.facts = self.facts._replace(answers=(*self.facts.answers, answer))
        return self.look(Wake.ANSWER)

    def clicks(self, when: str, message: str) -> Life:
        self.run(when)
        sent = tuple(s._replace(clicked_at=self.now) if s.message == message else s for s in self.facts.sent)
        self.facts = self.facts._replace(sent=sent)
        return self

    def look(self, wake: Wake) -> Life:
        if self.state.status is not Status.WAITING:
            return self
        move = advance(self.plan, self.state, wake, facts=self.facts, now=self.now, pins=self.pins)
        again = advance(self.plan, move.state, wake, facts=self._after(move.effects), now=self.now, pins=self.pins)
        assert not again.effects, "looking again must change nothing"
        assert again.state == move.state
        self.state = move.state
        self.facts = self._after(move.effects)
        self.effects += move.effects
        for effect in move.effects:
            self._write(effect)
        if self.state.status is not Status.WAITING:
            self.out.append((shown(self.now), f"{self.state.status}: {self.state.reason or ''}".rstrip(": ")))
        return self

    def _after(self, effects) -> Facts:
        facts = self.facts
        for effect in effects:
            match effect:
                case SendMessage():
                    policy = effect.policy
                    sent = Sent(effect.message, effect.channel, policy.topic, self.now, policy.counts, own=True)
                    facts = facts._replace(sent=(*facts.sent, sent))
                case SetData(name=DataName("customer", (name,)), value=value):
                    facts = facts._replace(customer={**facts.customer, name: value})
        return facts

    def _write(self, effect) -> None:
        match effect:
            case SendMessage():
                self.out.append((shown(self.now), f"send {effect.message}"))
            case CallAction():
                self.out.append((shown(self.now), f"call {effect.connection}.{effect.action}"))
            case AskPerson():
                self.out.append((shown(self.now), f"ask {effect.who}"))
            case EnterJourney():
                self.out.append((shown(self.now), f"enter {effect.journey}"))
            case SendMessage() | SetData():
                pass
            case _:
                self.visits.append(effect)

    def words(self, *what: str) -> list[tuple[str, str]]:
        """Return the timeline: ``(what, detail)`` of the visits of those sorts."""
        visits = [effect for effect in self.visits if hasattr(effect, "what")]
        return [(visit.what, visit.detail) for visit in visits if not what or visit.what in what]


def life(plan: Plan, /, **customer: Any) -> Life:
    record = {"email": "ana@example.com", "timezone": "Europe/Amsterdam", **customer}
    topics = {"marketing": True, "contract": True, "service": True}
    return Life(plan, Facts("c1", record, consents=topics))


def plan(*nodes: Any, first: str | None = "", **more: Any) -> Plan:
    """Make a plan of nodes in order; its digest is a stand-in made of all of it."""
    begin = (nodes[0].id if nodes else None) if first == "" else first
    said = {"triggers": (), "project_timezone": "Europe/Amsterdam", **more}
    made = Plan("trial", "", "Trial", "welcome", nodes=nodes, first=begin, **said)
    return replace(made, digest=str(hash(repr(made))))


def happened(name: str, **more: Any) -> Happened:
    return Happened(name, **more)


def is_(name: str, operator: Any, *operands: Any, kind: Any = "text") -> Compare:
    root, *path = name.split(".")
    return Compare(DataName(root, tuple(path)), operator, operands, kind)


OFFICE = Hours((1, 2, 3, 4, 5), datetime(2026, 1, 1, 9).time(), datetime(2026, 1, 1, 18).time())  # noqa: DTZ001
GAP = Length(seconds=20 * 3600)
MARKETING = Policy("marketing", hours=OFFICE, gap=GAP, limit=Limit(2, Length(days=7)))
SERVICE = Policy("service", needs_consent=False, counts=False)
FREE = Policy("marketing")


@pytest.fixture
def trial() -> SimpleNamespace:
    """Everything a story about one customer needs."""
    return SimpleNamespace(
        life=life,
        plan=plan,
        happened=happened,
        is_=is_,
        at=at,
        shown=shown,
        span=Span,
        all_of=AllOf,
        message=MessageWas,
        name=lambda text: DataName(text.split(".")[0], tuple(text.split(".")[1:])),
        MARKETING=MARKETING,
        SERVICE=SERVICE,
        FREE=FREE,
        OFFICE=OFFICE,
    )
