"""Questions that journeys put to people of ours: which are open, and what was answered, by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.engine.values import Facts, Record
from lifeloop.store import customers, enrollments, facts, messages
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer, Message, Needs, Subject
from lifeloop.work.finding import NotFoundError
from lifeloop.work.gating import Cleared
from lifeloop.work.wording import WordingProblem, question_words, title_of
from lifeloop.work.workspace import Workspace

SHORTEST = 4
"""Letters of an id that are enough to name a question."""
LONGEST_NOTE = 500
LONGEST_NAME = 100

Via = Literal["mail", "command", "api"]


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who answers, as far as we know, and in which way they came."""

    by: str
    via: Via


@dataclass(frozen=True, slots=True)
class Question:
    """One question: its row, whom it is about, its words, and what its journey is called."""

    message: Message
    customer: Customer
    words: str
    title: str


@dataclass(frozen=True, slots=True)
class Look:
    """A question as it stands now. ``over``: its time is up, or its journey has gone on without an answer."""

    state: Literal["open", "answered", "over"]
    question: Question
    new: bool = False
    """It was answered just now, by who looks."""


def open_questions(space: Workspace, tx: Tx, who: str | None = None) -> tuple[Question, ...]:
    """Return what waits for an answer, the oldest first; ``who``: only what this approver was asked."""
    return _questions(space, tx, messages.open_asks(tx, who))


def look_at(space: Workspace, message_id: str) -> Look | None:
    """Return one question as it stands now; None when we know nothing of it any more. Looking changes nothing."""
    with space.store.reading() as tx:
        return _look(space, tx, message_id)


def answer_one(space: Workspace, message_id: str, by: Answerer | None, *, approved: bool, note: str) -> Look | None:
    """Answer a question by its whole id, and return how it stands then: the first answer counts."""
    with space.store.transaction() as tx:
        before = _look(space, tx, message_id)
        if before is None or before.state != "open":
            return before
        by = by or Answerer(before.question.message.name, "mail")
        done = messages.answer(tx, [(message_id, _said(by, approved=approved, note=note), space.clock.now())])
        after = _look(space, tx, message_id)
    return Look(after.state, after.question, new=bool(done)) if after else None


def answer(space: Workspace, reference: str, *, approved: bool, note: str, by: Answerer | None = None) -> Message:
    """Write an answer and wake the run that waits for it; ``reference`` is the beginning of the question's id.

    Raises:
        NotFoundError: no open question begins so, or several do.
    """
    with space.store.transaction() as tx:
        asked = _named(tx, reference, space.clock.now())
        done = messages.answer(tx, [(asked.id, _said(by, approved=approved, note=note), space.clock.now())])
    if not done:
        raise NotFoundError("somebody else has just answered this question", hint="what is open:  lifeloop asks")
    return done[0]


def _said(by: Answerer | None, *, approved: bool, note: str) -> Record:
    kept = "".join(letter if letter.isprintable() else " " for letter in note).strip()[:LONGEST_NOTE]
    who = {"by": by.by[:LONGEST_NAME], "via": by.via} if by else {}
    return {"approved": approved, **({"note": kept} if kept else {}), **who}


def _look(space: Workspace, tx: Tx, message_id: str) -> Look | None:
    message = messages.find(tx, [message_id]).get(message_id)
    found = _questions(space, tx, [message]) if message is not None and message.kind == "ask" else ()
    if not found:
        return None
    asked = found[0].message
    if asked.answered_at is not None:
        return Look("answered", found[0])
    waits = not _is_late(asked, space.clock.now()) and messages.is_open_ask(tx, asked.id)
    return Look("open" if waits else "over", found[0])


def _is_late(asked: Message, now: Instant) -> bool:
    return asked.expires_at is not None and now > asked.expires_at


def _named(tx: Tx, reference: str, now: Instant) -> Message:
    waiting = [one for one in messages.open_asks(tx) if not _is_late(one, now)]
    found = [one for one in waiting if len(reference) >= SHORTEST and one.id.startswith(reference)]
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFoundError(f'several questions begin with "{reference}"', hint="type more of it")
    if len(reference) < SHORTEST:
        raise NotFoundError(f'"{reference}" is too short', hint=f"at least {SHORTEST} letters:  lifeloop asks")
    return _answered(tx, reference, len(waiting))


def _answered(tx: Tx, reference: str, waiting: int) -> Message:
    known = messages.find(tx, [reference]).get(reference)
    if known is not None and known.answered_at is not None:
        raise NotFoundError("this question was answered before", hint="the first answer counts")
    hint = "what is open:  lifeloop asks" if waiting else "nothing waits for an answer now"
    raise NotFoundError(f'no open question begins with "{reference}"', hint=hint)


def _questions(space: Workspace, tx: Tx, asked: Sequence[Message]) -> tuple[Question, ...]:
    people = customers.find(tx, [one.customer_id for one in asked])
    known = _known(space, tx, asked)
    return tuple(
        Question(one, people[one.customer_id], _words(space, cleared), title_of(space, one.journey))
        for one, cleared in zip(asked, known, strict=True)
        if one.customer_id in people
    )


def _known(space: Workspace, tx: Tx, asked: Sequence[Message]) -> list[Cleared]:
    plans = space.plans.by_digest(tx, {one.plan for one in asked if one.plan})
    runs = enrollments.find(tx, [one.run_id for one in asked if one.run_id is not None])
    kinds = [plans[one.plan].object if one.plan else None for one in asked]
    keys = [runs[one.run_id].object_key if one.run_id in runs else None for one in asked]
    subjects = [
        Subject(one.customer_id, one.run_id, kind, key) for one, kind, key in zip(asked, kinds, keys, strict=True)
    ]
    loaded: tuple[Facts, ...] = facts.load(tx, subjects, Needs(sent_since=None)) if asked else ()
    return [Cleared(one, one.fence, known, kind) for one, known, kind in zip(asked, loaded, kinds, strict=True)]


def _words(space: Workspace, cleared: Cleared) -> str:
    try:
        return question_words(space, cleared, space.clock.now())
    except WordingProblem as problem:
        return f"(cannot be written: {problem})"
