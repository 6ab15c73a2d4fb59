"""``lifeloop release``: what is halted goes again, at a pace, once it is clear what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lifeloop.cli.backlogs import OUTLOOK, outlook_document, release_words, targets_meant
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.naming import sure
from lifeloop.cli.shapes import COUNT, FLAG, TEXT, document, many
from lifeloop.journey.breakers import Rate

if TYPE_CHECKING:
    from lifeloop.work.halting.releasing import Target
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "What goes again now. `released`: how many messages had gathered, each with its turn to leave. `outlook`: what that"
    " brings.",
    everything=FLAG,
    here=FLAG,
    names=many(TEXT),
    released=COUNT,
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
        sure(here.out, release_words(first), yes=yes or not first.due)
        done = releasing.release_here(space, rate) if this else releasing.release(space, targets, rate)
        with space.store.reading() as tx:
            awake = [row.name for row in journeys.rows(tx)]
        wake_journeys(space, awake, here.out)
    if here.out.as_json:
        told = {"everything": everything, "here": this, "names": list(names), "released": done}
        here.out.json({**told, "outlook": outlook_document(first)})
    else:
        here.out.print(_said(targets), release_words(first))
    return Exit.FINE


def _rate(space: Workspace, per_hour: int | None) -> Rate:
    if per_hour is not None and per_hour < 1:
        raise WrongUsage("at least one message an hour must be able to leave", hint="lifeloop release --per-hour 500 …")
    return space.catalogue.breakers.release if per_hour is None else Rate(per_hour)


def _said(targets: tuple[Target, ...] | None) -> str:
    return "Everything goes again." if targets is None else f"Released: {', '.join(one.name for one in targets)}."
