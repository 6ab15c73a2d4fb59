"""``lifeloop answer``: a yes or a no to a question of a journey."""

from __future__ import annotations

from typing import Literal

from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import FLAG, TEXT, document

SHAPE = document(
    "The answer as it was written. The journey goes on with it.",
    id=TEXT,
    approved=FLAG,
    note=TEXT,
    customer=TEXT,
    journey=TEXT,
)


def answer(reference: str, word: Literal["approved", "declined"], /, *, note: str = "", here: Here) -> int:
    """Answer a question that a journey has put to a person of yours. The first answer counts.

    Parameters
    ----------
    reference
        The beginning of the question's id, as "lifeloop asks" shows it.
    word
        Yes or no.

    Note:
        Why, for whoever reads the customer's story later.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.cli.waking import wake_journeys
    from lifeloop.work import asking

    with rooms(here) as space:
        done = asking.answer(space, reference, approved=word == "approved", note=note)
        wake_journeys(space, [done.journey], here.out)
    if here.out.as_json:
        told = {"approved": word == "approved", "note": note, "customer": done.key, "journey": done.journey}
        here.out.json({"id": done.id, **told})
    else:
        here.out.print(f"{word}: {done.journey} goes on for {done.key}")
    return Exit.FINE
