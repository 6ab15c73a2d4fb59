"""A customer says no to a topic: written with its proof, and obeyed from the same commit on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.journey.plan import Json
from lifeloop.store import aliases, consents, customers, events, halts, ledger
from lifeloop.store.transaction import Tx, dump
from lifeloop.store.values import Customer, EventRow
from lifeloop.work.links import Person, topic_mark
from lifeloop.work.routing import route_events
from lifeloop.work.segmenting import refresh_segments
from lifeloop.work.workspace import Workspace

SOURCE = "recipient"
"""Where events come from that a recipient made by a page of ours."""
LONGEST_AGENT = 200

Method = Literal["rfc8058", "page", "preferences", "confirmation", "mail"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who came to a page, as far as we keep it: where from, as a fingerprint, and with what program."""

    place: str = ""
    agent: str = ""

    def evidence(self, method: Method, **more: Json) -> str:
        """Return what is kept as proof of what they said."""
        said = {"method": method, "ip": self.place, "agent": self.agent[:LONGEST_AGENT], **more}
        return dump({name: value for name, value in said.items() if value})


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a link was made for, as their page shows it. ``topic`` None: we know neither them nor it any more."""

    customer: Customer | None = None
    topic: str | None = None
    consents: Mapping[str, bool] = field(default_factory=dict)


def reader_of(space: Workspace, person: Person) -> Reader:
    """Look up whom a link was made for. Nothing is changed by looking."""
    with space.store.reading() as tx:
        return _reader(space, tx, whom(tx, person))


def whom(tx: Tx, person: Person) -> Person:
    """Return whom a link is for by now: they may have turned out to be a customer we knew."""
    return replace(person, customer_id=aliases.followed(tx, person.customer_id))


def leave(space: Workspace, person: Person, method: Method, visitor: Visitor) -> Reader:
    """End a topic for the one whom this link was made for. Saying it again changes nothing, and is as good."""
    now = space.clock.now()
    with space.store.transaction() as tx:
        person = whom(tx, person)
        customers.lock(tx, [person.customer_id])
        found = _reader(space, tx, person)
        if found.customer is not None and found.topic is not None:
            said_in = _message(tx, found.customer.id, person.rest)
            evidence = visitor.evidence(method, message=said_in)
            if withdraw(space, tx, found.customer, [found.topic], now, source=method, evidence=evidence) and said_in:
                halts.count_messages(tx, "unsubscribed", [said_in], now)
    return found


def withdraw(
    space: Workspace, tx: Tx, customer: Customer, topics: Iterable[str], now: Instant, *, source: str, evidence: str
) -> tuple[str, ...]:
    """Take permission where it is not taken already, and let journeys know; the caller holds the lock.

    Returns the topics that ended with this.
    """
    said = consents.of_customer(tx, customer.id)
    ended = tuple(topic for topic in topics if not is_refused(said, topic))
    for topic in ended:
        consents.unsubscribe(tx, customer.id, topic, now, source=source, evidence=evidence)
    tell(space, tx, customer, [("unsubscribed", {"topic": topic}) for topic in ended], now)
    return ended


def tell(
    space: Workspace, tx: Tx, customer: Customer, said: Iterable[tuple[str, Mapping[str, Json]]], now: Instant
) -> frozenset[str]:
    """Write events of one customer and pass them on, in this transaction; returns the journeys that have work."""
    rows = [
        EventRow(SOURCE, f"{customer.key}:{name}:{dump(data)}:{now}", customer.id, name, now, data)
        for name, data in said
    ]
    if not rows:
        return frozenset()
    added = events.add(tx, rows, now)
    begun = route_events(space, tx, added.new, now)
    refresh_segments(space, tx, now, [customer.id])
    return begun


def is_refused(said: Mapping[str, bool], topic: str) -> bool:
    """Tell whether a topic was refused, with no channel left that it was granted for."""
    granted = any(yes and name.partition("/")[2] == topic for name, yes in said.items())
    return said.get(topic) is False and not granted


def _reader(space: Workspace, tx: Tx, person: Person) -> Reader:
    customer = customers.find(tx, [person.customer_id]).get(person.customer_id)
    if customer is None:
        return Reader()
    said = consents.of_customer(tx, customer.id)
    return Reader(customer, _topic(space, tx, customer, said, person.topic), said)


def _topic(space: Workspace, tx: Tx, customer: Customer, said: Mapping[str, bool], mark: bytes) -> str | None:
    """Return the topic that a mark stands for; one that the project no longer has is known from what they got or said.

    What they got goes with ``retention``; what they said stays.
    """
    found = next((name for name in space.catalogue.topics if topic_mark(name) == mark), None)
    known = () if found else (*(name.rpartition("/")[2] for name in said), *ledger.topics(tx, customer.id))
    return found or next((name for name in known if topic_mark(name) == mark), None)


def _message(tx: Tx, customer_id: int, part: bytes) -> str | None:
    return ledger.named(tx, customer_id, part.hex()) if any(part) else None
