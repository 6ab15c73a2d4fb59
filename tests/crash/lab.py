"""A shop whose workers are killed while it writes to its customers."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from customer_side import Sender

from lifeloop.engine.chance import fraction_of
from lifeloop.work import keys
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.workspace import Workspace

HERE = Path(__file__).parent
LEASE = 2
MORE = 40
"""Customers who order when a strike would find hardly anybody to write to."""
AT_WORK = 0.6
"""The part of the strikes that waits until the worker hands something over; the others come at any moment."""
SILENT = 120
"""Seconds after which a worker that was asked to end never will."""
Shares = Mapping[signal.Signals, float]
KILLED: Shares = {signal.SIGKILL: 1.0}
MIXED: Shares = {signal.SIGKILL: 0.7, signal.SIGSTOP: 0.2, signal.SIGTERM: 0.1}
"""Most are killed; some sleep through their lease and go on as if nothing had been; some are asked to stop."""

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
    api_port: int
    strikes: Counter[signal.Signals] = field(default_factory=Counter)
    at_work: int = 0
    """How many of the strikes came after something had been handed over since the one before."""
    fed: int = 0
    """How many customers have ordered."""
    _noted: int = 0
    _asleep: dict[int, float] = field(default_factory=dict)

    @property
    def kills(self) -> int:
        """How many workers were ended, or put to sleep."""
        return self.strikes.total()

    def feed(self, first: int, count: int) -> None:
        """Let customers order: each is to get two messages, from two journeys."""
        keys = [f"c{number:05}" for number in range(first, first + count)]
        people = [Person(key, {"first_name": key, "email": f"{key}@example.com"}) for key in keys]
        ingest(self.space, people, [Happening(key, "order.placed", self.space.clock.now(), key) for key in keys])
        self.fed += count

    def sender(self) -> Sender:
        """Return somebody who may send events to the API of this shop."""
        return Sender(self.api_port, keys.add(self.space, "webshop"))

    def log(self) -> str:
        """Return what all workers have said."""
        return (self.root.parent / "workers.log").read_text()

    def start(self, kind: str) -> int:
        return int(self._say(kind))

    def hit(self, worker: int, how: signal.Signals = signal.SIGKILL) -> None:
        """End one worker and wait until it is gone, or put it to sleep for longer than its lease."""
        size = self.notes.stat().st_size
        self.at_work += size > self._noted
        self._noted = size
        self.strikes[how] += 1
        os.kill(worker, how)
        if how == signal.SIGSTOP:
            self._asleep[worker] = time.monotonic() + LEASE + 1
        else:
            self._say(f"bury {worker}")

    def strike(
        self,
        kind: str,
        times: int,
        *,
        least: float,
        most: float,
        workers: int = 1,
        shares: Shares = KILLED,
        at_work: float = AT_WORK,
    ) -> None:
        """Start and strike, over and over, at moments that a seed chose. Who wakes up works on, beside the others.

        There is always something to do: whatever becomes of the machine's haste, more customers order.
        """
        alive = [self.start(kind) for _ in range(workers)]
        for _ in range(times):
            if self.left() < MORE:
                self.feed(self.fed, MORE)
            if self._chance("when first") < at_work:
                self._until_something_arrives()
            else:
                time.sleep(least)
            time.sleep((most - least) * self._chance("when"))
            self.hit(alive.pop(int(self._chance("who") * len(alive))), self._drawn(shares))
            alive += self._woken()
            alive += [self.start(kind) for _ in range(workers - len(alive))]
        self._until_something_arrives()
        if self._asleep:
            time.sleep(LEASE + 1)
        for worker in (*alive, *self._woken()):
            self.hit(worker, next(iter(shares)))

    def drain(self, kind: str, seconds: float = 180) -> None:
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

    def _woken(self) -> list[int]:
        """Let those go on that slept through their lease."""
        found = [worker for worker, until in self._asleep.items() if until < time.monotonic()]
        for worker in found:
            del self._asleep[worker]
            os.kill(worker, signal.SIGCONT)
        return found

    def _drawn(self, shares: Shares) -> signal.Signals:
        left = self._chance("how")
        for how, share in shares.items():
            if (left := left - share) < 0:
                return how
        return next(iter(shares))

    def _until_something_arrives(self, seconds: float = 10.0) -> None:
        """Wait for a worker that has begun: on a machine with much to do that takes a while."""
        before, ends = self.notes.stat().st_size, time.monotonic() + (seconds if self.left() else 0)
        while self.notes.stat().st_size == before and time.monotonic() < ends:
            time.sleep(0.005)

    def _chance(self, what: str) -> float:
        return fraction_of(f"{self.seed}:{self.kills}:{what}")

    def _say(self, line: str) -> str:
        self.nursery.stdin.write(f"{line}\n")
        self.nursery.stdin.flush()
        assert select.select([self.nursery.stdout], [], [], SILENT)[0], f"no answer to {line!r}: {self.log()[-2000:]}"
        return self.nursery.stdout.readline().strip()


def write_shop(root: Path, port: str) -> None:
    for part in ("journeys", "templates/shop", "people"):
        (root / part).mkdir(parents=True)
    (root / "lifeloop.yaml").write_text(PROJECT.format(port=port))
    for name, text in JOURNEYS.items():
        (root / "journeys" / f"{name}.yaml").write_text(f"journey: {name}\nphase: welcome\n{text}")
    for name in ("one", "two"):
        (root / "templates" / "shop" / f"{name}.md").write_text(TEXT)


def started(words: list[str], more: dict[str, str]) -> tuple[subprocess.Popen, str]:
    process = subprocess.Popen(
        [sys.executable, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **more},
        start_new_session=True,  # so that all that it starts can be ended with it
    )
    return process, process.stdout.readline().strip()
