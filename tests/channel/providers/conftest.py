"""A server of our own that answers what it is told to, so that providers are tried over real sockets."""

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lifeloop.channel.values import Envelope
from lifeloop.journey.catalogue import Sender

HERE = Path(__file__).parent


@dataclass
class Seen:
    """One request as the server saw it."""

    method: str
    path: str
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Server:
    """Answers in turn; the last answer is given again and again. None: the connection is cut after the request."""

    answers: list
    port: int = 0
    seen: list = field(default_factory=list)
    slow: float = 0.0
    crowd: int = 0
    """So many must be under way at the same time before anybody is answered."""
    busy: int = 0
    busiest: int = 0
    crowded: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def client(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = [line for line in head.split("\r\n") if line]
                headers = dict(line.split(": ", 1) for line in lines[1:])
                headers = {name.lower(): value for name, value in headers.items()}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _ = lines[0].split(" ")
                self.seen.append(Seen(method, path, headers, body))
                self.busy += 1
                self.busiest = max(self.busiest, self.busy)
                if self.busiest >= self.crowd:
                    self.crowded.set()
                await self.crowded.wait()
                await asyncio.sleep(self.slow)
                self.busy -= 1
                answer = self.answers[min(len(self.seen), len(self.answers)) - 1]
                if answer is None:
                    return
                writer.write(_said(*answer))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


def _said(status, body=None, headers=()):
    content = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    lines = [
        f"HTTP/1.1 {status} X",
        f"Content-Length: {len(content)}",
        *(f"{k}: {v}" for k, v in dict(headers).items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@pytest.fixture
def serving():
    """Return a context in which a server gives these answers: (status, body, headers)."""

    @asynccontextmanager
    async def serving(*answers):
        server = Server(list(answers))
        running = await asyncio.start_server(server.client, "127.0.0.1", 0)
        server.port = running.sockets[0].getsockname()[1]
        try:
            yield server
        finally:
            running.close()

    return serving


@pytest.fixture
def mail():
    """Return a complete mail, with what is said changed."""

    def mail(nth=1, **changed):
        said = {
            "id": f"m{nth:03}",
            "to": f"ana{nth}@example.com",
            "sender": Sender("anna", "Zoë from Sunny", "hello@sunny.example.com", "support@sunny.example.com"),
            "subject": "Your first week ☀",
            "html": "<p>Hello Ana</p>",
            "text": "Hello Ana\n",
            "journey": "welcome",
            "step": "hello",
            "topic": "getting-started",
            "locale": "nl-NL",
            "unsubscribe": f"https://mail.example.com/u/token-{nth}",
        }
        return Envelope(**{**said, **changed})

    return mail


@pytest.fixture
def recorded():
    """Return the recorded examples of a provider."""
    return lambda name: json.loads((HERE / "recorded" / f"{name}.json").read_text())
