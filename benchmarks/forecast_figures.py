"""A forecast of everybody in the customer table: how many customers a second, and the memory that it takes.

The command itself is run, on the starter, with contracts and events that differ between customers. Memory is the most
that the process ever held: ten times as many customers should not take more of it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from measure import Figure, Size
from shop import DAY, TOP

from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.publishing import publish
from lifeloop.work.workspace import Workspace, open_workspace

AHEAD = "30 days"
AT_ONCE = 1000
STARTER = ("journeys", "templates", "people")
SPREAD = 7919
"""A prime: so no two customers in a row began at moments that have anything in common."""


def figures(size: Size) -> Iterator[Figure]:
    few = 2 * size.customers
    root = _project(size.folder / "forecast")
    yield from _foretold(root, 0, few, processes=(1, 2))
    yield from _foretold(root, few, 10 * few, processes=(1,))


def _foretold(root: Path, known: int, many: int, processes: tuple[int, ...]) -> Iterator[Figure]:
    _fill(root, known, many)
    for number in processes:
        took, peak = _command(root, number)
        beside = "1 process" if number == 1 else f"{number} processes"
        what = f"forecast of {AHEAD}, {many:,} customers, {beside}"
        yield Figure(what, "SQLite", many / took, "customers/s")
        if number == 1:
            yield Figure(
                f"the same: the most memory, {many:,} customers", "SQLite", peak / 2**20, "MB", goal="forecast"
            )


def _command(root: Path, processes: int) -> tuple[float, int]:
    """Return the seconds that the command took, and the most bytes that it held."""
    words = ["simulate", "--population", "customers", "--for", AHEAD, "--processes", str(processes), "--json"]
    began = perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "lifeloop", *words], cwd=root, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return perf_counter() - began, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _project(root: Path) -> Path:
    for part in STARTER:
        shutil.copytree(TOP / part, root / part)
    shutil.copy(TOP / "lifeloop.yaml", root)
    return root


def _fill(root: Path, known: int, many: int) -> None:
    space = open_workspace(root, environ={}, stay_here=True)
    try:
        now = space.clock.now()
        publish(space, now)
        for first in range(known, many, AT_ONCE):
            _take_in(space, range(first, min(first + AT_ONCE, many)), now)
    finally:
        space.close()


def _take_in(space: Workspace, numbers: range, now: int) -> None:
    began = {number: now - number * SPREAD % (700 * DAY) for number in numbers}
    people = [_person(number, at, now) for number, at in began.items()]
    signed = [
        Happening(f"c{number}", "contract.started", at, f"e{number}", data={"date": _day(at)})
        for number, at in began.items()
    ]
    ingest(space, people, signed)


def _person(number: int, at: int, now: int) -> Person:
    data = {"first_name": f"Ana {number}", "email": f"c{number}@example.com", "status": "active", "since": _day(at)}
    contract = {"contract_id": f"K{number}", "holder": "ours", "starts": _day(at), "notice": "1 month", "monthly": 50}
    ends = {"ends": _day(now + number * SPREAD % (300 * DAY))}
    return Person(f"c{number}", data, {"contract": [contract | ends]}, {"inspiration": True})


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
