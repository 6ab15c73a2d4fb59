"""``lifeloop who``: who waits where until when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.moments import ahead, iso, iso_or_none, when, zone_for
from lifeloop.cli.shapes import COUNT, INSTANT, TEXT, document, fields_of, many, maybe

if TYPE_CHECKING:
    from lifeloop.work.status import Waiter
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "Who waits in a journey, the first due first. `waiting`: how many there are in all, or at that step. `step`: its"
    " name, `label`: the same in words, `waits`: for what. `about`: the key of the thing this run is about.",
    journey=TEXT,
    waiting=COUNT,
    people=many(
        fields_of(
            customer=TEXT,
            email=maybe(TEXT),
            about=maybe(TEXT),
            step=TEXT,
            label=TEXT,
            waits=TEXT,
            since=INSTANT,
            until=maybe(INSTANT),
            timezone=TEXT,
        )
    ),
)
MANY = 1000
"""Lines that somebody may still want to see at once."""


def who(
    journey: JourneyName,
    /,
    *,
    step: str | None = None,
    limit: Annotated[int, Parameter(validator=Number(gte=1, lte=100_000))] = 20,
    here: Here,
) -> int:
    """Show who waits in a journey: where, since when and until when.

    Times are on each one's own clock.

    Parameters
    ----------
    journey
        The journey, such as renewal.
    step
        Only who waits at this step, such as "send reminder" or send-reminder.
    limit
        How many to show; the first due come first.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work.finding import check_journey
    from lifeloop.work.status import waiting_where, who_goes_next

    with rooms(here) as space:
        with space.store.reading() as tx:
            check_journey(space, tx, journey)
            found = who_goes_next(space, tx, journey, step=step, limit=limit)
            nodes = {one.run.state.node or "" for one in found}
            standing = waiting_where(tx, journey)
        total = sum(one.count for one in standing if step is None or one.node in nodes)
        if here.out.as_json:
            people = [_document(space, one) for one in found]
            here.out.json({"journey": journey, "waiting": total, "people": people})
        else:
            _print(here, space, journey, found, total, step)
    return Exit.FINE


def _print(here: Here, space: Workspace, journey: str, found: tuple[Waiter, ...], total: int, step: str | None) -> None:
    if not found:
        where = f' at "{step}"' if step else ""
        here.out.print(f"Nobody waits in {journey}{where} now.", f"why somebody does not:  lifeloop why WHO {journey}")
        return
    now = space.clock.now()
    rows = []
    for one in found:
        state = one.run.state
        zone = zone_for(one.customer.data.get("timezone"), space.catalogue.timezone)
        until = "" if state.due_at is None else "now" if state.due_at <= now else when(state.due_at, zone, now)
        about = f" ({one.run.object_key})" if one.run.object_key else ""
        rows.append((f"{one.customer.key}{about}", one.waits, until, ahead(state.since, now)))
    here.out.table(("who", "where", "until", "since"), rows)
    if total > len(found):
        here.out.note("", f"{len(found):,} of {total:,}; more with --limit {min(total, MANY)}")


def _document(space: Workspace, one: Waiter) -> dict[str, object]:
    email = one.customer.data.get("email")
    return {
        "customer": one.customer.key,
        "email": email if isinstance(email, str) else None,
        "about": one.run.object_key,
        "step": one.run.state.node or "",
        "label": one.step,
        "waits": one.waits,
        "since": iso(one.run.state.since),
        "until": iso_or_none(one.run.state.due_at),
        "timezone": str(zone_for(one.customer.data.get("timezone"), space.catalogue.timezone)),
    }
