"""``lifeloop run``: waves in this process, without Prefect."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from lifeloop.cli.database import open_rooms
from lifeloop.cli.errors import Exit
from lifeloop.cli.halted import TRIP, trip_document
from lifeloop.cli.here import Here
from lifeloop.cli.moments import iso, iso_or_none, when, zone_for
from lifeloop.cli.shapes import COUNT, INSTANT, NUMBER, TEXT, by_name, document, many, maybe
from lifeloop.cli.stopping import gently
from lifeloop.engine.zones import local

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from lifeloop.work.running import Runner, Told
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "One wave: how many people were admitted and moved, how many messages were sent, held or dropped. Without --once,"
    " one such line for each wave that did something. `halted` says why nothing may leave; `tripped`, what"
    " breakers halted meanwhile.",
    at=INSTANT,
    counts=by_name(COUNT),
    seconds=NUMBER,
    next_due=maybe(INSTANT),
    halted=maybe(TEXT),
    tripped=many(TRIP),
)
ORDER = ("admitted", "moved", "sent")


def run(
    *,
    once: bool = False,
    batch: Annotated[int, Parameter(validator=Number(gte=1, lte=10_000))] = 500,
    ingest_port: Annotated[int | None, Parameter(validator=Number(gte=0, lte=65_535))] = None,
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
    ingest_port
        Take in events over HTTP, too, on this port or the next free one, as lifeloop serve-ingest does.
    """
    space = open_rooms(here)
    try:
        _publish_first(space, here)
        with _events(space, ingest_port, here):
            return _run(space, once=once, batch=batch, here=here)
    finally:
        space.close()


@contextmanager
def _events(space: Workspace, port: int | None, here: Here) -> Iterator[None]:
    from lifeloop.cli.taking_in import taking_in

    if port is None:
        yield
        return
    with taking_in(space, port) as address:
        here.out.note(f"Events are taken in at {address}")
        yield


def _run(space: Workspace, *, once: bool, batch: int, here: Here) -> int:
    from lifeloop.work.running import Runner

    told = None if once else _tell(space, here)
    runner = Runner(space, batch, trouble=lambda text: here.out.note(text, style="yellow"))
    with gently(lambda: _stop(runner, here)):
        if told:
            runner.tell = told
            here.out.note(f"Running on {space.store.url}. Ctrl-C to stop.")
        if once:
            _say(asyncio.run(_once(runner)), space, here)
        else:
            asyncio.run(runner.run_forever())
    return Exit.FINE


async def _once(runner: Runner) -> Told:
    told = await runner.run_once()
    await runner.finish()
    return told


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


def _tell(space: Workspace, here: Here) -> Any:
    return lambda told: _say(told, space, here)


def _say(told: Told, space: Workspace, here: Here) -> None:
    if here.out.as_json:
        here.out.json_line(_document(told))
        return
    here.out.print(line_of(told, zone_for(None, space.catalogue.timezone)), wrap=False)


def line_of(told: Told, zone: ZoneInfo) -> str:
    """Return ``21:45:02  admitted 3 · moved 5 · sent 4 · 0.2 s · next Tue 24 Nov 10:00``, on the clock of a zone."""
    words = sorted(told.counts, key=lambda word: (word not in ORDER, ORDER.index(word) if word in ORDER else 0, word))
    parts = [f"{word} {told.counts[word]:,}" for word in words if told.counts[word]] or ["nothing was due"]
    due = f"next {when(told.next_due, zone, told.at)}" if told.next_due is not None else "nothing waits"
    halted = [f"halted: {told.halted}"] if told.halted else []
    halted += [f"halted the {trip.scope} {trip.name}: {trip.reason}" for trip in told.tripped]
    return f"{local(told.at, zone):%H:%M:%S}  " + " · ".join([*parts, *halted, f"{told.seconds:.1f} s", due])


def _document(told: Told) -> Mapping[str, Any]:
    return {
        "at": iso(told.at),
        "counts": told.counts,
        "seconds": round(told.seconds, 3),
        "next_due": iso_or_none(told.next_due),
        "halted": told.halted,
        "tripped": [trip_document(one) for one in told.tripped],
    }
