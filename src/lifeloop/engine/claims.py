"""What other journeys hold against a message: those that go first want to speak soon, or put something right.

As things stand: a run that is at a message, or whose present wait ends in one, claims the moment at which it is looked
at next. Nobody knows whether it will still be wanted by then; whoever waited for it looks again at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter

from lifeloop.clock import Instant
from lifeloop.engine.prepared import prepare
from lifeloop.engine.values import Claim, Facts
from lifeloop.journey.plan import Plan, Send, Wait

RECOVERY = "recovery"
"""The phase of journeys that put something right."""
Rank = Callable[[str], int]
"""A journey's place in the project's priority, the first the smallest."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A run on its way: its plan, where it stands, when it is looked at next, and whether its goal is reached.

    ``rests``: its journey is paused, so it claims nothing. ``run``: which one, so that it can be told from others.
    """

    plan: Plan
    node: str | None
    due_at: Instant
    reached: bool = False
    rests: bool = False
    run: int | None = None


def compete(facts: Facts, plan: Plan, others: Iterable[Standing], rank: Rank, decided: Iterable[Claim] = ()) -> Facts:
    """Return facts with what other runs of the same customer, and messages already decided, hold against this plan.

    What journeys that go after it have decided, but not handed over yet, stands in its way no more.
    """
    standing, said = list(others), list(decided)
    if not standing and not said and not any(one.pending for one in facts.sent):
        return facts
    mine = rank(plan.journey)
    claims = [claim for each in standing if (claim := claim_of(each)) is not None]
    first = sorted((one for one in (*claims, *said) if rank(one.journey) < mine), key=attrgetter("at", "journey"))
    sent = facts.sent
    if any(one.pending and rank(one.journey) > mine for one in sent):
        sent = tuple(one for one in sent if not (one.pending and rank(one.journey) > mine))
    open_case = next((each.plan.journey for each in standing if is_open_case(each)), None)
    return facts._replace(claims=tuple(first), recovering=open_case, sent=sent)


def claim_of(standing: Standing) -> Claim | None:
    """Return the message that a run wants to say when it is looked at next, if that is one that counts."""
    if standing.rests:
        return None
    nodes = prepare(standing.plan).nodes
    node = nodes.get(standing.node or "")
    send = nodes.get(node.next or "") if isinstance(node, Wait) else node
    if not isinstance(send, Send) or not send.policy.counts:
        return None
    return Claim(standing.plan.journey, send.message, send.by, standing.due_at, send.policy, run=standing.run)


def is_open_case(standing: Standing) -> bool:
    """Tell whether a run is still putting something right: it is on its way, and its goal is not reached."""
    return standing.plan.phase == RECOVERY and not standing.reached
