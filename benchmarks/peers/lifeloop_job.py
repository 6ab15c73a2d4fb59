"""The journey job as a journey: events taken in, waves of ``lifeloop run``, real HTTP, every state on disk."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from lifeloop.clock import SystemClock
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.publishing import publish
from lifeloop.work.running import Runner
from lifeloop.work.workspace import Workspace, open_workspace

AT_ONCE = 1000
PROJECT = """
project: job
timezone: UTC
company: {name: Bench, address: Street 1}
customer: {first_name: text?}
events: {job.asked: {}}
connections:
  sink:
    base: env.SINK_URL
    receives: webhooks
    secret: env.SINK_SECRET
    actions: {first: POST /first, second: POST /second}
channels:
  http: {allow_private: 127.0.0.0/8}
"""
JOURNEY = """
journey: job
phase: welcome
start: {event: job.asked}
again: always
steps:
  - call: sink.first
    with: {customer: "{{ customer.id }}"}
  - wait: 2 seconds                      # our clock has whole seconds: so it is never less than one
  - call: sink.second
    with: {customer: "{{ customer.id }}"}
"""


def main() -> None:
    sink, database, many = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "journeys").mkdir()
        (root / "lifeloop.yaml").write_text(PROJECT)
        (root / "journeys" / "job.yaml").write_text(JOURNEY)
        environ = {"SINK_URL": sink, "SINK_SECRET": f"whsec_{'a' * 40}"}
        space = open_workspace(root, url=database, clock=SystemClock(), environ=environ)
        assert not publish(space, space.clock.now()).broken
        print("ready", flush=True)
        sys.stdin.readline()
        _begin(space, many)
        asyncio.run(Runner(space, trouble=lambda text: print(text, file=sys.stderr)).run_forever())


def _begin(space: Workspace, many: int) -> None:
    now = space.clock.now()
    for start in range(0, many, AT_ONCE):
        keys = [f"c{number:06}" for number in range(start, min(many, start + AT_ONCE))]
        ingest(space, [Person(key, {}) for key in keys], [Happening(key, "job.asked", now, key) for key in keys])


if __name__ == "__main__":
    main()
