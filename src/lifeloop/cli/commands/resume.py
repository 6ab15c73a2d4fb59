"""``lifeloop resume``: journeys go on, once it is clear what happens first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lifeloop.cli.asking import agreed
from lifeloop.cli.completing import JourneyName
from lifeloop.cli.errors import Exit, Refused
from lifeloop.cli.here import Here
from lifeloop.cli.naming import journeys_meant
from lifeloop.cli.shapes import COUNT, FLAG, TEXT, document, many
from lifeloop.journey.prose_time import counted

if TYPE_CHECKING:
    from lifeloop.work.resting import Awakening

SHAPE = document(
    "What goes on now. `people` are due, `messages` would leave within the hour, `late` are skipped because they have"
    " become too late.",
    journeys=many(TEXT),
    everything=FLAG,
    people=COUNT,
    messages=COUNT,
    late=COUNT,
)
MANY = 100
"""More messages within one hour than this leave only when somebody says so."""


def resume(
    *journeys: JourneyName,
    everything: Annotated[bool, Parameter(name="--all")] = False,
    yes: Annotated[bool, Parameter(alias="-y")] = False,
    here: Here,
) -> int:
    """Let journeys that rest go on, and say first what will happen.

    That is: who is due, what leaves, what has become too late. Who is overdue goes on in turn, the newest first, at
    the pace of a release: never all at once. What was halted stays halted. See "lifeloop release".

    Parameters
    ----------
    journeys
        The journeys that go on.
    everything
        All that rest.
    yes
        Go on even if more than 100 messages leave within the hour.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.cli.waking import wake_journeys
    from lifeloop.work import resting

    with rooms(here) as space:
        names = journeys_meant(space, journeys, everything=everything, command="resume", asks="go on")
        first = resting.awakening(space, names)
        if first.messages > MANY and not (yes or agreed(here.out, f"{_said(first)}. Go on?")):
            raise Refused(f"{_said(first)}", hint="if that is what you want, say it again with --yes")
        resting.resume(space, names)
        wake_journeys(space, names, here.out)
    if here.out.as_json:
        told = {"people": first.people, "messages": first.messages, "late": first.late}
        here.out.json({"journeys": list(names), "everything": everything, **told})
    else:
        _say(names, first, here)
    return Exit.FINE


def _say(names: tuple[str, ...], first: Awakening, here: Here) -> None:
    here.out.print(f"{', '.join(names)} {'goes' if len(names) == 1 else 'go'} on" if names else "Everything goes on")
    here.out.print(_said(first), style="dim")


def _said(first: Awakening) -> str:
    if not (first.people or first.messages):
        return "nobody is due within the hour"
    people = "1 person is" if first.people == 1 else f"{first.people:,} people are"
    about = "" if first.complete else "at least "
    late = f"; {counted(first.late, 'message')} became too late and will be skipped" if first.late else ""
    return f"{about}{people} due; {counted(first.messages, 'message')} may leave within the hour{late}"
