"""``lifeloop event send``: something happened, told by hand."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from lifeloop.cli.errors import Exit, Findings, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.moments import iso
from lifeloop.cli.shapes import ANYTHING, FLAG, INSTANT, TEXT, document, many
from lifeloop.journey.catalogue import Attribute, EventType

if TYPE_CHECKING:
    from lifeloop.work.ingesting import Happening, Ingested, Person
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "`event send`: the event as it was taken in. `new` is false when it had come before; `wakes` names the journeys"
    " that now have something to do.",
    name=TEXT,
    customer=TEXT,
    at=INSTANT,
    id=TEXT,
    data=ANYTHING,
    new=FLAG,
    wakes=many(TEXT),
)
SOURCE = "hand"

app = App(
    name="event",
    help="Tell that something happened to a customer.",
    group_parameters="Options",
    help_format="plaintext",
    default_parameter=Parameter(negative=(), show_default=False),
)


@app.command
def send(
    name: str,
    customer: str,
    /,
    *data: str,
    at: str | None = None,
    id_: Annotated[str | None, Parameter(name="--id")] = None,
    new: bool = False,
    here: Here,
) -> int:
    """Send one event, as your shop or app would.

    Journeys that wait for it go on, and those that it starts begin, as soon as they run.

    Parameters
    ----------
    name
        The event, such as order.delivered.
    customer
        Whom it happened to: their id or e-mail address.
    data
        What it tells, such as order_id=A-7 total=59.90.
    at
        When it happened, such as "2026-03-02 14:30" on the project's clock. Without it: now.
    id_
        Which event it is, so that sending it twice is sending it once. Without it: a new one.
    new
        The customer may be somebody nobody knows yet. Named by an e-mail address, they get that address.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.cli.waking import wake_journeys
    from lifeloop.work.ingesting import ingest

    with rooms(here) as space:
        key, unknown = _whom(space, customer, new=new)
        one = _happening(space, name, key, data, at, id_)
        done = _new(ingest(space, unknown, [one], source=SOURCE), one)
        _tell(here, space, one, done)
        wake_journeys(space, done.journeys, here.out)
    return Exit.FINE


def _new(done: Ingested, one: Happening) -> Ingested:
    if done.conflicts:
        raise Findings(f'an event with the id "{one.id}" is known and says something else', hint="the first one stays")
    return done


def _whom(space: Workspace, customer: str, *, new: bool) -> tuple[str, tuple[Person, ...]]:
    """Return the id of whom it happened to, and, where nobody knew them, what is known now: their address."""
    from lifeloop.work.finding import NotFoundError, SeveralFoundError, find_customer
    from lifeloop.work.ingesting import Person, fitted

    with space.store.reading() as tx:
        try:
            return find_customer(tx, customer).key, ()
        except SeveralFoundError:
            raise
        except NotFoundError as problem:
            if not new:
                hint = f"{problem.hint}; to make somebody known:  --new"
                raise NotFoundError(problem.sentence, hint=hint) from problem
    address, _ = fitted({"email": customer}, {"email": Attribute("email", "email")})
    return customer, (Person(customer, address),)


def _happening(
    space: Workspace, name: str, customer: str, data: tuple[str, ...], at: str | None, id_: str | None
) -> Happening:
    from lifeloop.work.finding import check_name
    from lifeloop.work.ingesting import Happening

    declared = space.catalogue.events[check_name("event", name, sorted(space.catalogue.events))]
    given = id_ or secrets.token_hex(8)
    return Happening(customer, name, _moment(space, at), given, SOURCE, _typed(space, declared, data))


def _moment(space: Workspace, at: str | None) -> int:
    from lifeloop.work.importing.cells import instant_at
    from lifeloop.work.importing.meaning import Habits
    from lifeloop.work.importing.reading import usual_order, zone_of_file

    if at is None:
        return space.clock.now()
    found = instant_at(at, usual_order(space.catalogue), zone_of_file(Habits(), space.catalogue))
    if found is None:
        raise WrongUsage(f'"{at}" is not a date and time', hint='write it so:  --at "2026-03-02 14:30"')
    return found


def _typed(space: Workspace, declared: EventType, data: tuple[str, ...]) -> Mapping[str, Any]:
    from lifeloop.work.finding import check_name
    from lifeloop.work.importing.cells import fitter
    from lifeloop.work.importing.reading import usual_order

    found = {}
    for word in data:
        name, mark, text = word.partition("=")
        if not mark:
            raise WrongUsage(f'"{word}" says nothing', hint="what an event tells is written  name=value")
        attribute = declared.attributes[check_name("attribute", name, list(declared.attributes))]
        value = fitter(attribute, usual_order(space.catalogue), "point")(text)
        if value.reason:
            raise WrongUsage(f"{name}: {value.reason}")
        found[name] = value.value
    return found


def _tell(here: Here, space: Workspace, one: Happening, done: Ingested) -> None:
    from lifeloop.cli.moments import when, zone_for

    if here.out.as_json:
        told = {"name": one.name, "customer": one.customer, "at": iso(one.at), "id": one.id, "data": dict(one.data)}
        here.out.json({**told, "new": bool(done.events), "wakes": sorted(done.journeys)})
        return
    day = when(one.at, zone_for(None, space.catalogue.timezone), space.clock.now())
    word = "happened" if done.events else "was known already"
    here.out.print(f"{one.name} {word} to {one.customer}, {day}")
    if done.journeys:
        here.out.print(f"concerns: {', '.join(sorted(done.journeys))}", style="dim")
    elif done.events:
        here.out.print("no journey starts with it or waits for it now", style="dim")
    lacking = [
        each.name
        for each in space.catalogue.events[one.name].attributes.values()
        if not each.optional and each.name not in one.data
    ]
    if lacking:
        here.out.note(f"it says nothing about {', '.join(lacking)}, which journeys may ask for")
