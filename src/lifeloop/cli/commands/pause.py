"""``lifeloop pause``: journeys rest."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.naming import journeys_meant
from lifeloop.cli.shapes import FLAG, TEXT, document, many
from lifeloop.journey.prose_time import counted

SHAPE = document(
    "What rests now. `everything`: every journey was meant. `paused`: those that did not rest before.",
    everything=FLAG,
    paused=many(TEXT),
    reason=TEXT,
)


def pause(
    *journeys: JourneyName,
    everything: Annotated[bool, Parameter(name="--all")] = False,
    reason: str = "paused by hand",
    here: Here,
) -> int:
    """Let a journey rest: nobody enters or moves, nothing leaves. Timers and events stay.

    Nobody is lost: when it goes on, each message is judged by how late it has become. See "lifeloop resume". To stop
    only what is about to leave, while people go on moving:  lifeloop halt

    Parameters
    ----------
    journeys
        The journeys to rest.
    everything
        All journeys.
    reason
        Why, for whoever looks next.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work import resting

    with rooms(here) as space:
        names = journeys_meant(space, journeys, everything=everything, command="pause", asks="rest")
        done = resting.pause(space, names, reason)
        people = resting.awakening(space, names).people
    if here.out.as_json:
        here.out.json({"everything": everything, "paused": list(done), "reason": reason})
    else:
        _say(names, done, people, here)
    return Exit.FINE


def _say(journeys: tuple[str, ...], done: tuple[str, ...], people: int, here: Here) -> None:
    for name in journeys:
        here.out.print(f"{name} rests{'' if name in done else ' already'}")
    soon = f"{counted(people, 'person')} would have gone on within the hour. ".replace("persons", "people")
    here.out.print(f"{soon if people else ''}To go on:  lifeloop resume {' '.join(journeys)}", style="dim")
