"""One customer's story across all journeys, in plain words: what happened, in order, and what waits until when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from lifeloop.clock import Instant
from lifeloop.engine.gate import DropRule, HoldRule
from lifeloop.engine.values import Status
from lifeloop.journey.plan import Plan, Send
from lifeloop.rehearse.reasons import dropped_words, held_visit, held_words, node_of
from lifeloop.rehearse.story import Line, told
from lifeloop.store import candidates, consents, enrollments, events, inbox, lookups, messages, visits
from lifeloop.store.transaction import Tx
from lifeloop.store.values import CandidateRow, ConsentRow, Customer, Message, Run, Step, StoredEvent
from lifeloop.work.never import in_words, never
from lifeloop.work.status import waiting_words
from lifeloop.work.workspace import Workspace

SILENT = frozenset({"sent", "waits", "waited", "called", "asked", "recorded", "event", "answered"})
"""Visits that a line of their own tells: the message, the event, the answer."""
PASSED = frozenset({"sent", "called", "asked"})
"""Visits of the steps that messages come from."""
HOLDS = frozenset(get_args(HoldRule))
DROPS = frozenset(get_args(DropRule))
HOW = {
    "rejected": "could not be delivered",
    "suppressed": "not sent",
    "capped": "not sent",
    "expired": "not sent",
    "cancelled": "not sent any more",
    "held": "held until somebody looks at it",
    "uncertain": "the answer was lost: it may have arrived or not",
    "assumed_sent": "its answer was lost; it counts as sent",
    "attempting": "is leaving now",
}
"""What became of a message that did not simply leave."""
MAY_HAVE_LEFT = ("attempting", "uncertain", "assumed_sent")
SAID = {"there": "the provider has it", "absent": "the provider does not know it"}
SOURCES = {"rfc8058": "one click in a mail program", "page": "the page behind a link", "mail": "a mail they wrote"}
"""Who said so, where our word for it is none of a marketer's."""
A_MOMENT = 60
"""Seconds within which a message stands where its step was passed, so before the end of its run."""
CAME = {"bounced": "came back", "complained": "marked as spam"}
"""What came of a message that left, where our own word for it is none that everybody uses."""


@dataclass(frozen=True, slots=True)
class Story:
    """``past`` in order, the newest last; ``ahead`` with the next first. ``shortened``: there is more past."""

    past: tuple[Line, ...]
    ahead: tuple[Line, ...]
    shortened: bool


def tell(space: Workspace, tx: Tx, customer: Customer, limit: int) -> Story:
    """Return a customer's story; of the past at most so many lines."""
    steps = visits.of_customer(tx, customer.id, limit * 4)
    runs = enrollments.of_customer(tx, customer.id)
    plans = space.plans.by_digest(tx, {run.plan for run in runs})
    letters = messages.of_customer(tx, customer.id, limit)
    subjects = inbox.subjects(tx, [one.id for one in letters])
    happened = events.of_customer(tx, customer.id, limit)
    lines = [
        *((line.at, 0, place, line) for place, line in enumerate(map(_said, consents.history(tx, customer.id)))),
        *((event.at, 1, event.seq, _event(event)) for event in happened),
        *((row.at, 2, 0, Line(row.at, "never", in_words(row))) for row in never(tx, customer)),
        *((line.at, 3, place, line) for place, line in enumerate(_asked(tx, letters))),
        *_moved(space, steps, plans, [_tried(tx, one) for one in letters if one.status != "ready"], subjects),
    ]
    past = [line for *_, line in sorted(lines, key=lambda each: each[:3])]
    ahead = sorted(_ahead(space, tx, customer, runs, plans, letters), key=lambda line: line.at)
    return Story(tuple(past[-limit:]), tuple(ahead), len(past) > limit or len(happened) == limit)


def _moved(
    space: Workspace,
    steps: Sequence[Step],
    plans: Mapping[str, Plan],
    letters: Sequence[Message],
    subjects: Mapping[str, str],
) -> Iterator[tuple[Instant, int, int, Line]]:
    """Yield what journeys did, with its sorting: a message stands where its step was passed, if it left then."""
    passed: dict[tuple[int, int, str | None], tuple[Instant, int]] = {}
    for place, step in enumerate(steps):
        if step.visited.what in PASSED:
            passed[step.run_id, step.visited.visit, step.visited.node] = step.visited.at, place
        line = _visit(space, step, plans[step.plan]) if step.plan in plans else None
        if line is not None:
            yield line.at, 2, place, line
    for one in letters:
        line = _letter(one, subjects)
        at, place = passed.get((one.run_id or 0, one.visit, one.node), (line.at, len(steps)))
        soon = 0 <= line.at - at < A_MOMENT
        before_its_event = 0 if one.status == "rejected" else 2
        yield (at, 2, place, line) if soon else (line.at, before_its_event, len(steps), line)


def _tried(tx: Tx, one: Message) -> Message:
    """Return it with the moment of its last try, also where that was refused: it may have waited long for it."""
    tries = messages.attempts(tx, one.id) if one.status == "rejected" else ()
    return one._replace(sent_at=tries[-1].at) if tries else one


def _said(one: ConsentRow) -> Line:
    by = "" if one.channel == "*" else f" by {one.channel}"
    words = f"{'yes' if one.granted else 'no'} to {one.topic}{by}"
    return Line(one.at, "consent", words, aside=f"from {SOURCES.get(one.source, one.source)}" if one.source else "")


def _event(one: StoredEvent) -> Line:
    return Line(one.at, "event", one.name, data=one.data)


def _visit(space: Workspace, step: Step, plan: Plan) -> Line | None:
    visited = step.visited
    found = None if visited.what in SILENT else told(visited, node_of(plan, visited.node), plan)
    if found is None:
        return None
    kind, words = found
    return Line(visited.at, kind, words, step.journey, _line_of(space, step, visited.node), data=visited.data)


def _line_of(space: Workspace, step: Step, node: str | None) -> int | None:
    """Return where the file says so, if the file still says what this run began with."""
    journey = space.project.journeys.get(step.journey)
    if journey is None or journey.plan is None or journey.plan.digest != step.plan:
        return None
    place = journey.places.get(node or "")
    return place.line if place else None


def _letter(one: Message, subjects: Mapping[str, str]) -> Line:
    at = one.sent_at if one.sent_at is not None else one.made_at
    words = subjects.get(one.id) or one.name
    kind = {"call": "call", "ask": "ask"}.get(one.kind, one.channel)
    data = {"message": one.name, "status": one.status, "id": one.id}
    if one.kind == "ask":
        words = f"{one.name}: {words}" if subjects.get(one.id) else one.name
    if one.status != "sent":
        words = f"{one.name} {HOW.get(one.status, one.status)}"
        return Line(at, _column(one, kind), words, one.journey, aside=why_not(one), data=data)
    return Line(at, kind, words, one.journey, aside=_since(one), data=data if one.kind == "mail" else {})


def _column(one: Message, kind: str) -> str:
    """Return the word of its column: what may have left stands with what did, and only what never will is dropped."""
    if one.status == "held":
        return "held"
    return kind if one.status in MAY_HAVE_LEFT else "dropped"


def why_not(one: Message) -> str:
    """Return why a message did not leave, in words."""
    rule, _, _ = (one.reason or "").partition(":")
    if one.status in ("suppressed", "expired") and rule in DROPS:
        return (
            f'they have not said yes to "{one.topic}"'
            if rule == "consent"
            else dropped_words(None, rule, one.reason or "")
        )
    return one.reason or ""


def _since(one: Message) -> str:
    """Return what came of a message: delivered, opened, came back, answered."""
    if one.answered_at is not None:
        answer = one.answer or {}
        if "approved" in answer:
            note = f": {answer['note']}" if answer.get("note") else ""
            by = f" by {answer['by']}" if answer.get("by") else ""
            return ("approved" if answer["approved"] else "declined") + by + note
        return "answered"
    return ", ".join(CAME.get(what, what) for what, _ in sorted(one.receipts.items(), key=lambda pair: pair[1]))


def _asked(tx: Tx, letters: Sequence[Message]) -> Iterator[Line]:
    """Yield how often a provider was asked about a message whose answer was lost, and what it said."""
    names = {one.id: one for one in letters}
    for row in lookups.of_messages(tx, list(names)):
        one = names[row.message_id]
        words = f"asked what became of {one.name}: {SAID.get(row.said or '', 'no answer')}"
        yield Line(row.at, "note", words, one.journey)


def _ahead(
    space: Workspace,
    tx: Tx,
    customer: Customer,
    runs: tuple[Run, ...],
    plans: Mapping[str, Plan],
    letters: tuple[Message, ...],
) -> Iterator[Line]:
    for run in runs:
        if run.state.status is Status.WAITING and run.state.due_at is not None and run.plan in plans:
            words = waiting_words(node_of(plans[run.plan], run.state.node))
            yield Line(run.state.due_at, "waits", words, run.journey, aside=run.object_key or "")
    for one in letters:
        if one.status == "ready" and one.next_at is not None:
            yield Line(one.next_at, "leaves", one.name, one.journey, aside=held_by(one, plans))
    live = space.plans.live(tx)
    starts = [row for row in candidates.of_customer(tx, customer.id) if row.candidate.journey in live]
    yield from _starts(starts, space.clock.now())


def _starts(starts: Sequence[CandidateRow], now: Instant) -> Iterator[Line]:
    """Yield the starts to come; of those that only wait for the next wave one for each journey."""
    due = Counter(row.candidate.journey for row in starts if row.candidate.due_at <= now)
    for journey, count in due.items():
        words = "with the next wave, if the audience holds"
        yield Line(now, "may start", words, journey, aside="" if count == 1 else f"{count:,} starts")
    for row in starts:
        if row.candidate.due_at > now:
            about = row.candidate.object_key or ""
            words = "if the audience holds then"
            yield Line(row.candidate.due_at, "may start", words, row.candidate.journey, aside=about)


def held_by(one: Message, plans: Mapping[str, Plan]) -> str:
    """Return what holds a message that is ready to leave."""
    plan = plans.get(one.plan or "")
    node = node_of(plan, one.node) if plan else None
    rule, _, taken = (one.reason or "").partition(": ")
    if isinstance(node, Send) and rule in HOLDS:
        journey, _, message = taken.partition(" ")
        return f"held: {held_words(node.policy, rule, journey, message)}"
    return one.reason or ""


def holding(space: Workspace, tx: Tx, run: Run) -> str:
    """Return what holds the message that a run is at, and whose message has its place; empty when nothing does."""
    plan = space.plans.by_digest(tx, {run.plan}).get(run.plan)
    node = node_of(plan, run.state.node) if plan else None
    if not isinstance(node, Send):
        return ""
    said = [one for one in visits.of_run(tx, run.id) if one.what == "held" and one.visit == run.state.visit]
    return held_visit(node.policy, said[-1]) if said else ""
