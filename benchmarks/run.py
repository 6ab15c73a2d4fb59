"""``make bench``: figures of this machine, each beside the barest thing that does the same, taken in the same run.

    make bench                              medians of five, the whole replay twice; about ten minutes
    make bench ARGS=--quick                 one round of everything; about two minutes
    make bench ARGS=--peers                 the journey job with DBOS, procrastinate, APScheduler and Prefect, too
    make bench ARGS=--millions              with ten million people waiting, too; minutes more, and 4 GB of disk
    make bench ARGS="--customers 100000"    so many live through the year of five mails
    make bench ARGS="--only moving,waiting" some sets of figures alone
    make bench ARGS="--only workers"        1, 2, 4 and 8 workers, with and without Prefect: a quarter of an hour. This,
                                            and forecast, reaction, timers and outage, only where they are asked for
    make bench ARGS=--json                  for a program
    make bench ARGS=--write                 keep them in measured.json, and draw the table and the picture of
                                            docs/performance.md; what was not measured now stays as it was

Real purchases are taken where they are: LIFELOOP_CDNOW=path/to/cdnow-sample.csv. PostgreSQL: LIFELOOP_TEST_POSTGRES.
"""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
import tempfile
import traceback
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import forecast_figures
import ingest_figures
import job_figures
import month_figures
import moving_figures
import outage_figures
import page
import pure_figures
import reaction_figures
import replay_figures
import sending_figures
import store_figures
import timers_figures
import waiting_figures
import workers_figures
import year_figures
from measure import Figure, Size
from shop import small_project, stores
from table import as_text

SETS: dict[str, Callable[[Size], Iterable[Figure]]] = {
    "pure": lambda size: pure_figures.figures(small_project(size.folder / "project"), size.rounds, size.many),
    "sending": lambda size: sending_figures.figures(size.rounds, size.many // 10),
    "store": lambda size: _on_each(lambda store: store_figures.figures(store, size.folder, size.rounds, size.many)),
    "moving": lambda size: _on_each(lambda store: moving_figures.figures(store, size.folder, size.rounds, size.many)),
    "waiting": lambda size: _on_each(lambda store: waiting_figures.figures(store, size.folder, *_waiting(size))),
    "months": lambda size: month_figures.figures(size.folder, size.many * 15),
    "ingest": lambda size: _on_each(lambda store: ingest_figures.figures(store, size.folder, size.rounds, size.many)),
    "job": job_figures.figures,
    "year": year_figures.figures,
    "replay": lambda size: _on_each(
        lambda store: replay_figures.figures(store, size.folder, min(size.rounds, 2), _until(size))
    ),
    "forecast": forecast_figures.figures,
    "timers": timers_figures.figures,
    "reaction": reaction_figures.figures,
    "outage": outage_figures.figures,
    "workers": workers_figures.figures,
}
"""What ``--only`` takes: a set is a function of the size that yields figures, each as soon as it is known."""
LONG = {"forecast", "timers", "reaction", "outage", "workers"}
"""Sets that are only taken when they are asked for."""
QUICK = {"rounds": 1, "many": 5_000, "customers": 1_000}


def main() -> int:
    asked = _asked()
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        failed = _measure(found, figures(asked.only, _size(asked, Path(folder))), write=asked.write)
    if asked.json:
        print(json.dumps({"machine": machine(), "figures": [one.document() for one in found]}, indent=2))
    else:
        print(f"\n{as_text(found)}\n\n{machine()}")
    return failed


def _measure(found: list[Figure], figures: Iterable[Figure], *, write: bool) -> int:
    """Collect figures, and keep each as soon as it is known; one that cannot be measured ends it."""
    try:
        for figure in figures:
            found.append(figure)
            print(f"{figure.what} {figure.store}".strip(), file=sys.stderr, flush=True)
            if write:
                page.write([figure], machine())
    except Exception:  # noqa: BLE001  # whatever it is, what was measured before is not lost
        traceback.print_exc()
        return 1
    return 0


def figures(only: Iterable[str], size: Size) -> Iterator[Figure]:
    for name in only:
        yield from SETS[name](size)


def _asked() -> Namespace:
    words = ArgumentParser(description="Figures of this machine, as ratios within one run.")
    words.add_argument("--quick", action="store_true", help="one round of everything, the replay only to March 1997")
    words.add_argument("--peers", action="store_true", help="install the peers of the journey job, and run them too")
    words.add_argument(
        "--millions", action="store_true", help="also let ten million wait, beside one million: takes minutes and 4 GB"
    )
    words.add_argument("--customers", type=int, default=10_000, help="how many live through the year")
    words.add_argument(
        "--only", type=_names, default=[name for name in SETS if name not in LONG], help=f"some of: {', '.join(SETS)}"
    )
    words.add_argument("--json", action="store_true", help="print one JSON document")
    words.add_argument("--write", action="store_true", help="draw the table and picture of docs/performance.md")
    return words.parse_args()


def _names(said: str) -> list[str]:
    names = said.split(",")
    if unknown := set(names) - set(SETS):
        raise ValueError(unknown)
    return names


def _size(asked: Namespace, folder: Path) -> Size:
    size = Size(folder, millions=asked.millions, peers=asked.peers, customers=asked.customers)
    return replace(size, **QUICK) if asked.quick else size


def _on_each(measured: Callable[[str], Iterable[Figure]]) -> Iterator[Figure]:
    for store in stores():
        yield from measured(store)


def _waiting(size: Size) -> tuple[int, int]:
    few = max(size.many, 20_000)  # seven thousand of each half are claimed
    return (10**6, 10**7) if size.millions else (few, 5 * few)


def _until(size: Size) -> str:
    return "1997-03-01" if size.rounds == 1 else "1998-07-01"


def machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}; Python {platform.python_version()},"
        f" SQLite {sqlite3.sqlite_version}; load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    sys.exit(main())
