"""One exchange, and connections that outlive the event loop they were opened in."""

import asyncio
import gc
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest

from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Guard
from lifeloop.engine.retry import Outcome


class Polite(BaseHTTPRequestHandler):
    """Answers, and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_words):
        pass


@pytest.fixture
def url():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Polite)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_a_way_out_works_on_in_another_event_loop(url):
    """A wave ends, its loop with it; the next wave must not be left uncertain by connections of the last one."""
    wire = Wire(guard=Guard.allowing(["127.0.0.0/8"]))

    async def once(*, last=False):
        got = await wire.exchange("x", httpx.Request("POST", url, content=b"hello"))
        if last:
            await wire.close()
        return got

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the first loop leaves its connection open, on purpose
        first = asyncio.run(once())
        second = asyncio.run(once(last=True))
        gc.collect()

    assert (first.outcome, second.outcome) == (Outcome.ACCEPTED, Outcome.ACCEPTED)
    assert second.problem is None


def test_what_happened_is_said_without_the_address(url):
    async def once():
        wire = Wire(guard=Guard.allowing(["127.0.0.0/8"]))
        got = await wire.exchange("x", httpx.Request("POST", url + "secret", content=b"hello"))
        await wire.close()
        return got

    assert asyncio.run(once()).in_words("crm") == "crm answered 200"
