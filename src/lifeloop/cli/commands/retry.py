"""``lifeloop retry``: calls that nobody took are made again."""

from __future__ import annotations

from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import COUNT, TEXT, document, many
from lifeloop.journey.prose_time import counted

SHAPE = document(
    "Calls that are made again now, under the ids they had. `calls`: the ids of the first hundred; `count`: how many"
    " they are in all.",
    calls=many(TEXT),
    count=COUNT,
)


def retry(reference: str, /, *, here: Here) -> int:
    """Make calls again that nobody took: one, or all of a connection.

    They keep their ids, so a receiver that did get one knows it again. A connection that was switched off is on again.

    Parameters
    ----------
    reference
        A connection, such as crm; or the beginning of one call's id, as "lifeloop calls" shows it.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.cli.waking import wake_journeys
    from lifeloop.work import endpoints

    with rooms(here) as space:
        chosen, count = endpoints.retry(space, reference)
        wake_journeys(space, sorted({one.journey for one in chosen}), here.out)
    if here.out.as_json:
        here.out.json({"calls": [one.id for one in chosen], "count": count})
    elif count:
        here.out.print(f"{counted(count, 'call')} will be made again, with the next wave")
    else:
        here.out.print(f"No call to {reference} waits for you. It gets calls again, if it was switched off.")
    return Exit.FINE
