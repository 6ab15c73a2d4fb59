"""Finding the customer and the journey that somebody means, and saying who is near when there is none."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.journey.nearest import nearest
from lifeloop.journey.plan import Plan
from lifeloop.store import customers, journeys
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer
from lifeloop.work.workspace import Workspace

NEAR = 200
"""Customers among which a name is compared letter by letter; there may be millions."""

FEW = 12
"""Names that are still read when they are listed."""


class NotFoundError(LookupError):
    """Nobody, or several, are called so. ``hint`` says who is."""

    def __init__(self, sentence: str, *, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint


class SeveralFoundError(NotFoundError):
    """More than one is called so."""


def find_customer(tx: Tx, who: str) -> Customer:
    """Return the customer of that id or that e-mail address.

    Raises:
        NotFoundError: there is none.
        SeveralFoundError: several have the address.
    """
    found = customers.find_keys(tx, [who]).get(who)
    if found is not None:
        return found
    same = customers.find_email(tx, who) if "@" in who else ()
    if len(same) > 1:
        listed = ", ".join(one.key for one in same[:5])
        raise SeveralFoundError(f"{len(same)} customers have the address {who}", hint=f"say which one by id: {listed}")
    if same:
        return same[0]
    raise _nobody(tx, who)


def find_plan(space: Workspace, tx: Tx, name: str) -> Plan:
    """Return the plan of a journey: the one that is live, or else the one in its file.

    Raises:
        NotFoundError: there is no such journey, or its file cannot be read.
    """
    live = space.plans.live(tx)
    if name in live:
        return live[name]
    journey = space.project.journeys.get(check_journey(space, tx, name))
    if journey is not None and journey.plan is not None:
        return journey.plan
    latest = journeys.latest_plan(tx, name)
    if latest is not None:
        return space.plans.by_digest(tx, [latest])[latest]
    raise NotFoundError(f'the journey "{name}" has mistakes', hint=f"see them:  lifeloop validate journeys/{name}.yaml")


def check_journey(space: Workspace, tx: Tx, name: str) -> str:
    """Return the name of a journey that is in the project or in the database.

    Raises:
        NotFoundError: there is none; the nearest is named.
    """
    return check_name("journey", name, sorted({*space.project.journeys, *(row.name for row in journeys.rows(tx))}))


def check_name(what: str, name: str, known: Sequence[str]) -> str:
    """Return a name that is known.

    Raises:
        NotFoundError: it is not; the nearest one is named.
    """
    if name in known:
        return name
    near = nearest(name, known)
    meant = f', did you mean "{near}"?' if near else ""
    listed = f"there is: {', '.join(known)}" if known else f"this project has no {what} yet"
    listed = "" if near and len(known) > FEW else listed
    raise NotFoundError(f'there is no {what} "{name}"{meant}', hint=listed)


def _nobody(tx: Tx, who: str) -> NotFoundError:
    if not customers.count(tx):
        return NotFoundError("nobody is known yet", hint="import your customers:  lifeloop import people.csv")
    around = customers.around(tx, who, NEAR)
    near = nearest(who, [one.key for one in around] + [str(one.data.get("email") or "") for one in around])
    meant = f', did you mean "{near}"?' if near else ""
    return NotFoundError(
        f'there is no customer "{who}"{meant}', hint="customers are named by their id or e-mail address"
    )
