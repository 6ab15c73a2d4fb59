"""How late a timer is, and what a runner holds in memory, while ever more people wait.

The database itself makes those who wait; twenty more fall due each second, the others later. A real
``lifeloop run`` moves them. The database has whole seconds: a timer of a second is late by what passes after it began.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

from crew import JOURNEY, Crew, at_percent, crew, keys_of, let_more_wait, let_wait, opened, told, write_shop
from measure import Figure, Size
from shop import DAY, database, serving

from lifeloop.clock import SystemClock
from lifeloop.work.workspace import Workspace

STORE = "SQLite"
PER_SECOND = 20
SECONDS = 60
WARM = 10
"""Seconds from the start of the runner until the first timer."""
PATIENCE = 60
NUMBERS = count(1)
RUN = ("lifeloop", "run", "--plain")


def figures(size: Size) -> Iterator[Figure]:
    """Ten thousand, a hundred thousand, and with ``--millions`` a million who wait."""
    least: float | None = None
    for waiting in (10_000, 100_000, *([1_000_000] if size.millions else [])):
        late, held = _timers(size, waiting)
        least = least or held
        many, load = f"while {waiting:,} wait", f"{PER_SECOND} due a second, load {os.getloadavg()[0]:.1f}"
        whole = waiting == 1_000_000
        yield Figure(f"lateness of a timer, 99 of 100, {many}", STORE, late, "s", load, goal="timers" if whole else "")
        what = f"memory of lifeloop run {many}"
        beside = "" if waiting == 10_000 else f"10,000, {least:.1f} MB"
        yield Figure(what, STORE, held, "MB", beside, held / least, goal="memory" if whole else "")


def _timers(size: Size, waiting: int) -> tuple[float, float]:
    with _shop(size, waiting) as (space, runner, address):
        process = runner.start(*RUN)
        runner.until_said("Running on")
        first = _spread(space, SystemClock().now() + WARM)
        held = [0.0]
        ends = time.monotonic() + WARM + SECONDS + PATIENCE
        while told(address, "count").get("/small", 0) < PER_SECOND * SECONDS:
            assert time.monotonic() < ends, told(address, "count")
            held.append(_resident(process.pid))
            time.sleep(0.5)
        ahead = time.clock_gettime(time.CLOCK_REALTIME) - time.monotonic()
        came = told(address)["/small"]
        late = [at + ahead - _due(first, who) for who, at in came["at"].items()]
    assert came["twice"] == []
    assert min(late) >= 0, "early"
    return at_percent(late, 99), max(held)


def _due(first: int, who: str) -> int:
    return first + int(who[1:]) // PER_SECOND


def _spread(space: Workspace, first: int) -> int:
    """Let so many fall due each second from now on."""
    with space.store.transaction() as tx:
        moment = f":first + CAST(substr(c.key, 2) AS integer) / {PER_SECOND}"
        for name, ahead in (("due_at", 0), ("deadline", 0), ("since", DAY)):
            tx.run(
                f"UPDATE enrollment SET {name} = (SELECT {moment} - :ahead FROM customer c WHERE c.id = customer_id)"  # noqa: S608
                " WHERE customer_id IN (SELECT id FROM customer WHERE key LIKE 's0%')",
                first=first,
                ahead=ahead,
            )
    return first


def _resident(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


@contextmanager
def _shop(size: Size, waiting: int) -> Iterator[tuple[Workspace, Crew, str]]:
    root = write_shop(size.folder / f"timers{next(NUMBERS)}", small=JOURNEY.format(name="small"))
    with ExitStack() as stack:
        address = stack.enter_context(serving("recorder.py"))
        environ = {"SINK_URL": address, "SINK_SECRET": f"whsec_{'a' * 40}"}
        environ["LIFELOOP_DATABASE"] = stack.enter_context(database(STORE, size.folder))
        space = stack.enter_context(opened(root, environ))
        let_wait(space, "small", keys_of("s", PER_SECOND * SECONDS))
        let_more_wait(space, waiting, "small")
        yield space, stack.enter_context(crew(root, environ)), address
