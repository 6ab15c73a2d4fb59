"""``lifeloop answer``: a yes or a no to a question of a journey."""

from __future__ import annotations

import getpass
from typing import Literal

from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import FLAG, TEXT, document

SHAPE = document(
    "The answer as it was written. The journey goes on with it.",
    id=TEXT,
    approved=FLAG,
    note=TEXT,
    by=TEXT,
    customer=TEXT,
    journey=TEXT,
)


def answer(
    reference: str, word: Literal["approved", "declined"], /, *, note: str = "", by: str = "", here: Here
) -> int:
    """Answer a question that a journey has put to a person of yours. The first answer counts.

    Parameters
    ----------
    reference
        The beginning of the question's id, as "lifeloop asks" shows it.
    word
        Yes or no.

    note
        Why, for whoever reads the customer's story later.
    by
        Who says so; without it, your name on this machine.
    """  # noqa: D405, D416  # "note" is a parameter here, not a section
    from lifeloop.cli.rooms import rooms
    from lifeloop.cli.waking import wake_journeys
    from lifeloop.work import asking

    with rooms(here) as space:
        who = asking.Answerer(by or _name(), "command")
        done = asking.answer(space, reference, approved=word == "approved", note=note, by=who)
        wake_journeys(space, [done.journey], here.out)
    if here.out.as_json:
        told = {
            "approved": word == "approved",
            "note": note,
            "by": who.by,
            "customer": done.key,
            "journey": done.journey,
        }
        here.out.json({"id": done.id, **told})
    else:
        here.out.print(f"{word}: {done.journey} goes on for {done.key}")
    return Exit.FINE


def _name() -> str:
    """Return who is at this machine, as far as it knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
