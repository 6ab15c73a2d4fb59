"""``lifeloop replay``: what really happened, lived again with the journeys of the project and the clock of the data."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from rich.text import Text

from lifeloop.cli.errors import Exit, Findings, Refused, Unreachable, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.shapes import COUNT, INSTANT, NUMBER, TEXT, by_name, document, fields_of, many

if TYPE_CHECKING:
    from lifeloop.clock import Instant
    from lifeloop.work.replaying import Recorded, Replay
    from lifeloop.work.workspace import Workspace

SHAPE = document(
    "What a replay brought. `moved`: people let in and moved on. `messages`: by journey; `dropped`: those that a rule"
    " kept back for good, by rule. `peak_memory` in bytes. `digest` stands for every letter of every message: the same"
    " file and the same journeys give the same one.",
    file=TEXT,
    first=INSTANT,
    last=INSTANT,
    people=COUNT,
    events=COUNT,
    runs=COUNT,
    moved=COUNT,
    messages=by_name(COUNT),
    dropped=by_name(COUNT),
    seconds=NUMBER,
    per_second=fields_of(events=NUMBER, moved=NUMBER, messages=NUMBER),
    peak_memory=COUNT,
    digest=TEXT,
    database=TEXT,
    rejected=COUNT,
    rejects=many(fields_of(row=COUNT, reason=TEXT)),
)
DAY = 86_400
SHOWN = 5
"""Rejected rows that are told; nobody reads more in a terminal."""
MEGABYTE = 1_000_000


def replay(
    file: Path,
    /,
    *,
    mapping: Annotated[Path | None, Parameter(name=("--map", "--mapping"))] = None,
    since: Annotated[date | None, Parameter(name="--from")] = None,
    until: date | None = None,
    step: str = "1 hour",
    database: str | None = None,
    here: Here,
) -> int:
    """Live through events that really happened, with the clock of the data.

    Each event comes at its own time, and you see what your journeys would have sent.

    Reads a CSV file with a mapping file, or JSON Lines, as "lifeloop import" does. Nothing leaves this machine: what
    would have been sent is kept in a database of its own, .lifeloop/replay.db, which is made anew each time.

    Parameters
    ----------
    file
        What happened, such as orders.csv or events.jsonl.
    mapping
        A mapping file that says what the columns mean. Without it: guessed from their names.
    since
        The first day. Without it: the day of the first event.
    until
        The day before which it ends. Without it: the day after the last event.
    step
        What falls due within so long is done together. A shorter step is more exact and slower.
    database
        Another database, such as postgresql://…; nobody may be in it yet.
    """
    seconds = _seconds(step)
    space = _open(here, database)
    try:
        what, span = _read(here, space, file, mapping, since, until)
        done = _replay(here, space, what, span, seconds)
        _tell(here, space, file, done)
    finally:
        space.close()
    return Exit.FINDINGS if done.rejected else Exit.FINE


def _seconds(step: str) -> int:
    from lifeloop.journey.length import Length
    from lifeloop.journey.lengths import parse_length

    length = parse_length(step)
    if length is None or length != Length(seconds=length.seconds):
        raise WrongUsage(
            f'--step cannot be "{step}"', hint="it is a number of minutes or hours, such as  --step '15 minutes'"
        )
    return length.seconds


def _open(here: Here, database: str | None) -> Workspace:
    from lifeloop.clock import SetClock
    from lifeloop.store.opening import StoreUnreachable
    from lifeloop.work.replaying import fresh_file
    from lifeloop.work.workspace import open_workspace

    url = database or f"sqlite:///{fresh_file(here.root)}"
    try:
        return open_workspace(here.root, url=url, clock=SetClock(0), environ={}, stay_here=True)
    except StoreUnreachable as problem:
        raise Unreachable(str(problem), hint="is it running?") from problem


def _read(
    here: Here, space: Workspace, file: Path, mapping: Path | None, since: date | None, until: date | None
) -> tuple[Recorded, tuple[Instant, Instant]]:
    from lifeloop.cli.importing import explained
    from lifeloop.work.importing.guessing import Said
    from lifeloop.work.importing.meaning import Habits
    from lifeloop.work.importing.opening import open_import
    from lifeloop.work.replaying import NothingRecordedError, days_of, midnight, recorded

    zone = space.catalogue.timezone
    with explained():
        path, written = here.cwd / file, here.cwd / mapping if mapping else None
        opened = open_import(path, space.catalogue, Said(), Habits(), written)
        try:
            what = recorded(opened.rows(), *(midnight(day, zone) if day else None for day in (since, until)))
        except NothingRecordedError:
            days = " between these days" if since or until else ""
            raise Findings(
                f'nothing of "{file}" happened{days}', hint="which columns tell what happened says --map"
            ) from None
        finally:
            opened.close()
    first, last = days_of(what, zone)
    return what, (midnight(since, zone) if since else first, midnight(until, zone) if until else last)


def _replay(here: Here, space: Workspace, what: Recorded, span: tuple[Instant, Instant], step: int) -> Replay:
    from lifeloop.work.replaying import NotEmptyError, replay

    with _bar(here, *span) as tell:
        try:
            return asyncio.run(replay(space, what, *span, step=step, tell=tell))
        except NotEmptyError:
            raise Refused(
                "there are customers in this database already",
                hint="a replay wants an empty one; without --database it makes one",
            ) from None


@contextmanager
def _bar(here: Here, first: Instant, until: Instant) -> Iterator[Callable[[Instant], None]]:
    from lifeloop.engine.zones import utc

    shown = 0
    with here.out.progress((until - first) // DAY, utc(first)[:10]) as bar:

        def tell(now: Instant) -> None:
            nonlocal shown
            day = (now - first) // DAY
            if day > shown:
                bar.say(utc(now)[:10])
                bar.advance(day - shown)
                shown = day

        yield tell


def _tell(here: Here, space: Workspace, file: Path, done: Replay) -> None:
    if here.out.as_json:
        here.out.json(_document(file, done, space.store.url))
        return
    here.out.table(["journey", ">messages"], [[name, count] for name, count in done.messages.items()])
    here.out.print("")
    here.out.print(
        f"{_many(done.people, 'customer')}, {_many(done.events, 'event')}, {_many(done.runs, 'run')},"
        f" {_many(done.sent, 'message')}: {_many(done.days, 'day')} in {done.seconds:.1f} s",
        f"a second: {done.rate(done.events):,} events, {done.rate(done.moved):,} moves,"
        f" {done.rate(done.sent):,} messages; at most {done.peak_memory / MEGABYTE:,.0f} MB of memory",
        f"digest {done.digest}",
    )
    for one in done.rejected[:SHOWN]:
        here.out.print(Text(f"row {one.row:,}: {one.reason}", "red"))
    if len(done.rejected) > SHOWN:
        here.out.print(f"… and {len(done.rejected) - SHOWN:,} more rows that could not be taken")


def _many(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _document(file: Path, done: Replay, database: str) -> dict[str, Any]:
    from lifeloop.cli.moments import iso

    return {
        "file": str(file),
        "first": iso(done.first),
        "last": iso(done.last),
        "people": done.people,
        "events": done.events,
        "runs": done.runs,
        "moved": done.moved,
        "messages": done.messages,
        "dropped": done.dropped,
        "seconds": round(done.seconds, 3),
        "per_second": {
            "events": done.rate(done.events),
            "moved": done.rate(done.moved),
            "messages": done.rate(done.sent),
        },
        "peak_memory": done.peak_memory,
        "digest": done.digest,
        "database": database,
        "rejected": len(done.rejected),
        "rejects": [{"row": one.row, "reason": one.reason} for one in done.rejected[:SHOWN]],
    }
