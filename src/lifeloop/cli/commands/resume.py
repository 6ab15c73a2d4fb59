"""``lifeloop resume``: journeys go on, once it is clear what happens first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lifeloop.cli.asking import agreed
from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit, Refused, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import COUNT, FLAG, TEXT, document, many
from lifeloop.journey.prose_time import counted

if TYPE_CHECKING:
    from lifeloop.work.resting import Awakening
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "What goes on now. `people` are due, `messages` leave within the hour, `late` are skipped because they have become"
    " too late; `released`: messages held for a person that are tried again.",
    journeys=many(TEXT),
    everything=FLAG,
    here=FLAG,
    people=COUNT,
    messages=COUNT,
    late=COUNT,
    released=COUNT,
)
MANY = 100
"""More messages within one hour than this leave only when somebody says so."""


def resume(
    *journeys: JourneyName,
    everything: Annotated[bool, Parameter(name="--all")] = False,
    this: Annotated[bool, Parameter(name="--here")] = False,
    yes: Annotated[bool, Parameter(alias="-y")] = False,
    here: Here,
) -> int:
    """Let journeys go on, and say first what will happen.

    That is: who is due, what leaves, what has become too late. Messages that were held for you are tried again, too.

    Parameters
    ----------
    journeys
        The journeys that go on.
    everything
        All that rest, and the emergency stop is lifted.
    this
        This database is the right one: say it after a restore or a move to another machine, when nothing leaves.
    yes
        Go on even if more than 100 messages leave within the hour.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.cli.waking import wake_journeys
    from lifeloop.work import resting
    from lifeloop.work.finding import check_journey

    if not (journeys or everything or this):
        raise WrongUsage(
            "which journey shall go on?", hint="lifeloop resume JOURNEY, or all of them:  lifeloop resume --all"
        )
    with rooms(here) as space:
        with space.store.reading() as tx:
            for name in journeys:
                check_journey(space, tx, name)
        names = _names(space, journeys, wide=everything or this)
        first = resting.awakening(space, names)
        if first.messages > MANY and not (yes or agreed(here.out, f"{_said(first)}. Go on?")):
            raise Refused(f"{_said(first)}", hint="if that is what you want, say it again with --yes")
        released = resting.resume(space, names, everything=everything, here=this)
        wake_journeys(space, names, here.out)
    if here.out.as_json:
        told = {"people": first.people, "messages": first.messages, "late": first.late, "released": released}
        here.out.json({"journeys": list(names), "everything": everything, "here": this, **told})
    else:
        _say(names, first, released, here)
    return Exit.FINE


def _say(names: tuple[str, ...], first: Awakening, released: int, here: Here) -> None:
    here.out.print(f"{', '.join(names)} {'goes' if len(names) == 1 else 'go'} on" if names else "Everything goes on")
    here.out.print(_said(first), style="dim")
    if released:
        here.out.print(f"{counted(released, 'held message')} will be tried again", style="dim")


def _names(space: Workspace, journeys: tuple[str, ...], *, wide: bool) -> tuple[str, ...]:
    from lifeloop.store import journeys as published

    if not wide:
        return journeys
    with space.store.reading() as tx:
        return tuple(row.name for row in published.rows(tx))


def _said(first: Awakening) -> str:
    if not (first.people or first.messages):
        return "nobody is due within the hour"
    people = "1 person is" if first.people == 1 else f"{first.people:,} people are"
    about = "" if first.complete else "at least "
    late = f"; {counted(first.late, 'message')} became too late and will be skipped" if first.late else ""
    return f"{about}{people} due; {counted(first.messages, 'message')} may leave within the hour{late}"
