"""Resolves what the gate will ask of one send: the nearest word on delivery wins, project, journey, then step.

One exception, for messages that people must get: a topic that rests on the contract and does not count (``service``)
ignores hours, gap and limit said further out than the topic itself; those said beside it, or nearer, hold.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeVar

from lifeloop.journey.catalogue import Catalogue, Delivery, Topic
from lifeloop.journey.length import Length
from lifeloop.journey.own_customers import ways_of
from lifeloop.journey.plan import Late, OwnCustomers, Policy
from lifeloop.journey.spec import Phase, SendStep

GAP = Length(seconds=20 * 3600)
SERVICE = Topic("service", basis="contract", counts=False)
LATE = Late()
SERVICE_LATE = Late(after=Length(seconds=72 * 3600))

T = TypeVar("T")


def topic_of(name: str, catalogue: Catalogue) -> Topic:
    """Return a declared topic; ``service`` exists in every project, and an unknown one needs consent."""
    return catalogue.topics.get(name) or (SERVICE if name == SERVICE.name else Topic(name))


def is_service(topic: Topic) -> bool:
    """Tell whether messages of a topic are a service: owed by the contract, and not counted."""
    return topic.basis == "contract" and not topic.counts


def resolve_policy(step: SendStep, journey: Delivery, catalogue: Catalogue, phase: Phase) -> Policy:
    """Return everything the gate asks of this send."""
    levels = (catalogue.delivery, journey, Delivery(hours=step.hours, limit=step.limit, topic=step.topic))
    topic_level, name = _nearest((level.topic for level in levels), 0, "")
    topic = topic_of(name, catalogue)
    heard_from = topic_level if is_service(topic) else 0
    gap_default = None if is_service(topic) else GAP
    return Policy(
        topic=name,
        needs_consent=topic.basis == "consent",
        counts=topic.counts,
        hours=_nearest((level.hours for level in levels), heard_from, None)[1],
        avoid_holidays=_nearest((level.holidays for level in levels), heard_from, None)[1] == "avoid",
        gap=_nearest((level.gap for level in levels), heard_from, gap_default)[1],
        limit=_nearest((level.limit for level in levels), heard_from, None)[1],
        late=step.late or (SERVICE_LATE if is_service(topic) else LATE),
        expires=step.expires,
        recovery=_in_recovery(topic, phase, levels),
        own_customers=_own_customers(topic, catalogue),
    )


def _in_recovery(topic: Topic, phase: Phase, levels: Iterable[Delivery]) -> Literal["wait", "skip", "send"]:
    """Promotion, which is what needs a yes, waits while something is put right; those who put it right speak."""
    if phase == "recovery" or topic.basis != "consent":
        return "send"
    said = [level.recovery for level in levels if level.recovery is not None]
    return said[-1] if said else "wait"


def _own_customers(topic: Topic, catalogue: Catalogue) -> OwnCustomers | None:
    if topic.basis != "consent" or not topic.similar_to:
        return None
    rules = catalogue.own_customers
    return OwnCustomers(topic.similar_to, ways_of(rules), rules.within, entity_of(catalogue))


def entity_of(catalogue: Catalogue) -> str:
    """Return who sells and writes: the same company must do both."""
    return catalogue.own_customers.company or catalogue.company.get("name", "")


def _nearest(said: Iterable[T | None], heard_from: int, default: T) -> tuple[int, T]:
    found = (0, default)
    for level, value in enumerate(said):
        if value is not None and level >= heard_from:
            found = (level, value)
    return found
