"""A shop whose workers are killed while it writes to its customers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lifeloop.engine.chance import fraction_of
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.publishing import publish
from lifeloop.work.workspace import Workspace, open_workspace

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))  # so that the tests beside it can import the checker
LEASE = 2
AT_WORK = 0.6
"""The part of the kills that waits until the worker hands something over; the others come at any moment."""

PROJECT = """
project: crash-shop
timezone: UTC
language: en
company: {{name: Crash Shop, address: Street 1, email: hello@example.com}}
email: smtp
test_addresses: ["*@example.com"]
channels: {{smtp: {{host: 127.0.0.1, port: "{port}", tls: none}}}}
topics:
  service: {{basis: contract, counts: false}}
customer:
  first_name: text?
  email: email?
events:
  order.placed: {{}}
  ours.happened: {{}}
senders: {{shop: Crash Shop <hello@example.com>}}
"""
JOURNEYS = {
    "first": """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/one
  - wait: 1 second
  - record: ours.happened
""",
    "second": """
start: {event: ours.happened}
delivery: {topic: service}
steps:
  - send: shop/two
""",
}
TEXT = """---
subject: "Hello {{ customer.first_name | default('you') }}"
from: shop
---
A few words.
"""


@dataclass
class Lab:
    """One shop, one sink, one nursery of workers."""

    root: Path
    space: Workspace
    notes: Path
    nursery: subprocess.Popen
    seed: int
    kills: int = 0
    busy_kills: int = 0

    def feed(self, first: int, count: int) -> None:
        """Let customers order: each is to get two messages, from two journeys."""
        keys = [f"c{number:05}" for number in range(first, first + count)]
        people = [Person(key, {"first_name": key, "email": f"{key}@example.com"}) for key in keys]
        ingest(self.space, people, [Happening(key, "order.placed", self.space.clock.now(), key) for key in keys])

    def start(self, kind: str) -> int:
        return int(self._say(kind))

    def kill(self, worker: int, with_signal: int = signal.SIGKILL) -> None:
        """End one worker, and wait until it is gone."""
        self.busy_kills += self.left() > 0
        os.kill(worker, with_signal)
        self._say(f"bury {worker}")
        self.kills += 1

    def strike(
        self,
        kind: str,
        times: int,
        *,
        least: float,
        most: float,
        workers: int = 1,
        with_signal: int = signal.SIGKILL,
        at_work: float = AT_WORK,
    ) -> None:
        """Start and kill, over and over, at moments that a seed chose."""
        alive = [self.start(kind) for _ in range(workers)]
        for _ in range(times):
            if self._chance("how") < at_work:
                self._until_something_arrives()
            else:
                time.sleep(least)
            time.sleep((most - least) * self._chance("when"))
            self.kill(alive.pop(int(self._chance("who") * len(alive))), with_signal)
            alive.append(self.start(kind))
        self._until_something_arrives()  # a process just born forgets the signals it had before
        for worker in alive:
            self.kill(worker, with_signal)

    def drain(self, kind: str, seconds: float = 60) -> None:
        """Let one worker finish in peace."""
        worker = self.start(kind)
        ends = time.monotonic() + seconds
        while self.left() and time.monotonic() < ends:
            time.sleep(0.2)
        os.kill(worker, signal.SIGKILL)
        self._say(f"bury {worker}")

    def left(self) -> int:
        """How much is still to do: candidates, runs, messages that are not settled."""
        with self.space.store.reading() as tx:
            (row,) = tx.ask(
                "SELECT (SELECT count(*) FROM candidate) + (SELECT count(*) FROM enrollment WHERE status = 'waiting')"
                " + (SELECT count(*) FROM message WHERE status IN ('ready', 'attempting', 'uncertain')) AS number"
            )
        return int(row.number)

    def _until_something_arrives(self, seconds: float = 1.0) -> None:
        before, ends = self.notes.stat().st_size, time.monotonic() + seconds
        while self.notes.stat().st_size == before and time.monotonic() < ends:
            time.sleep(0.005)

    def _chance(self, what: str) -> float:
        return fraction_of(f"{self.seed}:{self.kills}:{what}")

    def _say(self, line: str) -> str:
        self.nursery.stdin.write(f"{line}\n")
        self.nursery.stdin.flush()
        return self.nursery.stdout.readline().strip()


@pytest.fixture
def labs(tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """Makes a lab on a database."""
    opened: list[tuple[Workspace, list[subprocess.Popen]]] = []

    def make(url: str, *, seed: int = 1, slowness: float = 0.001) -> Lab:
        root, notes = tmp_path / f"shop{len(opened)}", tmp_path / f"sink{len(opened)}.txt"
        sink, ports = _started([str(HERE / "sink.py"), str(notes), str(slowness)], {})
        mail_port, http_port = ports.split()
        _write(root, mail_port)
        more = {"LIFELOOP_DATABASE": url, "LIFELOOP_LEASE": str(LEASE), "SHOP": str(root), "HTTP_PORT": http_port}
        nursery, _ = _started([str(HERE / "nursery.py")], more | {"WORKER_LOG": str(tmp_path / "workers.log")})
        space = open_workspace(root, url=url)
        opened.append((space, [nursery, sink]))
        publish(space, space.clock.now())
        return Lab(root, space, notes, nursery, seed)

    yield make
    for space, processes in opened:
        space.close()
        for process in processes:
            process.kill()
            process.communicate()


def _write(root: Path, port: str) -> None:
    for part in ("journeys", "templates/shop", "people"):
        (root / part).mkdir(parents=True)
    (root / "lifeloop.yaml").write_text(PROJECT.format(port=port))
    for name, text in JOURNEYS.items():
        (root / "journeys" / f"{name}.yaml").write_text(f"journey: {name}\nphase: welcome\n{text}")
    for name in ("one", "two"):
        (root / "templates" / "shop" / f"{name}.md").write_text(TEXT)


def _started(words: list[str], more: dict[str, str]) -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
    )
    return process, process.stdout.readline().strip()
