"""``lifeloop refused``: what came over HTTP under an id that already stood for something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.moments import iso, when, zone_for
from lifeloop.cli.shapes import COUNT, INSTANT, TEXT, document, fields_of, many

if TYPE_CHECKING:
    from lifeloop.store.arrivals import Refusal

SHAPE = document(
    "What was refused, the newest first. `source` is the name of the key, `body` what was said, `times` how often.",
    refused=many(fields_of(source=TEXT, id=TEXT, customer=TEXT, name=TEXT, at=INSTANT, times=COUNT, body=TEXT)),
)


def refused(*, last: Annotated[int, Parameter(validator=Number(gte=1, lte=1000))] = 20, here: Here) -> int:
    """Show what came over HTTP under an id that already stood for something else.

    It was not taken in: the first stays. Two systems that use the same ids show here, or one that changes what it has
    sent. What was refused is kept for 30 days.

    Parameters
    ----------
    last
        How many are shown, the newest first.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.store import arrivals

    with rooms(here) as space:
        with space.store.reading() as tx:
            found = arrivals.refused(tx, last)
        now, zone = space.clock.now(), zone_for(None, space.catalogue.timezone)
    if here.out.as_json:
        here.out.json({"refused": [_document(one) for one in found]})
        return Exit.FINE
    for one in found:
        times = f" · {one.times} times" if one.times > 1 else ""
        here.out.print(f"{when(one.at, zone, now)}  {one.name} of {one.customer}{times}", wrap=False)
        here.out.print(f"  {one.source} {one.message_id}  {one.body}", wrap=False, style="dim")
    if not found:
        here.out.print("Nothing was refused.")
    return Exit.FINE


def _document(one: Refusal) -> dict[str, Any]:
    return {
        "source": one.source,
        "id": one.message_id,
        "customer": one.customer,
        "name": one.name,
        "at": iso(one.at),
        "times": one.times,
        "body": one.body,
    }
