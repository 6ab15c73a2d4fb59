"""Memory stays flat: a worker and the door for events under continuous load, and what they hold is looked at.

``make test`` does it for two minutes beside all other tests, because it mostly waits; ``make soak`` for fifteen.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from statistics import median

import pytest
from checker import verdict

pytestmark = pytest.mark.crash

SECONDS = int(os.environ.get("LIFELOOP_SOAK", "120"))
EVERY = SECONDS / 120
KNOWN = 500
"""People who ordered before we look, so that the database fills its own caches first."""
MOST = 1.0
"""Megabytes by which the last quarter may be above the second one. The first is for warming up."""


def test_a_worker_and_the_door_for_events_hold_no_more_memory_as_time_goes_by(labs, fresh_url, capsys) -> None:
    lab = labs(fresh_url(), seed=31, lease=60)
    processes = {kind: lab.start(kind) for kind in ("run", "api")}
    lab.feed(50_000, KNOWN)
    settled(lab)
    sender = lab.sender()
    sender.begin(0.2)
    held = watched(processes)
    sender.end()
    settled(lab)
    found = verdict(lab.space.store, lab.notes)
    report(capsys, lab, held, len(sender.taken))
    assert (found.clean, found.wanted, found.in_doubt) == (True, 2 * (KNOWN + len(sender.taken)), 0)
    assert len(sender.taken) > SECONDS  # or there was no load
    assert {kind: growth(samples) <= MOST for kind, samples in held.items()} == dict.fromkeys(processes, True)


def test_the_control_a_process_that_keeps_what_it_saw_is_noticed() -> None:
    """Four kilobytes for each of five orders a second, in two minutes; in fifteen, half a kilobyte is enough."""
    assert growth([90 + 0.02 * look for look in range(120)]) > MOST
    assert growth([90 - 50 / (1 + look) for look in range(120)]) < MOST  # what settles is no leak


def watched(processes: dict[str, int]) -> dict[str, list[float]]:
    held: dict[str, list[float]] = {kind: [] for kind in processes}
    for _ in range(round(SECONDS / EVERY)):
        time.sleep(EVERY)
        for kind, process in processes.items():
            held[kind].append(megabytes(process))
    return held


def growth(samples: list[float]) -> float:
    """Return by how much the last quarter is above the second."""
    quarter = len(samples) // 4
    return median(samples[-quarter:]) - median(samples[quarter : 2 * quarter])


def megabytes(process: int) -> float:
    """Return what a process holds for itself alone: files that it only reads are the machine's to keep."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def settled(lab, seconds: float = 180) -> None:
    ends = time.monotonic() + seconds
    while lab.left() and time.monotonic() < ends:
        time.sleep(0.2)


def report(capsys, lab, held: dict[str, list[float]], orders: int) -> None:
    kind = "postgres" if lab.space.store.postgres else "sqlite"
    said = "; ".join(f"{name}: {samples[0]:.1f} MB, then {_line(samples)}" for name, samples in held.items())
    with capsys.disabled():
        print(f"\n  soak, {kind}, {SECONDS} s, {orders} orders: {said}", file=sys.stderr)  # seen from xdist, too


def _line(samples: list[float]) -> str:
    quarter = len(samples) // 4
    return " ".join(f"{median(samples[n * quarter : (n + 1) * quarter]):.1f}" for n in range(4))
