"""The journey job: a webhook, a second's wait, a second webhook, for many customers; ours beside other engines.

Every engine runs in processes of its own and calls the same sink, which counts what arrived, so nothing is counted that
did not happen. A rate is journeys per second from the word to begin until the last second call arrived. Engines that
are much slower run fewer customers; for that the second that their customers wait is not counted, while ours is.

A wait of ours begins when the call is written to the outbox, and theirs when the call was answered; so ours says two
seconds, and where a call stands in the queue for longer its second one may follow it closely. All calls are counted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit

from measure import Figure, Size
from shop import TOP, database, serving, stores

HERE = Path(__file__).parent
VENV = TOP / ".venv" / "peers"
LOCK = HERE / "peers.lock"
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 300
"""Seconds within which all calls must have arrived."""
MOST_ROUNDS = 3


@dataclass(frozen=True)
class Peer:
    name: str
    script: str
    stores: tuple[str, ...]
    many: int
    """How many customers take it some fifteen seconds."""
    ours: bool = False
    """Whether it runs in our own environment."""


PEERS = (
    Peer("DBOS", "dbos_job", ("SQLite", "PostgreSQL"), 400),
    Peer("procrastinate", "procrastinate_job", ("PostgreSQL",), 1000),
    Peer("APScheduler", "apscheduler_job", ("SQLite",), 1000),
    Peer("Prefect", "prefect_job", ("SQLite",), 30, ours=True),
)
LIFELOOP = Peer("Lifeloop", "lifeloop_job", ("SQLite", "PostgreSQL"), 10_000, ours=True)


class Ran(NamedTuple):
    per_second: float
    cpu: float
    """Seconds of CPU for each journey, of all processes of the engine; the database's own server is not counted."""


def figures(size: Size) -> Iterator[Figure]:
    rounds = min(size.rounds, MOST_ROUNDS)
    if size.peers:
        install()
    for store in stores():
        yield from _on(store, size, rounds, [one for one in PEERS if size.peers and store in one.stores])


def _on(store: str, size: Size, rounds: int, peers: list[Peer]) -> Iterator[Figure]:
    """Everybody in turns, ours in each round beside all others."""
    many = size.many // 2
    ran = {peer.name: [] for peer in (LIFELOOP, *peers)}
    for _ in range(rounds):
        ran["Lifeloop"].append(run(LIFELOOP, store, size.folder, many))
        for peer in peers:
            ran[peer.name].append(run(peer, store, size.folder, max(10, peer.many * many // 10_000), free=1.0))
    ours = ran.pop("Lifeloop")
    speed, cpu = median(one.per_second for one in ours), median(one.cpu for one in ours)
    yield Figure(f"journey job, {many:,} customers", store, speed, "journeys/s")
    yield Figure("journey job: CPU of one journey", store, 1000 * cpu, "ms")
    for name, theirs in ran.items():
        ratio = median(our.per_second / their.per_second for our, their in zip(ours, theirs, strict=True))
        beside = f"{name}, {median(one.per_second for one in theirs):.3g}/s"
        yield Figure(f"journey job / {name}", store, speed, "journeys/s", beside, ratio, f"job, {name}")
        ratio = median(their.cpu / our.cpu for our, their in zip(ours, theirs, strict=True))
        beside = f"{name}, {1000 * median(one.cpu for one in theirs):.3g} ms"
        yield Figure(f"journey job: CPU of one / {name}", store, 1000 * cpu, "ms", beside, ratio)


def install() -> None:
    """Give the peers an environment of their own, exactly as locked."""
    if (VENV / "lock").is_file() and (VENV / "lock").read_bytes() == LOCK.read_bytes():
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=True)
    words = ["install", "--quiet", "--no-deps", "--require-hashes", "-r", LOCK]
    subprocess.run([VENV / "bin" / "python", "-m", "pip", *words], check=True)
    (VENV / "lock").write_bytes(LOCK.read_bytes())


def run(peer: Peer, store: str, folder: Path, many: int, *, free: float = 0) -> Ran:
    """Let one engine do the job once; ``free``: seconds that are not counted."""
    with serving("sink.py") as address, database(store, folder) as url, _engine(peer, address, url, many) as process:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "ready", f"{peer.name} did not start"
        used, began = cpu_of(process.pid), time.perf_counter()
        _say_go(process)
        came = _await(address, many, began, process)
        took = time.perf_counter() - began
        assert peer is LIFELOOP or not came["early"], came
        return Ran(many / max(0.01, took - free), (cpu_of(process.pid) - used) / many)


def _say_go(process: subprocess.Popen) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def _await(address: str, many: int, began: float, process: subprocess.Popen) -> dict[str, int]:
    while min((came := count(address))["first"], came["second"]) < many:
        assert process.poll() is None, "the engine ended too soon"
        assert time.perf_counter() - began < PATIENCE, f"after {PATIENCE} s: {came}"
        time.sleep(0.02)
    assert not came["repeated"], came
    return came


def count(address: str) -> dict[str, int]:
    assert urlsplit(address).hostname == "127.0.0.1"
    with urllib.request.urlopen(f"{address}/count") as answer:  # noqa: S310  # an address of our own
        return json.load(answer)


@contextmanager
def _engine(peer: Peer, address: str, url: str, many: int) -> Iterator[subprocess.Popen]:
    python = sys.executable if peer.ours else VENV / "bin" / "python"
    words = [python, HERE / "peers" / f"{peer.script}.py", address, url, str(many)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def cpu_of(session: int) -> float:
    """Return the seconds of CPU that all living processes of a session used."""
    used = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                used += int(fields[11]) + int(fields[12])
    return used / TICKS
