"""Eighteen months of real purchases, lived by ``lifeloop replay`` in a process whose memory is its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from measure import Figure
from shop import EXAMPLE, PURCHASES, database


def figures(store: str, folder: Path, rounds: int, until: str) -> Iterator[Figure]:
    if not PURCHASES.is_file():
        return
    done = [_replay(store, folder, until) for _ in range(rounds)]
    took = median(one["seconds"] for one in done)
    sent = sum(done[0]["messages"].values())
    assert len({one["digest"] for one in done}) == 1
    yield Figure(f"replay to {until}: {sent:,} messages", store, round(took, 1), "seconds")
    yield Figure("replay: people let in and moved", store, done[0]["moved"] / took, "people/s")
    yield Figure("replay: messages from due to inbox", store, sent / took, "messages/s")
    yield Figure("replay: peak memory", store, median(one["peak_memory"] for one in done) / 1e6, "MB")
    yield Figure(f"replay: digest {done[0]['digest']}", store, len(done), "times the same")


def _replay(store: str, folder: Path, until: str) -> dict:
    with database(store, folder) as url:
        words = ["replay", str(PURCHASES), "--map", "mapping.yaml", "--until", until, "--database", url, "--json"]
        ran = subprocess.run(
            [sys.executable, "-m", "lifeloop", "--project", str(EXAMPLE), *words],
            check=True,
            capture_output=True,
            text=True,
            cwd=EXAMPLE,
        )
        return json.loads(ran.stdout)
