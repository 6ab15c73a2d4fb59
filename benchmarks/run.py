"""``make bench``: figures of this machine, each beside the barest thing that does the same, taken in the same run.

    make bench                        medians of five, the whole replay twice; about five minutes
    make bench ARGS=--quick           one round of everything; about a minute
    make bench ARGS=--json            for a program

Real purchases are taken where they are: LIFELOOP_CDNOW=path/to/cdnow-sample.csv. PostgreSQL: LIFELOOP_TEST_POSTGRES.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pure_figures
import replay_figures
import store_figures
from measure import Figure
from shop import small_project, stores


def main() -> int:
    words = ArgumentParser(description="Figures of this machine, as ratios within one run.")
    words.add_argument(
        "--quick", action="store_true", help="one round of everything, and the replay only to March 1997"
    )
    words.add_argument("--json", action="store_true", help="print one JSON document")
    asked = words.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for figure in figures(Path(folder), quick=asked.quick):
            found.append(figure)
            if not asked.json:
                print(line(figure), flush=True)
    if asked.json:
        print(json.dumps({"machine": machine(), "figures": [one.document() for one in found]}, indent=2))
    else:
        print(f"\n{machine()}")
    return 0


def figures(folder: Path, *, quick: bool) -> Iterator[Figure]:
    rounds, many = (1, 5_000) if quick else (5, 20_000)
    yield from pure_figures.figures(small_project(folder / "project"), rounds, many)
    for store in stores():
        yield from store_figures.figures(store, folder, rounds, many)
        yield from replay_figures.figures(store, folder, min(rounds, 2), "1997-03-01" if quick else "1998-07-01")


def line(figure: Figure) -> str:
    speed = f"{figure.speed:,.0f}" if figure.speed >= 100 else f"{figure.speed:.1f}"
    beside = ""
    if figure.ratio is not None:
        beside = f"{figure.ratio:6.2f} x {figure.reference}" + (f" (goal {figure.floor:g})" if figure.floor else "")
    return f"{figure.what:<46} {figure.store:<11}{speed:>12} {figure.unit:<15}{beside}".rstrip()


def machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}; Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
