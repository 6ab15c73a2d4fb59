"""What a batch must know before it decides: the facts of all its people, one query per table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import NamedTuple

from lifeloop.clock import Instant
from lifeloop.engine import conditions
from lifeloop.engine.conditions import audience_scope
from lifeloop.engine.gate import WEEK
from lifeloop.engine.values import Facts, Record
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.condition import AllOf, AnyObject, AnyOf, Condition, Happened, MessageWas, Not
from lifeloop.journey.length import Length
from lifeloop.journey.plan import Ask, Call, OnEvent, OnMoment, Plan, Send
from lifeloop.store import facts
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Needs, Subject

DAY = 86_400
LONGEST_MONTH = 31


class Wanted(NamedTuple):
    """About whom, under which plan."""

    subject: Subject
    plan: Plan


def learn(
    tx: Tx, wanted: Sequence[Wanted], catalogue: Catalogue, now: Instant, *, starts: bool = True
) -> tuple[Facts, ...]:
    """Return the facts of each one wanted, in order; segments and named predicates are worked out from them.

    ``starts``: what starts journeys is asked for, too; whoever is on the way does not look at it any more.
    """
    if not wanted:
        return ()
    plans = {one.plan.digest: one.plan for one in wanted}
    needs = needs_of(plans.values(), catalogue, now, starts=starts)
    loaded = facts.load(tx, [one.subject for one in wanted], needs)
    return tuple(_judged(known, one.plan, catalogue, now) for known, one in zip(loaded, wanted, strict=True))


def needs_of(plans: Iterable[Plan], catalogue: Catalogue, now: Instant, *, starts: bool) -> Needs:
    """Return the union of what plans read, so that each table is asked once for a whole batch."""
    events: set[str] = set()
    objects: set[str] = set()
    chosen = list(plans)
    for plan in chosen:
        asked = [catalogue.segments[name] for name in plan.segments if name in catalogue.segments]
        events |= {*plan.listens, *plan.history, *(name for tree in asked for name in _events(tree))}
        events |= {trigger.event for trigger in plan.triggers if starts and isinstance(trigger, OnEvent)}
        objects |= {*plan.objects, *(kind for tree in asked for kind in _objects(tree))}
    reaches_back = any(
        _asks_messages(tree)
        for tree in (*catalogue.segments.values(), *(tree for plan in chosen for tree in _before_any_run(plan)))
    )
    since = 0 if reaches_back else now - horizon(chosen)
    return Needs(frozenset(events), frozenset(objects), sent_since=since, answers=any(map(_waits_for_answers, chosen)))


def _waits_for_answers(plan: Plan) -> bool:
    return any(isinstance(node, Ask) or (isinstance(node, Call) and node.answer_as) for node in plan.nodes)


def _before_any_run(plan: Plan) -> Iterable[Condition]:
    """Return what is asked about somebody who has no run yet: there, a message counts whenever it was sent."""
    yield plan.audience
    for trigger in plan.triggers:
        if isinstance(trigger, OnEvent | OnMoment):
            yield trigger.where


def _judged(known: Facts, plan: Plan, catalogue: Catalogue, now: Instant) -> Facts:
    if not plan.segments and not catalogue.predicates:
        return known
    named = frozenset(name for name, path in catalogue.predicates.items() if _predicate(path)(known.customer))
    known = known._replace(named=named)
    return known._replace(segments=members_of(plan.segments, known, plan, catalogue, now))


def members_of(names: Collection[str], known: Facts, plan: Plan, catalogue: Catalogue, now: Instant) -> frozenset[str]:
    """Return those of these segments that a customer is in by the facts at hand."""
    return conditions.members_of(names, audience_scope(plan, known, now, {}), catalogue.segments)


@lru_cache(maxsize=64)
def _predicate(path: str) -> Callable[[Record], bool]:
    module, _, name = path.partition(":")
    found: Callable[[Record], bool] = getattr(import_module(module), name)
    return found


def horizon(plans: Iterable[Plan]) -> int:
    """Return the seconds that gaps and limits of these plans can look back, at the most."""
    return max((_reach(plan) for plan in plans), default=0)


def longest_look(plans: Collection[Plan], catalogue: Catalogue) -> int:
    """Return the seconds that anything with a limit of time can look back at messages: gaps, limits, conditions.

    Conditions inside a run see its own messages alone, which stay as long as it waits.
    """
    trees = (*catalogue.segments.values(), *(tree for plan in plans for tree in _before_any_run(plan)))
    asked = [part.span.length for tree in trees for part in _parts(tree) if isinstance(part, MessageWas)]
    return max([horizon(plans), *(at_most(length) for length in asked if length)])


def _reach(plan: Plan) -> int:
    policies = [node.policy for node in plan.nodes if isinstance(node, Send)]
    windows = [policy.gap for policy in policies if policy.gap] + [
        policy.limit.per for policy in policies if policy.limit
    ]
    paced = at_most(WEEK) if any(policy.needs_consent for policy in policies) else 0
    return max([paced, *(at_most(window) for window in windows)])


def at_most(length: Length) -> int:
    """Return the most seconds a length can last, a day too long rather than a second too short."""
    days = length.months * LONGEST_MONTH + length.days + 3 * length.working_days + 1
    return days * DAY + length.seconds


def _parts(tree: Condition) -> Iterable[Condition]:
    yield tree
    match tree:
        case AllOf(parts) | AnyOf(parts):
            inner: tuple[Condition, ...] = parts
        case Not(part):
            inner = (part,)
        case Happened(where=where) | AnyObject(where=where) if where is not None:
            inner = (where,)
        case _:
            inner = ()
    for part in inner:
        yield from _parts(part)


def _events(tree: Condition) -> set[str]:
    return {part.event for part in _parts(tree) if isinstance(part, Happened)}


def _objects(tree: Condition) -> set[str]:
    return {part.kind for part in _parts(tree) if isinstance(part, AnyObject)}


def _asks_messages(tree: Condition) -> bool:
    return any(isinstance(part, MessageWas) for part in _parts(tree))
