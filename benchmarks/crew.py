"""A project with a huge journey and a small one, and the processes that work on it: started, watched, struck, ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shop import DAY, TOP

from lifeloop.clock import Instant
from lifeloop.engine.chance import fraction_of
from lifeloop.web.server import listen
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.publishing import publish
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace, open_workspace

HERE = Path(__file__).parent
TICKS = os.sysconf("SC_CLK_TCK")
LEASE = 6
AT_ONCE = 1000
PROJECT = """
project: crew
timezone: UTC
company: {name: Bench, address: Street 1}
customer: {first_name: text?}
events: {huge.asked: {}, small.asked: {}, page.seen: {}, answer.asked: {}, answer.came: {}}
connections:
  sink:
    base: env.SINK_URL
    receives: webhooks
    secret: env.SINK_SECRET
    actions: {huge: POST /huge, small: POST /small, answer: POST /answer}
channels:
  http: {allow_private: 127.0.0.0/8}
"""
JOURNEY = """
journey: {name}
phase: welcome
start: {{event: {name}.asked}}
again: always
steps:
  - wait: 1 day
  - call: sink.{name}
    with: {{customer: "{{{{ customer.id }}}}"}}
"""
ANSWER = """
journey: answer
phase: welcome
start: {event: answer.asked}
again: always
steps:
  - wait: {for: answer.came, max: 300 days}
  - call: sink.answer
    with: {customer: "{{ customer.id }}"}
"""
KILLED = 0.6
"""The part of the strikes that kill; the others freeze."""


def told(address: str, what: str = "") -> dict[str, Any]:
    """Return what the sink says: everything, or with ``count`` how many came where."""
    assert urlsplit(address).hostname == "127.0.0.1"
    with urllib.request.urlopen(f"{address}/{what}") as answer:  # noqa: S310  # an address of our own
        return json.load(answer)


def write_shop(root: Path, **journeys: str) -> Path:
    (root / "journeys").mkdir(parents=True)
    (root / "lifeloop.yaml").write_text(PROJECT)
    for name, text in journeys.items():
        (root / "journeys" / f"{name}.yaml").write_text(text)
    shutil.copytree(TOP / "flows", root / "flows", ignore=shutil.ignore_patterns("__pycache__"))
    return root


@contextmanager
def opened(root: Path, environ: Mapping[str, str]) -> Iterator[Workspace]:
    """Open a project as its workers do, with its journeys live."""
    space = open_workspace(root, url=environ["LIFELOOP_DATABASE"], environ=environ)
    try:
        assert not publish(space, space.clock.now()).broken
        yield space
    finally:
        space.close()


def keys_of(letter: str, many: int) -> list[str]:
    return [f"{letter}{number:06}" for number in range(many)]


def let_wait(space: Workspace, journey: str, keys: Sequence[str]) -> None:
    """Let these people enter a journey, and wait in it."""
    now = space.clock.now()
    for start in range(0, len(keys), AT_ONCE):
        some = keys[start : start + AT_ONCE]
        ingest(space, [Person(key, {}) for key in some], [Happening(key, f"{journey}.asked", now, key) for key in some])
    Wave(space, journey).admit()


def let_more_wait(space: Workspace, many: int, journey: str) -> None:
    """Let as many more stand where the first of a journey stands; the database itself makes the rows."""
    with space.store.transaction() as tx:
        numbers = (
            "generate_series(1, :many) AS g(n)"
            if tx.postgres
            else "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < :many) SELECT n FROM c)"
        )
        made = f"SELECT :journey || '-' || n, '{{}}', 0, 0 FROM {numbers}"  # noqa: S608
        tx.run(f"INSERT INTO customer (key, data, created_at, updated_at) {made}", many=many, journey=journey)
        (first,) = tx.ask(
            "SELECT * FROM enrollment WHERE id = (SELECT min(e.id) FROM enrollment e JOIN journey j"
            " ON j.id = e.journey_id WHERE j.name = :journey)",
            journey=journey,
        )
        columns = ", ".join(name for name in first._fields if name not in ("id", "customer_id"))
        tx.run(
            f"INSERT INTO enrollment (customer_id, {columns}) SELECT c.id, {columns} FROM enrollment e"  # noqa: S608
            " JOIN customer c ON c.key LIKE :keys WHERE e.id = :first",
            first=first.id,
            keys=f"{journey}-%",
        )


def fall_due(space: Workspace, at: Instant) -> None:
    """Let everybody who waits for a moment wait for this one, so that all are due at once."""
    with space.store.transaction() as tx:
        # The engine works a deadline out anew at every look: from when they began to wait, so that moves along.
        tx.run(
            "UPDATE enrollment SET due_at = :at, deadline = :at, since = :began WHERE status = 'waiting'",
            at=at,
            began=at - DAY,
        )


@dataclass
class Crew:
    """Processes at work on one project. ``environ``: what each of them is told beside our own environment."""

    root: Path
    environ: Mapping[str, str]
    strikes: Counter[str] = field(default_factory=Counter)
    _alive: list[subprocess.Popen] = field(default_factory=list)
    _ended: float = 0

    def start(self, *words: str) -> subprocess.Popen:
        """Start one, in a session of its own; what it says goes to ``log``."""
        with (self.root / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                env={**os.environ, **self.environ, "PYTHONUNBUFFERED": "1"},
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._alive.append(process)
        return process

    def log(self) -> str:
        return (self.root / "log").read_text(errors="replace")

    def until_said(self, what: str, times: int = 1, seconds: float = 180) -> None:
        """Wait until the log holds something so often."""
        ends = time.monotonic() + seconds
        while self.log().count(what) < times:
            assert time.monotonic() < ends, self.log()[-2000:]
            time.sleep(0.1)

    @property
    def cpu(self) -> float:
        """Seconds of CPU of all that ever worked, as far as they were still there when they were asked."""
        return self._ended + sum(cpu_of(one.pid) for one in self._alive)

    def kill(self, process: subprocess.Popen) -> None:
        """End a process and all that it started, at once."""
        self._ended += cpu_of(process.pid)
        _signal(process.pid, signal.SIGKILL)
        process.wait()
        self._alive.remove(process)

    def strike(self, again: Sequence[str], *, nth: int) -> None:
        """Kill one and start another, or freeze one until its lease is over and somebody else has its work."""
        one = self._alive[int(fraction_of(f"who {nth}") * len(self._alive))]
        if fraction_of(f"how {nth}") < KILLED:
            self.strikes["SIGKILL"] += 1
            self.kill(one)
            self.start(*again)
            return
        self.strikes["SIGSTOP"] += 1
        _signal(one.pid, signal.SIGSTOP)
        time.sleep(LEASE + 2)
        _signal(one.pid, signal.SIGCONT)

    def end(self) -> None:
        for one in list(self._alive):
            self.kill(one)


@contextmanager
def crew(root: Path, environ: Mapping[str, str]) -> Iterator[Crew]:
    made = Crew(root, environ)
    try:
        yield made
    finally:
        made.end()


@contextmanager
def prefect(folder: Path) -> Iterator[dict[str, str]]:
    """A Prefect server; yields the settings that lead to it."""
    from lifeloop.flows.hosting import hosted

    with listen(0) as taken:
        port = taken.getsockname()[1]
    with hosted(folder / "prefect", port, os.environ) as settings:
        yield settings


def join_pool(workers: Crew, settings: Mapping[str, str], many: int, *words: str) -> None:
    """Bring the journeys to a server, and start so many workers there, one after the other: together they are slow."""
    workers.environ = {**workers.environ, **settings}
    assert workers.start("lifeloop", "deploy", "--yes").wait() == 0, workers.log()[-2000:]
    for nth in range(many):
        workers.start("prefect", "worker", "start", "--pool", "journeys", "--type", "process", *words)
        workers.until_said("Worker 'ProcessWorker", nth + 1)


def cpu_of(process: int) -> float:
    """Return the seconds of CPU that a process used, and all that it started."""
    return sum(sum(map(int, fields[11:15])) for fields in _family(process).values()) / TICKS


def _family(process: int) -> dict[int, list[str]]:
    """Return a process and its descendants with what the machine says of each; Prefect gives each run a session."""
    known: dict[int, list[str]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            known[int(stat.parent.name)] = stat.read_text().rpartition(")")[2].split()
    found = {process} & known.keys()
    while more := {pid for pid, fields in known.items() if int(fields[1]) in found} - found:
        found |= more
    return {pid: known[pid] for pid in found}


def _signal(process: int, how: signal.Signals) -> None:
    for pid in _family(process):
        with suppress(ProcessLookupError):
            os.kill(pid, how)


def at_percent(values: Iterable[float], percent: int) -> float:
    """Return the value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
