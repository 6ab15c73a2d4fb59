"""Steps that wait: for a length or a moment, for an event, for an answer.

A deadline is worked out anew at every look, from the node's beginning or from the data it is counted from; that is
all there is to re-timing. An event that happened at the deadline or before wins over the deadline.
"""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.engine.timing import occurrence
from lifeloop.engine.values import Answer, Event, Status
from lifeloop.engine.walk import STAY, Here, Next, Walk
from lifeloop.journey.length import Length
from lifeloop.journey.moment import FromAnchor, Moment, OnDate
from lifeloop.journey.plan import Ask, Call, Wait, WaitFor

_AN_HOUR = 3600


def wait(walk: Walk, node: Wait) -> Next:
    """Wait for a length or until a moment."""
    deadline = _round(walk, node) if node.repeat else walk.deadline_of(node.until)
    if deadline is None:
        return _missed(walk, node, "its date is unknown")
    if isinstance(node.until, FromAnchor | OnDate) and walk.is_missed(deadline):
        return _missed(walk, node, "its time was over")
    if deadline > walk.now:
        return walk.wait_until(deadline)
    # A date that moved into the past was nobody's lateness: what follows is meant for now.
    moved = not walk.fresh and deadline != walk.deadline
    walk.moment = walk.now if moved else max(deadline, walk.since)
    walk.note("waited", str(walk.wake))
    return node.next


def _round(walk: Walk, node: Wait) -> Instant | None:
    """Work out when the next round of a repeat begins.

    Rounds are counted from where the repeat began, never chained, so neither the 31st drifts to the 28th nor ten
    o'clock by the time we take. A round that took its time (a held message, waits of its own) begins a new count:
    customers are promised a pause, not a beat.
    """
    if not isinstance(node.until, Length) or node.repeat is None:
        return walk.deadline_of(node.until)
    anchor, first = walk.anchors.get(node.repeat, (walk.since, node.round))
    if walk.fresh:
        due = occurrence(anchor, node.until, node.round - first, walk.zone, country=walk.plan.country)
        if not 0 <= walk.since - due < _AN_HOUR:
            anchor, first = walk.since, node.round
        walk.anchors = {**walk.anchors, node.repeat: (anchor, first)}
    return occurrence(anchor, node.until, node.round - first + 1, walk.zone, country=walk.plan.country)


def _missed(walk: Walk, node: Wait, detail: str) -> Next:
    walk.note("missed", detail, {"then": node.missed})
    walk.moment = walk.since if walk.fresh else walk.now
    if node.missed == "stop":
        return walk.finish(Status.STOPPED, "missed")
    if node.missed == "continue":
        return node.next
    return node.ahead if node.ahead is not None else _nothing_ahead(walk)


def _nothing_ahead(walk: Walk) -> Here:
    status = Status.STOPPED if walk.closing else Status.COMPLETED
    return walk.finish(status, "nothing left ahead")


def wait_for(walk: Walk, node: WaitFor) -> Next:
    """Wait for an event: the earliest one of this run that fits and that no wait has taken yet."""
    deadline = give_up_at(walk, node.max)
    event = _in_mailbox(walk, node, deadline)
    if event is not None:
        walk.takes(event.data, event.seq)
        walk.moment = max(event.at, walk.since)
        walk.note("event", event.name, event.data)
        return node.then
    if deadline > walk.now:
        return walk.wait_until(deadline, {"for": node.event})
    return _time_is_up(walk, deadline, node.otherwise)


def give_up_at(walk: Walk, until: Length | Moment) -> Instant:
    """Return when a wait gives up; at once where that is counted from data nobody knows."""
    deadline = walk.deadline_of(until)
    return walk.since if deadline is None else deadline


def _in_mailbox(walk: Walk, node: WaitFor, deadline: Instant) -> Event | None:
    (fits,) = walk.prepared.readings[node.id]
    after = walk.since_seq if node.since_now else -1
    started_at, used = walk.state.started_at, walk.used
    for event in walk.facts.events:
        if event.name != node.event or event.seq <= after or event.seq in used:
            continue
        if started_at <= event.at <= deadline and fits(walk.scope, event.data, {}):
            return event
    return None


def _time_is_up(walk: Walk, deadline: Instant, target: Next) -> Next:
    walk.moment = max(deadline, walk.since)
    walk.note("time is up")
    return target


def answered(walk: Walk, node: Call | Ask, deadline: Instant) -> Answer | Here | None:
    """Return the answer that came in time, None when time is up, or stay."""
    for answer in walk.facts.answers:
        if answer.node == node.id and answer.visit == walk.visit and answer.at <= deadline:
            walk.moment = max(answer.at, walk.since)
            walk.note("answered", "", answer.data)
            return answer
    if deadline > walk.now:
        walk.wait_until(deadline)
        return STAY
    _time_is_up(walk, deadline, None)
    return None
