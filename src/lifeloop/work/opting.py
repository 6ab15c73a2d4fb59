"""Double opt-in: somebody asks for a topic, and it is granted once the owner of the address says yes by mail."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.store import consents, customers, opt_ins
from lifeloop.store.opt_ins import OptInRow
from lifeloop.store.transaction import Tx, dump
from lifeloop.store.values import ConsentRow, Customer
from lifeloop.work.leaving import Visitor, tell, whom
from lifeloop.work.links import LinksUnset, Person
from lifeloop.work.workspace import Workspace

DAY = 86_400
GOOD_FOR = 7 * DAY
"""Seconds in which a request can be confirmed."""
FORGOTTEN_AFTER = 30 * DAY
"""Seconds after which a request that nobody confirmed is deleted."""
MOST_A_DAY = 3
"""Confirmation mails to one address in 24 hours: whoever enters a stranger's address cannot bury them in mail."""
SOURCE = "double_opt_in"

Refusal = Literal["granted", "too often", "no address", "no journey"]


class NotPossible(Exception):  # noqa: N818  # an expected outcome; the sentence says what to do
    """This customer or this topic cannot be asked."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of a request. ``refused`` None: a mail with a button is on its way."""

    topic: str
    refused: Refusal | None = None
    request: OptInRow | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What a link to confirm says now."""

    state: Literal["open", "confirmed", "expired", "gone"]
    customer: Customer | None = None
    request: OptInRow | None = None


def request(
    space: Workspace,
    key: str,
    topic: str,
    *,
    wording: str = "",
    version: str = "",
    source: str = "form",
    visitor: Visitor | None = None,
) -> Asked:
    """Note that a customer asked for a topic, and let the journey that asks back begin.

    ``wording`` and ``version``: what stood beside the box they ticked. Nothing is granted by this.

    Raises:
        NotPossible: nobody has that id, there is no such topic, or it needs no consent.
        LinksUnset: the project has no pages that a link could lead to.
    """
    _check(space, topic)
    now = space.clock.now()
    with space.store.transaction() as tx:
        customer = customers.find_keys(tx, [key]).get(key)
        if customer is None:
            raise NotPossible(f'there is no customer "{key}"')
        refused = _refused(tx, customer, topic, now)
        if refused:
            return Asked(topic, refused)
        proof = (visitor or Visitor()).evidence("confirmation")
        one = _id(key, topic, now)
        if there := opt_ins.find(tx, customer.id, one):
            return Asked(topic, None, there)  # sent twice within a second: the first is under way
        row = OptInRow(one, customer.id, topic, wording, version, source, proof, now, now + GOOD_FOR)
        opt_ins.add(tx, row)
        begun = tell(space, tx, customer, [("consent.requested", {"topic": topic, "request": row.id})], now)
        return Asked(topic, None if begun else "no journey", row)


def look_at(space: Workspace, person: Person) -> Answered:
    """Say what a link to confirm stands for. Looking changes nothing."""
    with space.store.reading() as tx:
        return _answered(tx, whom(tx, person), space.clock.now())


def confirm(space: Workspace, person: Person, visitor: Visitor) -> Answered:
    """Grant what was asked for, with both moments as proof; a second yes changes nothing."""
    now = space.clock.now()
    with space.store.transaction() as tx:
        person = whom(tx, person)
        customers.lock(tx, [person.customer_id])
        found = _answered(tx, person, now)
        if found.state != "open" or found.request is None or found.customer is None:
            return found
        opt_ins.confirm(tx, found.request.id, now)
        consents.record(tx, _granted(tx, found.request, visitor, now), now)
        tell(space, tx, found.customer, [("consent.confirmed", {"topic": found.request.topic})], now)
        return _answered(tx, person, now)


def _check(space: Workspace, topic: str) -> None:
    if space.links is None:
        raise LinksUnset("say where your pages are:  web: {address: https://mail.example.com, secret: env.NAME}")
    known = space.catalogue.topics.get(topic)
    if known is None:
        raise NotPossible(f'there is no topic "{topic}"; there is: {", ".join(space.catalogue.topics)}')
    if known.basis != "consent":
        raise NotPossible(f'the topic "{topic}" belongs to the contract: nobody needs to say yes to it')


def _refused(tx: Tx, customer: Customer, topic: str, now: Instant) -> Refusal | None:
    email = customer.data.get("email")
    if not isinstance(email, str) or not email:
        return "no address"
    if opt_ins.recent(tx, email, now - DAY) >= MOST_A_DAY:
        return "too often"
    said = consents.of_customer(tx, customer.id)
    return "granted" if said.get(f"email/{topic}", said.get(topic)) else None


def _id(key: str, topic: str, now: Instant) -> str:
    return blake2b(f"opt-in\n{key}\n{topic}\n{now}".encode(), digest_size=16).hexdigest()


def _answered(tx: Tx, person: Person, now: Instant) -> Answered:
    customer = customers.find(tx, [person.customer_id]).get(person.customer_id)
    row = opt_ins.find(tx, person.customer_id, person.rest.hex()) if customer else None
    if customer is None or row is None:
        return Answered("gone", customer)
    if row.confirmed_at is not None:
        return Answered("confirmed", customer, row)
    return Answered("expired" if now > row.expires_at else "open", customer, row)


def _granted(tx: Tx, row: OptInRow, visitor: Visitor, now: Instant) -> list[ConsentRow]:
    proof = {
        "requested_at": row.at,
        "requested": json.loads(row.evidence) | {"source": row.source},
        "confirmed_at": now,
        "confirmed": json.loads(visitor.evidence("confirmation")),
    }
    said = consents.of_customer(tx, row.customer_id)
    # A no on one channel would win over the new yes; mail is the channel that was confirmed.
    channels = ["*", *(["email"] if said.get(f"email/{row.topic}") is False else [])]
    return [
        ConsentRow(
            row.customer_id,
            row.topic,
            True,
            now,
            channel,
            SOURCE,
            dump(proof),
            wording=row.wording,
            version=row.version,
        )
        for channel in channels
    ]
