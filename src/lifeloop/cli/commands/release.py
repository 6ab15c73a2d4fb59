"""``lifeloop release``: what is halted goes again, at a pace, once it is clear what happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lifeloop.cli.backlogs import OUTLOOK, outlook_document, release_words, targets_meant
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.naming import sure
from lifeloop.cli.shapes import COUNT, FLAG, TEXT, document, many, maybe
from lifeloop.journey.breakers import Rate
from lifeloop.journey.prose_time import counted

if TYPE_CHECKING:
    from lifeloop.work.halting.releasing import Outlook, Target
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "What goes again now. `released`: how many messages had gathered, each with its turn to leave. `outlook`: what that"
    " brings. `not_halted`: which of the names were not. `still_halted`: why nothing leaves all the same.",
    everything=FLAG,
    here=FLAG,
    names=many(TEXT),
    released=COUNT,
    not_halted=many(TEXT),
    still_halted=maybe(TEXT),
    outlook=OUTLOOK,
)


def release(
    *names: str,
    everything: Annotated[bool, Parameter(name="--all")] = False,
    this: Annotated[bool, Parameter(name="--here")] = False,
    per_hour: int | None = None,
    yes: Annotated[bool, Parameter(alias="-y")] = False,
    here: Here,
) -> int:
    """Let go what is halted or held, and say first what will happen.

    What has gathered leaves in turn, the newest first, so many an hour: never all at once. What has become too late
    when its turn comes is skipped by its own rule. Messages that were held for you are tried again, too.

    Parameters
    ----------
    names
        A journey, a message or a provider.
    everything
        All that is halted; the emergency stop is lifted.
    this
        This database is the right one: say it after a restore or a move to another machine, when nothing leaves.
    per_hour
        How many leave in an hour; without it, as lifeloop.yaml says under breakers.
    yes
        Do not ask.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.cli.waking import wake_journeys
    from lifeloop.store import journeys
    from lifeloop.work.halting import releasing

    with rooms(here) as space:
        targets = None if this else targets_meant(space, names, everything=everything, command="release")
        rate = _rate(space, per_hour)
        first = releasing.outlook(space, targets, rate)
        still = None if targets is None else _emergency_stop(space)
        idle = _not_halted(space, targets)
        words = release_words(first) if still is None else _stopped_words(first, still)
        sure(here.out, words, yes=yes or not first.due)
        done = releasing.release_here(space, rate) if this else releasing.release(space, targets, rate)
        with space.store.reading() as tx:
            awake = [row.name for row in journeys.rows(tx)]
        wake_journeys(space, awake, here.out)
    if here.out.as_json:
        told = {"everything": everything, "here": this, "names": list(names), "released": done}
        told |= {"not_halted": list(idle), "still_halted": still}
        here.out.json({**told, "outlook": outlook_document(first)})
    else:
        here.out.print(*_said(targets, idle), words)
    return Exit.FINE


def _rate(space: Workspace, per_hour: int | None) -> Rate:
    if per_hour is not None and per_hour < 1:
        raise WrongUsage("at least one message an hour must be able to leave", hint="lifeloop release --per-hour 500 …")
    return space.catalogue.breakers.release if per_hour is None else Rate(per_hour)


def _emergency_stop(space: Workspace) -> str | None:
    from lifeloop.store import journeys

    with space.store.reading() as tx:
        return journeys.halted(tx)


def _not_halted(space: Workspace, targets: tuple[Target, ...] | None) -> tuple[str, ...]:
    from lifeloop.work.halting import releasing

    stand = {(row.scope, row.name) for row in releasing.standing(space)}
    return tuple(one.name for one in targets or () if (one.scope, one.name) not in stand)


def _stopped_words(first: Outlook, still: str) -> str:
    """Say what a release brings while everything is halted: nothing yet."""
    gathered = f"Gathered: {counted(first.due, 'message')}." if first.due else "No message has gathered."
    return f"{gathered} Everything is still halted ({still}): nothing leaves before  lifeloop release --all"


def _said(targets: tuple[Target, ...] | None, idle: tuple[str, ...]) -> Iterator[str]:
    if targets is None:
        yield "Everything goes again."
    elif released := [one.name for one in targets if one.name not in idle]:
        yield f"Released: {', '.join(released)}."
    if idle:
        yield f"Not halted: {', '.join(idle)}."
