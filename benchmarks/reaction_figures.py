"""How soon an event moves the person who waits for it, while hundreds of others arrive each second.

A hundred thousand wait for the same event. Nine events of ten are of no interest to anybody, the tenth is what somebody
waits for. Taken is the time from the answer to whoever sent it (202, after the commit) until the call that follows has
arrived outside: past the move, the gate, and the hand-off.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlsplit

from crew import (
    ANSWER,
    LEASE,
    Crew,
    at_percent,
    crew,
    join_pool,
    keys_of,
    let_more_wait,
    let_wait,
    opened,
    prefect,
    told,
    write_shop,
)
from measure import Figure, Size
from shop import database, serving, stores

from lifeloop.work import keys
from lifeloop.work.workspace import Workspace

PER_SECOND = 300
SHARE = 10
"""Of so many events one is what somebody waits for."""
SECONDS = 60
PATIENCE = 120
LINES = 16
"""Connections of the sender."""
NUMBERS = count(1)
UP = ("lifeloop", "up", "--no-browser", "--yes", "--port", "0", "--prefect-port", "0", "--plain")
DOOR = ("lifeloop", "serve-ingest", "--plain", "--port", "0")


def figures(size: Size) -> Iterator[Figure]:
    """On one machine with ``lifeloop up``, and through a work pool, which has PostgreSQL."""
    for store in stores():
        with _shop(size, store) as shop:
            shop.workers.start(*UP)
            shop.workers.until_said("Ctrl-C")
            yield from _said(shop, store, "lifeloop up", asyncio.run(_reactions(shop)), "reaction, up")
    if "PostgreSQL" in stores():
        with prefect(size.folder) as settings, _shop(size, "PostgreSQL") as shop:
            join_pool(shop.workers, settings, 1, "--limit", "4")
            shop.workers.start(*DOOR)
            shop.workers.until_said("Events are taken in")
            yield from _said(shop, "PostgreSQL", "a pool", asyncio.run(_reactions(shop)), "reaction, pool")


@dataclass
class _Shop:
    space: Workspace
    workers: Crew
    sink: str
    waiting: int

    @property
    def door(self) -> str:
        """Where events are taken in, as it was printed."""
        line = next(line for line in self.workers.log().splitlines() if line.strip().startswith("Events"))
        return line.split()[-1]


@contextmanager
def _shop(size: Size, store: str) -> Iterator[_Shop]:
    root = write_shop(size.folder / f"reaction{next(NUMBERS)}", answer=ANSWER)
    with ExitStack() as stack:
        address = stack.enter_context(serving("recorder.py"))
        environ = {"SINK_URL": address, "SINK_SECRET": f"whsec_{'a' * 40}", "LIFELOOP_LEASE": str(10 * LEASE)}
        environ["LIFELOOP_DATABASE"] = stack.enter_context(database(store, size.folder))
        space = stack.enter_context(opened(root, environ))
        let_wait(space, "answer", keys_of("a", PER_SECOND // SHARE * SECONDS))
        let_more_wait(space, 5 * size.many, "answer")
        yield _Shop(space, stack.enter_context(crew(root, environ)), address, 5 * size.many)


async def _reactions(shop: _Shop) -> list[float]:
    """Send for a minute; returns the seconds of each person who was waited for."""
    key = keys.add(shop.space, "webshop")
    taken: dict[str, float] = {}
    began = time.monotonic()
    await asyncio.gather(*(_send(shop, key, began, line, taken) for line in range(LINES)))
    ends = time.monotonic() + PATIENCE
    while told(shop.sink, "count").get("/answer", 0) < len(taken) and time.monotonic() < ends:  # noqa: ASYNC110  # another process counts
        await asyncio.sleep(0.5)
    came = told(shop.sink)["/answer"]
    assert (set(came["at"]), came["twice"]) == (set(taken), []), f"{len(came['at'])} of {len(taken)}"
    return [came["at"][who] - at for who, at in taken.items()]


async def _send(shop: _Shop, key: str, began: float, line: int, taken: dict[str, float]) -> None:
    """Send the share of one connection, each event at its moment."""
    address = urlsplit(shop.door)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"POST /v1/track HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {key}\r\n"
    for number in range(line, PER_SECOND * SECONDS, LINES):
        await asyncio.sleep(max(0, began + number / PER_SECOND - time.monotonic()))
        who, said = _event(shop, number)
        body = json.dumps(said)
        writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert " 202 " in answer.partition("\r\n")[0], answer
        if who is not None:
            taken[who] = time.monotonic()
        await reader.readexactly(int(answer.partition("content-length: ")[2].partition("\r\n")[0] or 0))
    writer.close()


def _event(shop: _Shop, number: int) -> tuple[str | None, dict[str, str]]:
    """Return an event, and who waited for it."""
    waited_for = number % SHARE == 0
    who = f"a{number // SHARE:06}" if waited_for else f"answer-{1 + number * 7919 % shop.waiting}"
    said = {"userId": who, "event": "answer.came" if waited_for else "page.seen", "messageId": f"e{number}"}
    return who if waited_for else None, said


def _said(shop: _Shop, store: str, how: str, took: list[float], goal: str) -> Iterator[Figure]:
    beside = f"{PER_SECOND} events/s, {shop.waiting:,} waiting, load {os.getloadavg()[0]:.1f}"
    yield Figure(f"event to call, {how}: half of them within", store, at_percent(took, 50), "s", beside)
    yield Figure(f"event to call, {how}: 99 of 100 within", store, at_percent(took, 99), "s", beside, goal=goal)
