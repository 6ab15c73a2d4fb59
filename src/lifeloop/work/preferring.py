"""What a customer chooses on their own page: topics, how often, a pause, whether they may be counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.timing import add_length
from lifeloop.engine.zones import zone_named
from lifeloop.journey.catalogue import Topic
from lifeloop.journey.length import Length
from lifeloop.store import consents, customers, preferences
from lifeloop.store.preferences import Pace, Wish
from lifeloop.store.transaction import Tx
from lifeloop.store.values import ConsentRow, Customer
from lifeloop.work.leaving import Visitor, whom, withdraw
from lifeloop.work.links import Person
from lifeloop.work.workspace import Workspace

TRACKING = "tracking"
"""The word in the ledger for "you may see what I open and click"; a topic of that name is not offered."""
SOURCE = "preferences"

Pause = Literal["keep", "no", "1", "3"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a form said. ``topics``: those that were shown, with yes or no; the others stay. None: not asked."""

    topics: Mapping[str, bool] = field(default_factory=dict)
    pace: Pace | None = None
    pause: Pause = "keep"
    tracking: bool | None = None
    wording: Mapping[str, str] = field(default_factory=dict)
    """What was read beside each switch; it is kept as proof of a yes."""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """What one customer gets now. ``topics``: those that they may switch, in the project's order."""

    customer: Customer
    topics: Mapping[str, bool]
    wish: Wish
    tracking: bool | None
    """Whether they may be told apart; None: the project never does."""
    zone: ZoneInfo


def choices_of(space: Workspace, person: Person) -> Choices | None:
    """Return what a customer gets; None when we know them no more."""
    with space.store.reading() as tx:
        return _choices(space, tx, whom(tx, person).customer_id)


def choose(space: Workspace, person: Person, wanted: Wanted, visitor: Visitor) -> Choices | None:
    """Write what changed, with its proof, in one commit; returns what they get from now on."""
    now = space.clock.now()
    with space.store.transaction() as tx:
        person = whom(tx, person)
        customers.lock(tx, [person.customer_id])
        before = _choices(space, tx, person.customer_id)
        if before is None:
            return None
        evidence = visitor.evidence("preferences")
        asked = {name: yes for name, yes in wanted.topics.items() if before.topics.get(name, yes) != yes}
        refused = [name for name, yes in asked.items() if not yes]
        withdraw(space, tx, before.customer, refused, now, source=SOURCE, evidence=evidence)
        granted = [name for name, yes in asked.items() if yes]
        _grant(tx, before.customer, granted, wanted, now, evidence)
        _count(tx, before, wanted, now, evidence)
        wish = _wish(before, wanted, now)
        if wish != before.wish or granted:
            preferences.save(tx, before.customer.id, wish, now)
        return _choices(space, tx, person.customer_id)


def offered(space: Workspace) -> dict[str, Topic]:
    """Return the topics that somebody may switch: a yes is needed for them, or a no is honoured."""
    return {
        name: topic
        for name, topic in space.catalogue.topics.items()
        if (topic.basis == "consent" or topic.counts) and name != TRACKING
    }


def is_paused(wish: Wish, now: Instant) -> bool:
    """Tell whether a pause is going on."""
    return wish.paused_until is not None and wish.paused_until > now


def _choices(space: Workspace, tx: Tx, customer_id: int) -> Choices | None:
    customer = customers.find(tx, [customer_id]).get(customer_id)
    if customer is None:
        return None
    said = consents.of_customer(tx, customer_id)
    return Choices(
        customer=customer,
        topics={name: _is_on(said, topic) for name, topic in offered(space).items()},
        wish=preferences.of_customer(tx, customer_id),
        tracking=said.get(TRACKING) is True if space.catalogue.tracking == "individual" else None,
        zone=zone_named(customer.data.get("timezone")) or zone_named(space.catalogue.timezone) or ZoneInfo("UTC"),
    )


def _is_on(said: Mapping[str, bool], topic: Topic) -> bool:
    word = said.get(f"email/{topic.name}", said.get(topic.name))
    return word is True if topic.basis == "consent" else word is not False


def _grant(tx: Tx, customer: Customer, topics: list[str], wanted: Wanted, now: Instant, evidence: str) -> None:
    """Write a yes for each, also where one channel had been refused, which would win otherwise."""
    said = consents.of_customer(tx, customer.id)
    rows = []
    for topic in topics:
        refused = [name.partition("/")[0] for name, yes in said.items() if name.partition("/")[2] == topic and not yes]
        row = ConsentRow(customer.id, topic, True, now, "*", SOURCE, evidence)
        row = replace(row, wording=wanted.wording.get(topic, topic), version=wanted.version)
        rows += [row, *(replace(row, channel=channel) for channel in refused)]
    if rows:
        consents.record(tx, rows, now)


def _count(tx: Tx, before: Choices, wanted: Wanted, now: Instant, evidence: str) -> None:
    if before.tracking is None or wanted.tracking is None or wanted.tracking == before.tracking:
        return
    row = ConsentRow(before.customer.id, TRACKING, wanted.tracking, now, "*", SOURCE, evidence)
    consents.record(tx, [replace(row, wording=wanted.wording.get(TRACKING, ""), version=wanted.version)], now)


def _wish(before: Choices, wanted: Wanted, now: Instant) -> Wish:
    match wanted.pause:
        case "keep":
            until = before.wish.paused_until if is_paused(before.wish, now) else None
        case "no":
            until = None
        case _:
            until = add_length(now, Length(months=int(wanted.pause)), before.zone)
    return Wish(wanted.pace, until)
