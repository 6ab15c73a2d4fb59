"""Starts workers quickly: everything is imported once, and each line read is a new process with a copy of it.

``run`` and ``api`` are the real commands; ``keyed`` is the same runner with a way out that recognises keys.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from lifeloop.channel.values import Abilities, Envelope, Receipt, Request
from lifeloop.channel.ways import Ways
from lifeloop.cli.app import main as command
from lifeloop.cli.stopping import gently
from lifeloop.engine.retry import Outcome
from lifeloop.work import tidying
from lifeloop.work.handing import Handing
from lifeloop.work.running import Runner
from lifeloop.work.workspace import open_workspace

DAY = 86_400
ASKED = {signal.SIGINT, signal.SIGTERM}
"""Held back in us and in a copy until it is itself: Python forgets what a copy hears while it is being made."""


class Keyed:
    """A way out to the sink, which recognises what it has seen."""

    abilities = Abilities(key_window=DAY, batch=8)

    def __init__(self, url: str) -> None:
        self._url = url

    async def send(self, batch: Sequence[Envelope | Request], /) -> Sequence[Receipt]:
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            return await asyncio.gather(*(self._one(client, item) for item in batch))

    async def _one(self, client: httpx.AsyncClient, item: Envelope | Request) -> Receipt:
        try:
            await client.post(self._url, headers={"Idempotency-Key": item.id}, content=b"{}")
        except httpx.HTTPError:
            return Receipt(id=item.id, outcome=Outcome.UNCERTAIN)
        return Receipt(id=item.id, outcome=Outcome.ACCEPTED)

    async def close(self) -> None:
        pass


def run() -> None:
    os._exit(command(["run", "--project", os.environ["SHOP"], "--plain", "--batch", "40"]))


def api() -> None:
    os._exit(command(["serve-ingest", "--project", os.environ["SHOP"], "--plain", "--port", os.environ["API_PORT"]]))


def keyed() -> None:
    space = open_workspace(Path(os.environ["SHOP"]))
    way = Keyed(f"http://127.0.0.1:{os.environ['HTTP_PORT']}/")
    space.ways = Ways(mail=way, inbox=way, calls=way)
    runner = Runner(space, batch=40)
    with gently(lambda: setattr(runner, "stopping", True)):
        asyncio.run(runner.run_forever())


def resend() -> None:
    """The control: a worker that tries again what it does not know, where nobody recognises a second try."""
    tidying._decision = lambda _space, message, _now, _asked, **_known: (message.id, "ready", "hope")
    Handing._forgotten = lambda *_part: []
    run()


KINDS: dict[str, Callable[[], None]] = {"run": run, "api": api, "keyed": keyed, "resend": resend}


def born(kind: str) -> None:
    quiet = os.open(os.environ["WORKER_LOG"], os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    for stream in (0, 1, 2):
        os.dup2(quiet if stream else os.open(os.devnull, os.O_RDONLY), stream)
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ASKED)
        KINDS[kind]()
    finally:
        os._exit(1)


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, ASKED)
    print("open", flush=True)  # whoever started us waits for it
    for line in sys.stdin:
        words = line.split()
        if words[0] == "bury":
            os.waitpid(int(words[1]), 0)
            print("gone", flush=True)
            continue
        if words[0] == "api":
            import lifeloop.web.ingest  # noqa: F401  # here, so that its copies need not
        child = os.fork()
        if child == 0:
            born(words[0])
        print(child, flush=True)
