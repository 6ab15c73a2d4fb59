"""As much of HTTP as a process needs where calls arrive: requests one after the other, on a port of its own choice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-type: application/json\r\n\r\n{}"
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
Answer = Callable[[bytes, bytes], bytes]
"""From the head and the body of a request to the whole answer."""


class Connection(asyncio.Protocol):
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._waiting = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out = transport

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while (ends := self._waiting.find(b"\r\n\r\n")) >= 0:
            head = self._waiting[:ends]
            found = LENGTH.search(head)
            whole = ends + 4 + (int(found[1]) if found else 0)
            if len(self._waiting) < whole:
                return
            body, self._waiting = self._waiting[ends + 4 : whole], self._waiting[whole:]
            self._out.write(self._answer(head, body))


def told(body: bytes) -> bytes:
    """Return an answer that says something."""
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


async def receive(answer: Answer) -> None:
    """Answer until the process ends; the first line that it prints is its port."""
    server = await asyncio.get_running_loop().create_server(lambda: Connection(answer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
