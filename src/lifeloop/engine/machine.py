"""What happens next to one run: the whole of it, as one pure function.

The laws, in the order in which they win:

1. **Nothing outside.** Everything that decides comes in as an argument; everything that should happen goes out as an
   effect. The same arguments give the same answer, today, in a rehearsal and in ten years.
2. **Looking is free.** A run may be looked at at any time and for any reason. When nothing is due, nothing changes:
   no effect, and the same state (but for a ``due_at`` that somebody else set). So no wake can be one too many.
3. **Every look looks at everything.** First the goal, then the stop rules, then the present node; then node after node
   until the run must wait or ends. Rules are asked again whenever a step has changed what they look at.
4. **A wait is only a deadline**, worked out anew at every look. A date that moves, or a customer who moves to another
   zone, moves it; a deadline that we ourselves were late for still counts as reached.
5. **An event is used once** by one wait, at most; the one that started the run is used from the beginning. It wins
   over a deadline of the same second.
6. **A send is a place.** The run stands there while the gate holds the message, and what follows is counted from the
   real sending. A message that is dropped is stepped over, never sent later.
7. **Nothing is done twice.** Every node entered has a visit of its own; effects name node and visit, and are made only
   while the node is being passed.
8. **Closing steps close.** Once a stop rule has begun its closing steps no rule is asked, and the run ends stopped.
9. **Every run ends.** A plan has no circles, every wait has an end, and a final state never moves again.

Only a plan or a state that the engine could not have made raises (``lifeloop.engine.errors``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine import steps, waits
from lifeloop.engine.errors import BrokenPlanError
from lifeloop.engine.prepared import prepare
from lifeloop.engine.values import Facts, Move, State, Status, Visited, Wake
from lifeloop.engine.walk import STAY, Next, Walk
from lifeloop.journey.plan import (
    Ask,
    Branch,
    Call,
    Enter,
    Milestone,
    Node,
    Plan,
    Record,
    Send,
    Set,
    Split,
    Stop,
    Wait,
    WaitFor,
)

_NO_PINS: Mapping[str, str] = {}


def advance(
    plan: Plan,
    state: State,
    wake: Wake,
    *,
    facts: Facts,
    now: Instant,
    pins: Mapping[str, str] = _NO_PINS,
) -> Move:
    """Move one run as far as it gets now. ``pins``: experiment to path, for tests that need one way."""
    if state.status is not Status.WAITING:
        return Move(state)
    walk = Walk(prepare(plan), state, wake=wake, facts=facts, now=now, pins=pins)
    following: Next = STAY
    if state.visit == 0:
        walk.note("started", "late" if state.node != plan.first else "")
        following = state.node
    _walk_on(walk, following, first_look=state.visit > 0)
    return walk.move()


def ended_at(state: State, node: str, visit: int, reason: str, now: Instant) -> tuple[State, Visited]:
    """Return the end of a run that waits, whose message of an earlier visit was dropped just before it left.

    It is the end that the run would have come to there; a reason said before (by a stop rule) stays.
    """
    said = state.reason or reason
    over = state._replace(node=None, status=Status.STOPPED, due_at=None, deadline=None, reason=said)
    return over, Visited(node, visit, now, "stopped", said)


def _walk_on(walk: Walk, following: Next, *, first_look: bool) -> None:
    """Go from node to node. ``first_look``: the run stands on its node already."""
    for _ in range(len(walk.plan.nodes) + 2):
        if walk.learned:
            following = _ask_rules(walk, following)
        if walk.status is not Status.WAITING:
            return
        if following is None:
            _end(walk)
            return
        if following is not STAY:
            walk.enter(following)
        elif not first_look:
            return
        first_look = False
        node = walk.prepared.node(walk.node or "")
        following = _STEPS[type(node)](walk, node)
        walk.fresh = False
    raise BrokenPlanError(f"{walk.plan.journey} runs in a circle at {walk.node}")


def _ask_rules(walk: Walk, following: Next) -> Next:
    """Ask the goal and the stop rules, where anything they look at may have changed; return where to go then."""
    walk.learned = False
    if walk.closing or walk.status is not Status.WAITING:
        return following
    prepared = walk.prepared
    if prepared.goal is not None and walk.converted_at is None and walk.holds(prepared.goal):
        walk.converted_at = walk.now
        walk.note("goal")
    for reading, rule in prepared.stops:
        if walk.holds(reading):
            return _stopped_by(walk, rule.reason, rule.then)
    return following


def _stopped_by(walk: Walk, reason: str, then: str | None) -> Next:
    walk.reason = reason
    if then is None:
        return walk.finish(Status.STOPPED)
    walk.closing = True
    walk.moment = walk.now
    return then


def _end(walk: Walk) -> None:
    walk.finish(Status.STOPPED if walk.closing else Status.COMPLETED)


_STEPS: Mapping[type[Node], Callable[[Walk, Any], Next]] = {
    Ask: steps.ask,
    Branch: steps.branch,
    Call: steps.call,
    Enter: steps.enter_journey,
    Milestone: steps.milestone,
    Record: steps.record,
    Send: steps.send,
    Set: steps.set_data,
    Split: steps.split,
    Stop: steps.stop,
    Wait: waits.wait,
    WaitFor: waits.wait_for,
}
"""What each kind of node does. Every kind has its line; a test holds that none is missing."""
