"""A person's right to be forgotten: shown first, then done everywhere in one commit, and remembered without them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.store import erasing
from lifeloop.store.erasing import Erased, Remains
from lifeloop.store.opening import StoreBusy
from lifeloop.store.values import Customer
from lifeloop.work.workspace import Workspace

TRIES = 3
WORDS = {
    "customer": "their id, addresses and data",
    "object": "contracts, orders and the like",
    "event": "events",
    "candidate": "starts that may come",
    "enrollment": "journeys they are or were in",
    "visit": "steps of those journeys",
    "message": "messages, sent or waiting",
    "attempt": "attempts to send them",
    "lookup": "questions to providers about lost answers",
    "said": "what was said to them lately, so that it is not said twice",
    "rendered": "texts of messages, word for word",
    "consent": "consent given or taken",
    "permission": "present permissions",
    "preference": "their own preferences",
    "sale": "sales that let us write about similar things",
    "opt_in": "requests to be written to",
    "hit": "openings and clicks",
    "link": "links with their address or id inside",
    "report": "reports of providers",
    "segment_member": "segments they are in",
    "segment_look": "when it is looked again in which segments they are",
    "suspect": "starts that were set aside, because processes died of them",
    "alias": "other ids that turned out to be them",
    "refusal": "what came twice under one id, with different words",
}
"""What the rows of a table are, for people who do not know tables."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was erased. ``compacted`` False: the database file still holds traces, because others were at it."""

    remains: Remains
    compacted: bool


def look(space: Workspace, customer: Customer) -> Remains:
    """Return what an erasure would take, and change nothing."""
    with space.store.reading() as tx:
        return erasing.look(tx, customer)


def erase(space: Workspace, customer: Customer, *, may_return: bool = False) -> Done:
    """Take somebody out of the database, in one commit, and stop everything that is under way for them.

    Their addresses stay suppressed by a keyed hash, unless they ``may_return``; what was suppressed before stays so.
    """
    how = Erased(
        now=space.clock.now(),
        secret=secrets.token_bytes(32),
        personal=tuple(name for name, one in space.catalogue.customer.items() if one.personal),
        may_return=may_return,
    )
    remains = _patiently(space, customer, how)
    return Done(remains, erasing.compact(space.store))


def erased_at(space: Workspace, who: str) -> Instant | None:
    """Return when somebody of this id or address was erased; None when that never happened."""
    with space.store.reading() as tx:
        return erasing.erased_at(tx, who)


def _patiently(space: Workspace, customer: Customer, how: Erased) -> Remains:
    """Erase; a worker that holds a message of theirs just now is waited for."""
    for nth in range(TRIES):
        try:
            with space.store.transaction() as tx:
                return erasing.erase(tx, customer, how)
        except StoreBusy:
            if nth == TRIES - 1:
                raise
    raise AssertionError("unreachable")
