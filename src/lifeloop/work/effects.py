"""What the engine wants done, as rows to write: messages, history, changes, events, candidates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple, assert_never

from lifeloop.clock import Instant
from lifeloop.engine.values import (
    AskPerson,
    CallAction,
    Candidate,
    Deed,
    Effect,
    EmitEvent,
    EnterJourney,
    SendMessage,
    SetData,
    Visited,
)
from lifeloop.journey.plan import Json
from lifeloop.store import months
from lifeloop.store.values import Assign, EventRow, Line, NewCandidate, NewMessage

JOURNEY_SOURCE = "journey"
ID_BYTES = 16


class About(NamedTuple):
    """Whose effects these are. ``run_key`` names the run for ever: derived ids hang on it, so nothing is done twice.

    ``due_at``: when the run fell due, which is written down before it is moved: a second try finds the same moment.
    """

    run_id: int
    customer_id: int
    run_key: str
    journey: str
    due_at: Instant
    fence: int = 0
    object_key: str | None = None


@dataclass(slots=True)
class Rows:
    """Rows of a whole batch, collected before the few statements that write them."""

    messages: list[NewMessage] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    assigns: list[Assign] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    candidates: list[NewCandidate] = field(default_factory=list)

    def collect(self, about: About, effects: Iterable[Effect], now: Instant) -> None:
        """Add what one move wants done."""
        run, fence, add = about.run_id, about.fence, self.lines.append
        for place, effect in enumerate(effects):
            if isinstance(effect, Visited):
                add(Line(run, fence, place, effect))
            else:
                self._collect(about, effect, now)

    def _collect(self, about: About, effect: Deed, now: Instant) -> None:
        match effect:
            case SendMessage() | CallAction() | AskPerson():
                self.messages.append(_message(about, effect))
            case SetData(name, value):
                self.assigns.append(Assign(about.customer_id, name, value, about.object_key))
            case EmitEvent(visit, name, data):
                key = derived_id(about.run_key, name, visit)
                self.events.append(EventRow(JOURNEY_SOURCE, key, about.customer_id, name, now, data))
            case EnterJourney():
                self.candidates.append(_entrance(about, effect, now))
            case _:
                assert_never(effect)


def derived_id(run_key: str, node: str, visit: int) -> str:
    """Return the id of what one visit of one run does; the same visit gives the same id on every machine."""
    return blake2b(f"{run_key}\n{node}\n{visit}".encode(), digest_size=ID_BYTES).hexdigest()


def message_id(about: About, node: str, visit: int) -> str:
    """Return the id of what one visit says: its month, and the id of the visit."""
    return months.id_in(months.month_of(about.due_at), derived_id(about.run_key, node, visit))


def run_key(journey: str, customer_key: str, entry_key: str) -> str:
    """Return the name of a run that outlives its row number."""
    return f"{journey}\n{customer_key}\n{entry_key}"


def _entrance(about: About, effect: EnterJourney, now: Instant) -> NewCandidate:
    candidate = Candidate(
        journey=effect.journey,
        due_at=now,
        trigger="journey",
        start=effect.start,
        object_key=about.object_key,
    )
    subject = derived_id(about.run_key, effect.journey, effect.visit)
    return NewCandidate(about.customer_id, candidate, subject)


def _message(about: About, effect: SendMessage | CallAction | AskPerson) -> NewMessage:
    match effect:
        case SendMessage():
            return _mail(about, effect)
        case CallAction():
            name = f"{effect.connection}.{effect.action}"
            data: dict[str, Json] = {
                "args": dict(effect.args),
                "data": dict(effect.data),
                "answer": effect.wants_answer,
            }
            return _row(about, effect, kind="call", name=name, channel="call", counts=False, data=data)
        case AskPerson():
            data = {"question": effect.question, "data": dict(effect.data)}
            expires = effect.expires_at
            return _row(
                about, effect, kind="ask", name=effect.who, channel="ask", counts=False, data=data, expires_at=expires
            )


def _mail(about: About, effect: SendMessage) -> NewMessage:
    data: dict[str, Json] = {
        "args": dict(effect.args),
        "data": dict(effect.data),
        "sender": effect.sender,
        "subject": effect.subject,
    }
    node, visit, message, channel, policy, due_at, *_ = effect
    return NewMessage(
        message_id(about, node, visit),
        "mail",
        about.run_id,
        about.customer_id,
        about.journey,
        node,
        visit,
        message,
        due_at,
        channel,
        policy.topic,
        policy.counts,
        effect.expires_at,
        data,
    )


def _row(about: About, effect: SendMessage | CallAction | AskPerson, **fields: Any) -> NewMessage:
    return NewMessage(
        id=message_id(about, effect.node, effect.visit),
        run_id=about.run_id,
        customer_id=about.customer_id,
        journey=about.journey,
        node=effect.node,
        visit=effect.visit,
        due_at=effect.due_at,
        **fields,
    )
