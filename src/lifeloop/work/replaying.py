"""Recorded events lived again: a file of what really happened, with the clock of the data, in a database of its own."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from hashlib import blake2b
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant, SetClock
from lifeloop.engine.zones import instant_of, local, zone_named
from lifeloop.store import customers, inbox, timeline
from lifeloop.work.importing.problems import Rejected
from lifeloop.work.importing.reading import Taken
from lifeloop.work.ingesting import Person
from lifeloop.work.living import Deed, Lived, live
from lifeloop.work.publishing import publish
from lifeloop.work.workspace import Workspace

DAY = 86_400
PAGE = 1000


class NotEmptyError(Exception):
    """A replay writes hundreds of invented messages: it wants a database in which nobody is yet."""


class NothingRecordedError(Exception):
    """No row of the file, or none between the two dates, says that something happened."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a file says, in the order of time; ``rejected``: rows that could not be read."""

    deeds: tuple[Deed, ...]
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay brought. ``messages``: by journey. ``digest``: one word for every letter of every message."""

    people: int
    events: int
    runs: int
    moved: int
    messages: dict[str, int]
    dropped: dict[str, int]
    first: Instant
    last: Instant
    seconds: float
    peak_memory: int
    digest: str
    rejected: tuple[Rejected, ...] = ()

    @property
    def sent(self) -> int:
        """How many messages were written in all."""
        return sum(self.messages.values())

    @property
    def days(self) -> int:
        """How many days of the data were lived."""
        return round((self.last - self.first) / DAY)

    def rate(self, number: int) -> int:
        """Return so many of something as a number a second, over the whole replay."""
        return round(number / self.seconds) if self.seconds else 0


def recorded(rows: Iterable[Taken | Rejected], since: Instant | None = None, until: Instant | None = None) -> Recorded:
    """Return what rows of a file say as deeds; a customer becomes known with the first thing they did.

    Raises:
        NothingRecordedError: nothing happened, or nothing between the two moments.
    """
    rejected: list[Rejected] = []
    taken: list[Taken] = []
    for row in rows:
        (rejected if isinstance(row, Rejected) else taken).append(row)  # type: ignore[arg-type]  # told apart
    deeds = [
        deed for deed in _deeds(taken) if (since is None or deed.at >= since) and (until is None or deed.at < until)
    ]
    if not deeds:
        raise NothingRecordedError
    return Recorded(tuple(_introduced(sorted(deeds, key=lambda deed: deed.at), _people(taken))), tuple(rejected))


def midnight(day: date, timezone: str) -> Instant:
    """Return when a day begins on the project's clock."""
    return instant_of(day, time(), zone_named(timezone) or ZoneInfo("UTC"))


def days_of(what: Recorded, timezone: str) -> tuple[Instant, Instant]:
    """Return the beginning of the first day on which something happened, and the end of the last one."""
    zone = zone_named(timezone) or ZoneInfo("UTC")
    first, last = local(what.deeds[0].at, zone).date(), local(what.deeds[-1].at, zone).date()
    return midnight(first, timezone), midnight(last + timedelta(days=1), timezone)


def fresh_file(root: Path) -> Path:
    """Return where a replay keeps its data unless told otherwise; what an earlier one left is removed."""
    database = root / ".lifeloop" / "replay.db"
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    return database


def _people(taken: Iterable[Taken]) -> dict[str, Person]:
    """Return what the file says of each customer; where rows differ, the later row adds to the earlier."""
    known: dict[str, Person] = {}
    for person in (row.person for row in taken if row.person is not None):
        before = known.get(person.key, person)
        known[person.key] = before if before == person else _merged(before, person)
    return known


def _merged(before: Person, after: Person) -> Person:
    return Person(
        after.key,
        {**before.data, **after.data},
        {**before.things, **after.things},
        {**before.consents, **after.consents},
    )


def _deeds(taken: Iterable[Taken]) -> Iterator[Deed]:
    for row in taken:
        for one in row.happenings:
            yield Deed(one.at, "event", one.customer, one.name, one.data, happening=one)


def _introduced(deeds: Iterable[Deed], people: dict[str, Person]) -> Iterator[Deed]:
    waiting = dict(people)
    for deed in deeds:
        person = waiting.pop(deed.customer, None)
        if person is not None:
            yield Deed(deed.at, "person", deed.customer, person=person)
        yield deed


async def replay(
    space: Workspace,
    what: Recorded,
    first: Instant,
    until: Instant,
    *,
    step: int = 3600,
    tell: Callable[[Instant], None] | None = None,
) -> Replay:
    """Let everything happen again at its own time, with the journeys of the project, from ``first`` to ``until``.

    The workspace must hold a ``SetClock`` and should have been opened with ``stay_here``, so that nothing leaves.

    Raises:
        NotEmptyError: somebody is in the database already.
    """
    began = perf_counter()
    clock = space.clock
    assert isinstance(clock, SetClock)  # noqa: S101  # a clock that cannot be moved is a mistake in our own code
    _check_empty(space)
    clock.set(first)
    publish(space, first)
    lived = await live(space, what.deeds, until, step=step, refresh=DAY, tell=tell)
    return _summary(space, what, lived, (first, until), perf_counter() - began)


def _check_empty(space: Workspace) -> None:
    with space.store.reading() as tx:
        if customers.count(tx):
            raise NotEmptyError


def _summary(space: Workspace, what: Recorded, lived: Lived, span: tuple[Instant, Instant], seconds: float) -> Replay:
    with space.store.reading() as tx:
        counted = timeline.counts(tx)
        people = customers.count(tx)
    dropped = {
        word: lived.counts[word] for word in ("suppressed", "capped", "expired", "rejected") if lived.counts[word]
    }
    return Replay(
        people=people,
        events=sum(deed.what == "event" for deed in what.deeds),
        runs=sum(sum(one.runs.values()) for one in counted),
        moved=lived.counts["admitted"] + lived.counts["moved"],
        messages={one.journey: one.messages.get("sent", 0) for one in counted},
        dropped=dropped,
        first=span[0],
        last=span[1],
        seconds=seconds,
        peak_memory=peak_memory(),
        digest=digest_of(space),
        rejected=what.rejected,
    )


def digest_of(space: Workspace) -> str:
    """Return one word for every message that was written: any other letter in any of them gives another word.

    Our own ids are no letters: neither they nor the order that they give matter.
    """
    with space.store.reading() as tx:
        lines = (json.dumps(line, ensure_ascii=False).encode() for line in inbox.everything(tx, PAGE))
        total = sum(int.from_bytes(blake2b(line, digest_size=16).digest()) for line in lines)
    return f"{total % (1 << 128):032x}"


def peak_memory() -> int:
    """Return the most bytes that this process ever held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
