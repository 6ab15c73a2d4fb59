"""What the ingest API costs: single events over HTTP per second of the server's CPU, beside FastAPI with Pydantic.

Both answer after the commit, with the disk's word for it. The reference does nothing but check the body and insert a
row; ours also proves the key, knows ids again, makes customers known, and tells journeys. On SQLite, which has one
writer, the reference writes one group of waiting requests in one commit, as ours does. On PostgreSQL it is what people
write there: a pool of asyncpg's connections, and one insert that commits for each request. That takes a third of the
CPU of a session of SQLModel's.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import socket
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any

from measure import Figure
from shop import database, small_project, workspace

AT_ONCE = 64
WINDOW = 0.002
BODY = (
    b'{"userId":"%b","event":"order.placed","messageId":"%b","timestamp":"2026-03-02T09:00:00Z",'
    b'"properties":{"order_id":"A-17","total":19.9,"product":"socks","colour":"red"}}'
)


def figures(store: str, folder: Path, rounds: int, many: int) -> Iterator[Figure]:
    project = small_project(folder / f"ingest-{store}")
    pairs = []
    for _ in range(rounds):
        with database(store, folder) as url:
            ours = _measured(_ours, (project, url), many)
        with database(store, folder) as url:
            pairs.append((ours, _measured(_reference, (url,), many)))
    yield Figure(
        "single events taken in over HTTP, per CPU s",
        store,
        median(one for one, _ in pairs),
        "events/CPU s",
        "FastAPI + Pydantic, one insert",
        median(one / other for one, other in pairs),
        "ingest",
    )


def _measured(serve: Callable[..., None], arguments: tuple[Any, ...], many: int) -> float:
    """Return events per second of CPU that the server's process used while they came."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(there, *arguments), daemon=True)
    process.start()
    try:
        port, key = here.recv()
        asyncio.run(_send(port, key, 500, "warm"))
        here.send("measure")
        began = here.recv()
        asyncio.run(_send(port, key, many, "m"))
        here.send("measure")
        return many / (here.recv() - began)
    finally:
        here.send("end")
        process.join(20)


async def _send(port: int, key: str, many: int, name: str) -> None:
    """Send events one a request over connections that stay open, so many at once."""
    shares = [range(start, many, AT_ONCE) for start in range(AT_ONCE)]
    await asyncio.gather(*[_client(port, key, share, name) for share in shares])


async def _client(port: int, key: str, share: range, name: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in share:
        body = BODY % (b"c%d" % (number % 5000), f"{name}{number}".encode())
        head = f"POST /v1/track HTTP/1.1\r\nhost: x\r\nx-write-key: {key}\r\ncontent-type: application/json\r\n"
        writer.write(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b" 202 " in answer.split(b"\r\n", 1)[0], answer
        length = int(answer.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
    writer.close()


# --- servers, each in a process of its own ------------------------------------------------------------------------


def _ours(told: Connection, project: Path, url: str) -> None:
    from lifeloop.web.ingest import Ingest
    from lifeloop.web.server import quietly
    from lifeloop.work import keys
    from lifeloop.work.settling import passed_over

    with workspace(project, url) as space, passed_over():
        app = Ingest(space)
        _serve(told, quietly(app), keys.add(space, "bench"))
        app.close()


def _reference(told: Connection, url: str) -> None:
    """The way their own pages show it."""
    import uvicorn
    from fastapi import FastAPI
    from pydantic import BaseModel, Field

    class Event(BaseModel):
        userId: str = Field(min_length=1, max_length=200)  # noqa: N815
        event: str = Field(min_length=1, max_length=200)
        messageId: str = Field(min_length=1, max_length=200)  # noqa: N815
        timestamp: datetime
        properties: dict[str, Any]

    table = _Group(url) if url.startswith("sqlite") else _Pool(url)
    app = FastAPI(lifespan=table.opened)

    async def track(event: Event) -> dict[str, int]:
        row = (event.messageId, event.userId, event.event, event.timestamp.timestamp(), event.model_dump_json())
        await table.written(row)
        return {"accepted": 1}

    track.__annotations__ = {"event": Event, "return": dict[str, int]}
    app.post("/v1/track", status_code=202)(track)
    _serve(told, uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)), "none")


class _Pool:
    """Each row by a connection of its own, in a commit of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    @asynccontextmanager
    async def opened(self, _app: object) -> AsyncIterator[None]:
        import asyncpg

        async with asyncpg.create_pool(self._url) as self._pool:
            await self._pool.execute(
                "CREATE TABLE event (id text PRIMARY KEY, who text, name text, at float8, body jsonb)"
            )
            yield

    async def written(self, row: tuple[Any, ...]) -> None:
        await self._pool.execute("INSERT INTO event VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING", *row)


class _Group:
    """Rows of all who wait, in one commit, by one thread."""

    def __init__(self, url: str) -> None:
        self._path = url.removeprefix("sqlite:///")
        self._waiting: list[tuple[tuple[Any, ...], asyncio.Future[None]]] = []
        self._lock = threading.Lock()
        self._comes = threading.Event()

    @asynccontextmanager
    async def opened(self, _app: object) -> AsyncIterator[None]:
        threading.Thread(target=self._run, daemon=True).start()
        yield

    async def written(self, row: tuple[Any, ...]) -> None:
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._lock:
            self._waiting.append((row, ticket))
        self._comes.set()
        await ticket

    def _run(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE event (id TEXT PRIMARY KEY, who TEXT, name TEXT, at REAL, body TEXT)")
        while True:
            self._comes.wait()
            time.sleep(WINDOW)
            self._comes.clear()
            with self._lock:
                group, self._waiting = self._waiting, []
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?)", [row for row, _ in group])
            connection.execute("COMMIT")
            for loop in {ticket.get_loop() for _, ticket in group}:
                loop.call_soon_threadsafe(lambda done=group: [ticket.set_result(None) for _, ticket in done])


def _serve(told: Connection, server: Any, key: str) -> None:
    """Serve until told to end; between two words of the other side, say how much CPU was used so far."""
    taken = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    told.send((taken.getsockname()[1], key))
    while told.recv() == "measure":
        used = os.times()
        told.send(used.user + used.system)
    server.should_exit = True
    thread.join(10)
