"""The outside world, in a process that is never killed: takes mail and requests, and notes each on disk at once.

Mail is taken without looking: what comes twice is twice. Requests carry a key: a known key is answered and not done
again, as a careful provider does, and noted as a repetition.
"""

from __future__ import annotations

import asyncio
import os
import sys
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.smtp import SMTP

from lifeloop.clock import SystemClock


class Notebook:
    """A file of ids and times; a line is on disk before the answer goes out."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    def note(self, line: str) -> None:
        os.write(self._file, f"{line} {SystemClock().now()}\n".encode())
        os.fsync(self._file)


class Mail:
    def __init__(self, notebook: Notebook, slowness: float) -> None:
        self._notebook = notebook
        self._slowness = slowness

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802  # the library's name
        await asyncio.sleep(self._slowness)
        self._notebook.note(f"mail {message_from_bytes(envelope.content)['X-Lifeloop-Id']}")
        await asyncio.sleep(self._slowness)
        return "250 taken"


class Requests:
    """Enough HTTP for one request per connection."""

    def __init__(self, notebook: Notebook, slowness: float) -> None:
        self._notebook = notebook
        self._slowness = slowness
        self._known: set[str] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("idempotency-key"))
            await asyncio.sleep(self._slowness)
            self._notebook.note(f"{'again' if key in self._known else 'done'} {key}")
            self._known.add(key)
            await asyncio.sleep(self._slowness)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side was killed
        finally:
            writer.close()


async def main(path: Path, slowness: float) -> None:
    notebook = Notebook(path)  # the file is there from now on
    loop = asyncio.get_running_loop()
    mail = await loop.create_server(lambda: SMTP(Mail(notebook, slowness), loop=loop), "127.0.0.1", 0)
    http = await asyncio.start_server(Requests(notebook, slowness).answer, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (mail, http)]
    print(*ports, flush=True)  # whoever started us reads where we are
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
