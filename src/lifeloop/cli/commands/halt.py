"""``lifeloop halt``: nothing leaves of a journey, a message or a provider, or nothing at all."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from lifeloop.cli.backlogs import OUTLOOK, outlook_document, targets_meant, waiting_words
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.naming import sure
from lifeloop.cli.shapes import FLAG, TEXT, document, many

SHAPE = document(
    "What is halted now. `everything`: the emergency stop. `halted`: what was not halted before. `outlook`: what would"
    " have left. `instead`: providers that the messages of a halted one take now.",
    everything=FLAG,
    halted=many(TEXT),
    instead=many(TEXT),
    reason=TEXT,
    outlook=OUTLOOK,
)


def halt(
    *names: str,
    everything: Annotated[bool, Parameter(name="--all")] = False,
    reason: str = "halted by hand",
    yes: Annotated[bool, Parameter(alias="-y")] = False,
    here: Here,
) -> int:
    """Let nothing leave: of a journey, of one message, by one provider, or nothing at all.

    People go on entering and moving, and what they would get waits. Breakers halt by themselves when something looks
    wrong. What a halted provider would carry takes its fallback, where one is declared. To let people stand still as
    well:  lifeloop pause. To let it go again:  lifeloop release

    Parameters
    ----------
    names
        A journey (renewal), a message (welcome/hello) or a provider (postmark).
    everything
        Nothing leaves any more, whatever it is: the emergency stop.
    reason
        Why, for whoever looks next.
    yes
        Do not ask.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work.halting import releasing

    with rooms(here) as space:
        targets = targets_meant(space, names, everything=everything, command="halt")
        first = releasing.outlook(space, targets, space.catalogue.breakers.release)
        others = releasing.instead(space, targets)
        what = "everything" if everything else ", ".join(names)
        detour = f"; what may leave by {', '.join(others)} instead does" if others else ""
        sure(here.out, f"{waiting_words(first)} From now on nothing of {what} leaves{detour}", yes=yes)
        new = releasing.halt(space, targets, reason)
    if here.out.as_json:
        told = {"halted": [trip.name for trip in new], "instead": list(others), "reason": reason}
        here.out.json({"everything": everything, **told, "outlook": outlook_document(first)})
    else:
        stands = "Nothing leaves any more." if everything else f"Halted: {what}."
        here.out.print(stands, f"to let it go:  lifeloop release {'--all' if everything else ' '.join(names)}")
    return Exit.FINE
