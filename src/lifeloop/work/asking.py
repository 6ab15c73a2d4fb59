"""Questions that journeys put to people of ours: which are open, and what was answered."""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.engine.values import Facts, Record
from lifeloop.store import customers, enrollments, facts, messages
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer, Message, Needs, Subject
from lifeloop.work.finding import NotFoundError
from lifeloop.work.gating import Cleared
from lifeloop.work.wording import WordingProblem, question_of
from lifeloop.work.workspace import Workspace

SHORTEST = 4
"""Letters of an id that are enough to name a question."""


@dataclass(frozen=True, slots=True)
class Question:
    """One open question: its row, whom it is about, and its words."""

    message: Message
    customer: Customer
    words: str


def open_questions(space: Workspace, tx: Tx, who: str | None = None) -> tuple[Question, ...]:
    """Return what waits for an answer, the oldest first; ``who``: only what this approver was asked."""
    asked = messages.open_asks(tx, who)
    people = customers.find(tx, [one.customer_id for one in asked])
    known = _known(space, tx, asked)
    return tuple(
        Question(one, people[one.customer_id], _words(space, cleared))
        for one, cleared in zip(asked, known, strict=True)
    )


def answer(space: Workspace, reference: str, *, approved: bool, note: str) -> Message:
    """Write an answer and wake the run that waits for it; ``reference`` is the beginning of the question's id.

    Raises:
        NotFoundError: no open question begins so, or several do.
    """
    now = space.clock.now()
    data: Record = {"approved": approved, **({"note": note} if note else {})}
    with space.store.transaction() as tx:
        asked = _named(tx, reference)
        done = messages.answer(tx, [(asked.id, data, now)])
    if not done:
        raise NotFoundError("somebody else has just answered this question", hint="what is open:  lifeloop asks")
    return done[0]


def _named(tx: Tx, reference: str) -> Message:
    waiting = messages.open_asks(tx)
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


def _known(space: Workspace, tx: Tx, asked: tuple[Message, ...]) -> list[Cleared]:
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
        return question_of(space, cleared, space.clock.now()).subject
    except WordingProblem as problem:
        return f"(cannot be written: {problem})"
