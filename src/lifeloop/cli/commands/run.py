"""``lifeloop run``: waves in this process, without Prefect."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from lifeloop.cli.database import open_rooms
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import COUNT, INSTANT, NUMBER, TEXT, by_name, document, maybe
from lifeloop.cli.stopping import gently

if TYPE_CHECKING:
    from lifeloop.work.running import Runner, Told
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "One wave: how many people were admitted and moved, how many messages were sent, held or dropped. Without --once,"
    " one such line for each wave that did something. `halted` says why nothing may leave.",
    at=INSTANT,
    counts=by_name(COUNT),
    seconds=NUMBER,
    next_due=maybe(INSTANT),
    halted=maybe(TEXT),
)
ORDER = ("admitted", "moved", "sent")


def run(
    *,
    once: bool = False,
    batch: Annotated[int, Parameter(validator=Number(gte=1, lte=10_000))] = 500,
    here: Here,
) -> int:
    """Let journeys run in this window, without a Prefect server.

    Admits who may enter, moves who is due, hands over what is ready, and goes on until you press Ctrl-C: once lets the
    batch at hand finish, twice stops at once. Nothing is lost either way. Several may run beside each other.

    Parameters
    ----------
    once
        Do what is due now, and end.
    batch
        How many people are moved in one go.
    """
    space = open_rooms(here)
    try:
        _publish_first(space, here)
        return _run(space, once=once, batch=batch, here=here)
    finally:
        space.close()


def _run(space: Workspace, *, once: bool, batch: int, here: Here) -> int:
    from lifeloop.work.running import Runner

    told = None if once else _tell(here)
    runner = Runner(space, batch, trouble=lambda text: here.out.note(text, style="yellow"))
    if told:
        runner.tell = told
        here.out.note(f"Running on {space.store.url}. Ctrl-C to stop.")
    with gently(lambda: _stop(runner, here)):
        if once:
            _say(asyncio.run(runner.run_once()), here)
        else:
            asyncio.run(runner.run_forever())
    return Exit.FINE


def _stop(runner: Runner, here: Here) -> None:
    runner.stopping = True
    here.out.note("finishing the batch at hand; press Ctrl-C again to stop at once")


def _publish_first(space: Workspace, here: Here) -> None:
    """Make the journeys live where nothing ever was; later that is a decision, and ``lifeloop deploy`` makes it."""
    from lifeloop.work.changes import differing, is_new
    from lifeloop.work.publishing import publish

    if is_new(space):
        done = publish(space, space.clock.now())
        here.out.note(f"Live for the first time: {', '.join(done.changed) or 'nothing'}")
    elif changed := differing(space):
        here.out.note(f"Other than what is live: {', '.join(changed)}. To make it live:  lifeloop deploy --local")


def _tell(here: Here) -> Any:
    return lambda told: _say(told, here)


def _say(told: Told, here: Here) -> None:
    if here.out.as_json:
        here.out.json_line(_document(told))
    else:
        here.out.print(line_of(told), wrap=False)


def line_of(told: Told) -> str:
    """Return ``21:45:02  admitted 3 · moved 5 · sent 4 · 0.2 s``."""
    words = sorted(told.counts, key=lambda word: (word not in ORDER, ORDER.index(word) if word in ORDER else 0, word))
    parts = [f"{word} {told.counts[word]:,}" for word in words if told.counts[word]] or ["nothing was due"]
    due = f"next {_utc(told.next_due):%a %d %b %H:%M} UTC" if told.next_due is not None else "nothing waits"
    halted = [f"halted: {told.halted}"] if told.halted else []
    return f"{_utc(told.at):%H:%M:%S}  " + " · ".join([*parts, *halted, f"{told.seconds:.1f} s", due])


def _document(told: Told) -> Mapping[str, Any]:
    return {
        "at": _utc(told.at).isoformat(),
        "counts": told.counts,
        "seconds": round(told.seconds, 3),
        "next_due": None if told.next_due is None else _utc(told.next_due).isoformat(),
        "halted": told.halted,
    }


def _utc(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, UTC)
