"""``lifeloop pause``: journeys rest, or nothing leaves at all."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import FLAG, TEXT, document, many
from lifeloop.journey.prose_time import counted

SHAPE = document(
    "What rests now. `everything`: the kill switch is on, and nothing leaves whatever journey it is of. `paused`: those"
    " that did not rest before.",
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
    """Let a journey rest, or stop everything. Timers and events are kept.

    Nobody in it moves, and nothing of it leaves. Nobody is lost: when it goes on, each message is judged by how
    late it has become. See "lifeloop resume".

    Parameters
    ----------
    journeys
        The journeys to rest.
    everything
        Nothing leaves, whatever journey it is of: the emergency stop.
    reason
        Why, for whoever looks next.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work import resting
    from lifeloop.work.finding import check_journey

    if everything == bool(journeys):
        raise WrongUsage(
            "which journey shall rest?", hint="lifeloop pause JOURNEY, or everything:  lifeloop pause --all"
        )
    with rooms(here) as space:
        with space.store.reading() as tx:
            for name in journeys:
                check_journey(space, tx, name)
        if everything:
            resting.halt(space, reason)
            done: tuple[str, ...] = ()
        else:
            done = resting.pause(space, journeys, reason)
        people = resting.awakening(space, journeys).people if journeys else 0
    if here.out.as_json:
        here.out.json({"everything": everything, "paused": list(done), "reason": reason})
    elif everything:
        here.out.print("Everything rests: nothing leaves any more.", "to go on:  lifeloop resume --all")
    else:
        _say(journeys, done, people, here)
    return Exit.FINE


def _say(journeys: tuple[str, ...], done: tuple[str, ...], people: int, here: Here) -> None:
    for name in journeys:
        here.out.print(f"{name} rests{'' if name in done else ' already'}")
    soon = f"{counted(people, 'person')} would have gone on within the hour. ".replace("persons", "people")
    here.out.print(f"{soon if people else ''}To go on:  lifeloop resume {' '.join(journeys)}", style="dim")
