"""A year of a made-up company: its customers live through the journeys, and every mail they would get is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from lifeloop.clock import Instant, SetClock
from lifeloop.rehearse.population import Life, Population
from lifeloop.store import timeline
from lifeloop.work.ingesting import Person
from lifeloop.work.living import Deed, live
from lifeloop.work.publishing import publish
from lifeloop.work.workspace import Workspace, open_workspace

DAY = 86_400
STEP = 3600
"""Seconds to which the demo's clock is rounded: what falls due within one hour is done together."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the year brought. ``messages``: by journey; ``broken``: journeys whose files have mistakes, left out."""

    database: Path
    people: int
    runs: int
    messages: dict[str, int]
    seconds: float
    first: Instant
    last: Instant
    broken: tuple[str, ...] = ()


async def build_demo(
    root: Path,
    database: Path,
    *,
    people: int = 200,
    seed: int = 1,
    year: int = 2026,
    tell: Callable[[float], None] | None = None,
) -> Demo:
    """Live through a year and write everything into a database of its own. Nothing leaves this machine.

    ``tell`` hears how much of the year is over, from 0 to 1.
    """
    began = perf_counter()
    first, last = _instant(year), _instant(year + 1)
    _remove(database)
    clock = SetClock(first)
    space = open_workspace(root, url=f"sqlite:///{database}", clock=clock, environ={}, stay_here=True)
    try:
        broken = publish(space, first).broken
        deeds = [deed for life in _lives(space, people, seed, first, last) for deed in _deeds(life, first)]
        await live(space, deeds, last, step=STEP, refresh=DAY, tell=_share(tell, first, last))
        runs, sent = _counts(space)
    finally:
        space.close()
    return Demo(database, people, runs, sent, round(perf_counter() - began, 1), first, last, broken)


def _lives(space: Workspace, people: int, seed: int, first: Instant, last: Instant) -> Iterator[Life]:
    """Let the engine rehearse every life beforehand: that is how we know what people would answer, and when."""
    samples = list(space.project.people.values())
    return Population(space.project.plans, samples, space.catalogue, first, last, seed).lives(people)


def _deeds(life: Life, first: Instant) -> Iterable[Deed]:
    made = life.person
    yield Deed(first, "person", made.name, person=Person(made.name, made.customer, made.things, made.consents))
    for doing in life.doings:
        yield Deed(doing.at, doing.what, made.name, doing.name, doing.data)


def _share(tell: Callable[[float], None] | None, first: Instant, last: Instant) -> Callable[[Instant], None] | None:
    return (lambda now: tell(min(1.0, (now - first) / (last - first)))) if tell else None


def _counts(space: Workspace) -> tuple[int, dict[str, int]]:
    with space.store.reading() as tx:
        counted = timeline.counts(tx)
    sent = Counter({one.journey: one.messages.get("sent", 0) for one in counted})
    return sum(sum(one.runs.values()) for one in counted), dict(sent.most_common())


def _instant(year: int) -> Instant:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp())


def _remove(database: Path) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
