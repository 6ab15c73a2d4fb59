"""A day without us, with a hundred thousand timers due in it: how long they take afterwards, and what came of each.

The clock is a pretend one, so that a day of lateness and the pace of what is released do not have to be lived through;
the work is real: moves, the gate, the hand-off to the inbox, and every message counted at the end.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from time import perf_counter

from crew import keys_of, let_more_wait, let_wait
from measure import Figure, Size
from shop import DAY, FIRST, TEXT, database, stores

from lifeloop.clock import SetClock
from lifeloop.journey.breakers import Rate
from lifeloop.work.halting import releasing
from lifeloop.work.halting.releasing import Target
from lifeloop.work.publishing import publish
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace, open_workspace

MINUTE, HOUR = 60, 3600
AFTER = 10 * HOUR
RULES = ("skips", "sends", "stops")
PACE = Rate(600_000)
PROJECT = """
project: outage
timezone: UTC
company: {name: Bench, address: Street 1}
email: inbox
senders: {bench: Bench <bench@example.com>}
topics: {service: {basis: contract, counts: false}}
customer: {first_name: text?, email: email?}
events: {skips.asked: {}, sends.asked: {}, stops.asked: {}}
"""
JOURNEY = """
journey: {name}
phase: welcome
start: {{event: {name}.asked}}
delivery: {{topic: service, volume: 1000000 per day}}
steps:
  - wait: 1 day
  - send: {name}
    late: {{after: 10 hours, then: {then}}}
  - wait: 30 days
"""


def figures(size: Size) -> Iterator[Figure]:
    for store in stores():
        yield from _on(store, size)


def _on(store: str, size: Size) -> Iterator[Figure]:
    many = 5 * size.many
    with database(store, size.folder) as url:
        space = _opened(size, store, url)
        try:
            _let_wait(space, many // len(RULES))
            took = _come_back(space)
            came = _judged(space)
        finally:
            space.close()
    load = f"of {sum(came.values()):,}, load {os.getloadavg()[0]:.1f}"
    for part, seconds in took.items():
        yield Figure(f"a day's outage, {part}", store, seconds, "s", load)
    said = ", ".join(f"{number:,} {status}" for status, number in sorted(came.items()))
    yield Figure("a day's outage: lost, twice or early", store, 0, "messages", said)


def _opened(size: Size, store: str, url: str) -> Workspace:
    root = size.folder / f"outage-{store}"
    (root / "journeys").mkdir(parents=True)
    (root / "templates").mkdir()
    (root / "lifeloop.yaml").write_text(PROJECT)
    for name in RULES:
        (root / "journeys" / f"{name}.yaml").write_text(JOURNEY.format(name=name, then=name.removesuffix("s")))
        (root / "templates" / f"{name}.md").write_text(TEXT.replace("A few words", name))
    space = open_workspace(root, url=url, clock=SetClock(FIRST), environ={})
    assert not publish(space, FIRST).broken
    return space


def _let_wait(space: Workspace, each: int) -> None:
    """Let so many wait in each journey, due one after the other all through a day."""
    for name in RULES:
        let_wait(space, name, keys_of(name, 1))
        let_more_wait(space, each - 1, name)
    with space.store.transaction() as tx:
        tx.run("UPDATE customer SET data = :data", data='{"email": "somebody@example.com"}')
        for moment, ahead in (("due_at", DAY), ("deadline", DAY), ("since", 0)):
            tx.run(f"UPDATE enrollment SET {moment} = {FIRST + ahead} + (id * 7919) % {DAY}")  # noqa: S608


def _come_back(space: Workspace) -> dict[str, float]:
    """Begin again a day after the first was due; an operator releases what breakers hold."""
    assert isinstance(space.clock, SetClock)
    space.clock.set(FIRST + 2 * DAY)
    wave = Wave(space)
    began = perf_counter()
    wave.move()
    moved = perf_counter() - began
    asyncio.run(wave.run())
    handed = perf_counter() - began - moved
    releasing.release(space, [Target("journey", trip.name) for trip in wave.tripped], PACE)
    began = perf_counter()
    while _ready(space):
        space.clock.set(space.clock.now() + MINUTE)
        asyncio.run(Wave(space).run())
    return {"moved": moved, "what may leave at once": handed, "released in turn": perf_counter() - began}


def _ready(space: Workspace) -> int:
    with space.store.reading() as tx:
        return int(tx.ask("SELECT count(*) AS number FROM message WHERE status = 'ready'")[0].number)


def _judged(space: Workspace) -> Counter[str]:
    """Count what came of each, and hold it against the rules: of those whose turn came later, more were too late."""
    with space.store.reading() as tx:
        (wrong,) = tx.ask(_AGAINST_ITS_RULE, first=FIRST + 2 * DAY - AFTER, last=space.clock.now() - AFTER)
        (once,) = tx.ask("SELECT count(*) AS number, count(DISTINCT enrollment_id) AS people FROM message")
        (runs,) = tx.ask("SELECT count(*) AS number FROM enrollment")
        (kept,) = tx.ask("SELECT count(*) AS number FROM rendered")
        came = Counter({row.status: int(row.number) for row in tx.ask(_BY_STATUS)})
    found = (wrong.number, once.number, once.people, kept.number)
    assert found == (0, runs.number, runs.number, came["sent"]), (found, runs.number, came)
    return came


_BY_STATUS = "SELECT status, count(*) AS number FROM message GROUP BY status"
_AGAINST_ITS_RULE = """
SELECT count(*) AS number FROM message m
JOIN enrollment e ON e.id = m.enrollment_id JOIN journey j ON j.id = e.journey_id
WHERE NOT (m.status = 'expired' AND j.name <> 'sends' AND m.due_at < :last
  OR m.status = 'sent' AND m.sent_at >= m.due_at AND (j.name = 'sends' OR m.due_at >= :first))
"""
