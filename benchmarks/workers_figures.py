"""How throughput grows with the number of workers on one PostgreSQL: as ``lifeloop run``, and through a Prefect pool.

A huge journey and a small one fall due in the same second, and every person gets one call. Processes are up before that
moment, so what is measured is the work and not the start. With four workers it is done a second time while they are
killed and frozen at random; the sink counts every call, and no run is counted in which one is missing or came twice.

All of it (the workers, PostgreSQL, Prefect's server and the sink) shares the cores of this machine.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from crew import (
    JOURNEY,
    LEASE,
    TICKS,
    Crew,
    at_percent,
    crew,
    fall_due,
    join_pool,
    keys_of,
    let_wait,
    opened,
    prefect,
    told,
    write_shop,
)
from measure import Figure, Size
from shop import database, serving

from lifeloop.clock import SystemClock
from lifeloop.work.workspace import Workspace

STORE = "PostgreSQL"
WORKERS = (1, 2, 4, 8)
STRUCK = 4
"""How many workers there are while they are struck."""
SMALL = 50
"""How many times larger the huge journey is than the small one."""
PATIENCE = 420
NUMBERS = count(1)
RUN = ("lifeloop", "run", "--plain")
LIMIT = ("--limit", "2", "--prefetch-seconds", "90")
"""Runs begin so long before their time, and wait: a process takes seconds to start, and all of them share cores."""
WORKER = ("prefect", "worker", "start", "--pool", "journeys", "--type", "process", *LIMIT)
Go = Callable[[int], None]


class Ran(NamedTuple):
    """``per_second``: people, of both journeys. ``cpu``, ``database``: seconds of CPU of one person, in the workers and
    in PostgreSQL. ``small``, ``huge``: seconds within which 95 of 100 were called after their time had come."""

    per_second: float
    cpu: float
    database: float
    small: float
    huge: float
    again: int
    strikes: Mapping[str, int]


def figures(size: Size) -> Iterator[Figure]:
    yield from _curve("runner", lambda workers, **how: by_runners(size, workers, **how))
    with prefect(size.folder) as settings:
        yield from _curve("pool worker", lambda workers, **how: by_pool(size, settings, workers, **how))


def _curve(name: str, measured: Callable[..., Ran]) -> Iterator[Figure]:
    first: Ran | None = None
    for workers in WORKERS:
        ran = measured(workers)
        first = first or ran
        yield from _said(f"{workers} {name}{'s' if workers > 1 else ''}", ran, first)
    yield _struck(name, measured(STRUCK, struck=True))


def _said(who: str, ran: Ran, first: Ran) -> Iterator[Figure]:
    beside = f"by one, {first.per_second:.3g}/s"
    yield Figure(f"journeys by {who}", STORE, ran.per_second, "journeys/s", beside, ran.per_second / first.per_second)
    database = f"and {1000 * ran.database:.3g} ms in PostgreSQL"
    yield Figure(f"CPU of one journey, {who}", STORE, 1000 * ran.cpu, "ms", database)
    huge = f"the huge one's, {ran.huge:.3g} s"
    yield Figure(f"small journey, 95 of 100 within, {who}", STORE, ran.small, "s", huge, ran.huge / ran.small)


def _struck(name: str, ran: Ran) -> Figure:
    strikes = ", ".join(f"{number} {how}" for how, number in sorted(ran.strikes.items()))
    beside = f"{strikes}; {ran.again} known again"
    return Figure(f"lost or twice, {STRUCK} {name}s struck", STORE, 0, "messages", beside)


def by_runners(size: Size, workers: int, *, struck: bool = False) -> Ran:
    """Let so many ``lifeloop run`` do it."""
    with _shop(size) as shop:
        for _ in range(workers):
            shop.workers.start(*RUN)
        shop.workers.until_said("Running on", workers)
        return shop.measured(ahead=2, again=RUN if struck else None)


def by_pool(size: Size, settings: Mapping[str, str], workers: int, *, struck: bool = False) -> Ran:
    """Let so many workers of a Prefect pool do it: a part of the huge journey for each, and the small one."""
    with _shop(size) as shop:
        shop.every = 15  # a process that takes over needs some seconds to begin
        join_pool(shop.workers, settings, workers, *LIMIT)
        ahead = 20 + 8 * workers
        return shop.measured(ahead=ahead, again=WORKER if struck else None, go=lambda at: _schedule(shop, workers, at))


@dataclass
class _Shop:
    """One project on a database of its own, with people who wait in both of its journeys."""

    space: Workspace
    workers: Crew
    address: str
    application: str
    many: int
    every: int = 3
    """Seconds between two strikes."""

    def measured(self, *, ahead: int, again: tuple[str, ...] | None, go: Go = lambda _at: None) -> Ran:
        """Let everybody fall due in so many seconds, and wait until all have been called."""
        at = SystemClock().now() + ahead
        fall_due(self.space, at)
        go(at)
        began = time.monotonic() + at - time.clock_gettime(time.CLOCK_REALTIME)
        with _database_cpu(self.application) as used:
            before, before_database = self.workers.cpu, sum(used.values())
            time.sleep(max(0, began - time.monotonic()))
            self._await(began, again, go)
            spent, database = self.workers.cpu - before, sum(used.values()) - before_database
        return self._judged(began, spent, database)

    def _await(self, began: float, again: tuple[str, ...] | None, go: Go) -> None:
        everybody, nth = self.many + self.many // SMALL, 0
        while sum(told(self.address, "count").values()) < everybody:
            assert time.monotonic() - began < PATIENCE, f"{told(self.address, 'count')}\n{self.workers.log()[-2000:]}"
            time.sleep(0.1)
            if again and time.monotonic() - began > self.every * (nth + 1):
                self.workers.strike(again, nth=nth)
                nth += 1
                go(SystemClock().now())

    def _judged(self, began: float, spent: float, database: float) -> Ran:
        time.sleep(LEASE if self.workers.strikes else 1)  # what would come twice, comes now
        came = told(self.address)
        huge, small = ([at - began for at in came[path]["at"].values()] for path in ("/huge", "/small"))
        assert (len(huge), len(small)) == (self.many, self.many // SMALL), "lost"
        assert not any(path["twice"] for path in came.values()), "twice"
        people = len(huge) + len(small)
        return Ran(
            people / max(*huge, *small),
            spent / people,
            database / people,
            at_percent(small, 95),
            at_percent(huge, 95),
            sum(path["again"] for path in came.values()),
            self.workers.strikes,
        )


@contextmanager
def _shop(size: Size) -> Iterator[_Shop]:
    number = next(NUMBERS)
    root = write_shop(size.folder / f"crew{number}", **{name: JOURNEY.format(name=name) for name in ("huge", "small")})
    many, application = size.many // 2, f"crew_{os.getpid()}_{number}"
    with ExitStack() as stack:
        url = f"{stack.enter_context(database(STORE, size.folder))}&application_name={application}"
        address = stack.enter_context(serving("recorder.py"))
        environ = {"LIFELOOP_DATABASE": url, "SINK_URL": address, "SINK_SECRET": f"whsec_{'a' * 40}"}
        environ["LIFELOOP_LEASE"] = str(LEASE)
        space = stack.enter_context(opened(root, environ))
        let_wait(space, "huge", keys_of("h", many))
        let_wait(space, "small", keys_of("s", many // SMALL))
        yield _Shop(space, stack.enter_context(crew(root, environ)), address, application, many)


@contextmanager
def _database_cpu(application: str) -> Iterator[dict[int, float]]:
    """Look again and again how much CPU the database spends on us; its processes are gone when ours are."""
    used: dict[int, float] = {}
    ended = threading.Event()

    def look() -> None:
        with psycopg.connect(
            os.environ.get("LIFELOOP_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
        ) as tx:
            tx.autocommit = True
            while not ended.wait(0.3):
                found = tx.execute("SELECT pid FROM pg_stat_activity WHERE application_name = %s", [application])
                used.update({pid: _cpu_of_process(pid) or used.get(pid, 0) for (pid,) in found})

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    time.sleep(1)
    try:
        yield used
    finally:
        ended.set()
        thread.join()


def _cpu_of_process(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _schedule(shop: _Shop, parts: int, at: int) -> None:
    """Let every part of the huge journey, and the small one, run then."""
    asyncio.run(_scheduled(shop.workers.environ["PREFECT_API_URL"], parts, datetime.fromtimestamp(at, UTC)))


async def _scheduled(address: str, parts: int, at: datetime) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import DeploymentUpdate
    from prefect.settings import PREFECT_API_URL, temporary_settings
    from prefect.states import Scheduled

    runs: list[tuple[str, dict[str, Any]]] = [("huge", {"shard": f"{part}/{parts}"}) for part in range(1, parts + 1)]
    with temporary_settings({PREFECT_API_URL: address}):
        async with get_client() as client:
            for journey, parameters in (*runs, ("small", {})):
                found = await client.read_deployment_by_name(f"{journey}/live")
                await client.update_deployment(found.id, DeploymentUpdate(concurrency_limit=4 * parts))
                await client.create_flow_run_from_deployment(
                    found.id, parameters=parameters, state=Scheduled(scheduled_time=at)
                )
