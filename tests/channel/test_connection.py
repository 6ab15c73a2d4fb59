"""Connections of our own: kept where that is safe, let go where it is not, and honest about what was written."""

import asyncio
import ssl
from contextlib import asynccontextmanager
from itertools import pairwise

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import passing

from lifeloop.channel import exchange as exchanging
from lifeloop.channel import pool as pooling
from lifeloop.channel.connection import Answers, Progress, in_bytes
from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Forbidden, Guard
from lifeloop.engine.retry import Outcome

HERE = Guard.allowing(["127.0.0.0/8"])
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
DEADLINE = 20
"""Seconds: nobody is kept from answering by a busy machine. Who shall be late lets them pass."""


class Server:
    """Answers the nth request of each connection by a script, and counts what came over how many connections."""

    def __init__(self, *script, then=None):
        self.script, self.then = script, then
        self.connections = 0
        self.seen = []

    async def __call__(self, reader, writer):
        self.connections += 1
        try:
            for raw in self.script:
                head = await reader.readuntil(b"\r\n\r\n")
                sizes = [line.split(b":")[1] for line in head.split(b"\r\n") if line.startswith(b"Content-Length")]
                self.seen.append(head + await reader.readexactly(int(sizes[0]) if sizes else 0))
                writer.write(raw)
                await writer.drain()
            if self.then:
                await self.then(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def forever(reader, _writer):
    await reader.read()


def after(seconds):
    """Say no more until so many seconds have passed, and none then."""

    async def silent(reader, _writer):
        passing.let_pass(seconds)
        await reader.read()

    return silent


@asynccontextmanager
async def listening(server, tls=None):
    running = await asyncio.start_server(server, "127.0.0.1", 0, ssl=tls)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


def made(server, rounds, *, method="POST", pause=0.0):
    """Make some exchanges with a server, one after the other; between them some seconds pass."""

    async def run():
        async with listening(server) as port:
            out = Wire(guard=HERE, deadline=DEADLINE)
            found = []
            for _ in range(rounds):
                content = b"hello" if method == "POST" else None
                found.append(
                    await out.exchange("x", httpx.Request(method, f"http://127.0.0.1:{port}/", content=content))
                )
                passing.let_pass(pause)
                await asyncio.sleep(0.001)  # what fell due meanwhile comes before us
            await out.close()
            return found

    return passing.run(run())


def test_a_connection_is_used_again():
    server = Server(OK, OK, OK, then=forever)
    assert [got.body for got in made(server, 3)] == [b"ok"] * 3
    assert (server.connections, len(server.seen)) == (1, 3)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
        OK + b"HTTP/1.1 200",
        OK + b"garbage",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok",
    ],
)
def test_a_connection_is_not_used_again_after(raw):
    server = Server(raw, then=forever)
    got = made(server, 2)
    assert server.connections == 2
    assert all(one.body in (b"ok", None) for one in got)


def test_what_nobody_asked_for_is_never_the_answer_to_the_next_request():
    async def late(reader, writer):
        await asyncio.sleep(1)
        writer.write(b"HTTP/1.1 500 X\r\nContent-Length: 4\r\n\r\nevil")
        await writer.drain()
        await reader.read()

    server = Server(OK, then=late)
    assert [got.status for got in made(server, 2, pause=1)] == [200, 200]
    assert server.connections == 2


def test_a_goodbye_that_lies_unread_is_seen_before_anything_is_written():
    """Its bytes are in the socket, and the event loop has not looked yet."""

    class Blunt(asyncio.Protocol):
        connections = 0

        def connection_made(self, transport):
            self.transport = transport
            type(self).connections += 1

        def data_received(self, _data):
            self.transport.write(OK)

    async def run():
        loop = asyncio.get_running_loop()
        opened = []
        running = await loop.create_server(lambda: opened.append(Blunt()) or opened[-1], "127.0.0.1", 0)
        request = httpx.Request("POST", f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}/", content=b"x")
        wire = Wire(guard=HERE)
        first = await wire.exchange("x", request)
        opened[0].transport.abort()
        opened[0].transport._sock.shutdown(2)  # at once, and without a turn of the loop
        second = await wire.exchange("x", request)
        await wire.close()
        running.close()
        return first.outcome, second.outcome

    assert asyncio.run(run()) == (Outcome.ACCEPTED, Outcome.ACCEPTED)
    assert Blunt.connections == 2


def test_a_kept_connection_that_is_cut_after_the_write_is_uncertain_and_nothing_is_repeated():
    server = Server(OK, b"")
    first, second = made(server, 2)
    assert (first.outcome, second.outcome, second.written) == (Outcome.ACCEPTED, Outcome.UNCERTAIN, True)
    assert (server.connections, len(server.seen)) == (1, 2)
    assert second.in_words("crm") == "crm broke off, unanswered"


@pytest.mark.parametrize(("rounds", "pause"), [(2, pooling.IDLE), (2 + pooling.OLDEST // 3, 3)], ids=["IDLE", "OLDEST"])
def test_a_connection_that_was_kept_for_long_is_not_used_again(rounds, pause):
    server = Server(*[OK] * 30, then=forever)
    made(server, int(rounds), pause=pause)
    assert server.connections == 2


def test_those_that_nobody_needs_any_more_are_let_go_while_others_go_on():
    server = Server(*[OK] * 20, then=forever)

    async def run():
        async with listening(server) as port:
            wire = Wire(guard=HERE)
            request = httpx.Request("GET", f"http://127.0.0.1:{port}/")
            await asyncio.gather(*(wire.exchange("x", request) for _ in range(8)))
            for _ in range(6):
                passing.let_pass(pooling.IDLE / 3)
                await wire.exchange("x", request)
            ((_, kept),) = wire._pool._kept.items()
            left = len(kept)
            await wire.close()
            return left

    assert passing.run(run()) == 1
    assert server.connections == 8


def test_a_place_that_moves_to_a_forbidden_address_is_noticed_when_the_connection_is_made_anew():
    asked = []

    async def moving(_host, _port):
        asked.append(1)
        return ["127.0.0.1" if len(asked) == 1 else "10.0.0.1"]

    async def run():
        async with listening(Server(OK, OK, then=forever)) as port:
            wire = Wire(guard=HERE, resolve=moving)
            request = httpx.Request("GET", f"http://crm.example.com:{port}/")
            got = [await wire.exchange("x", request) for _ in range(2)]
            passing.let_pass(pooling.OLDEST)
            try:
                await wire.exchange("x", request)
            except Forbidden as problem:
                return [one.status for one in got], str(problem)
            finally:
                await wire.close()

    statuses, said = passing.run(run())
    assert (statuses, len(asked)) == ([200, 200], 2)
    assert "private network" in said


def test_a_request_that_was_given_up_leaves_no_connection_behind():
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nbegun", then=after(DEADLINE))
    first, second = made(server, 2)
    assert (first.status, first.body, first.in_words("crm")) == (
        200,
        None,
        "crm answered 200, but the answer broke off",
    )
    assert (second.outcome, server.connections) == (Outcome.ACCEPTED, 2)


def test_a_head_that_does_not_come_is_waited_for_less_long_than_the_whole():
    assert exchanging.ANSWERING < DEADLINE
    (got,) = made(Server(b"HTTP/1.1 100 Continue\r\n\r\n", then=after(exchanging.ANSWERING)), 1)
    assert (got.outcome, got.in_words("crm")) == (Outcome.UNCERTAIN, "crm took too long, unanswered")


def test_heads_that_announce_others_are_passed_over():
    raw = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-A: early\r\n\r\n" + OK
    server = Server(raw, raw, then=forever)
    got = made(server, 2)
    assert [(one.status, one.body, one.headers) for one in got] == [(200, b"ok", {"content-length": "2"})] * 2
    assert server.connections == 1


def test_an_upgrade_that_nobody_asked_for_is_uncertain():
    raw = b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    assert made(Server(raw, then=forever), 1)[0].outcome is Outcome.UNCERTAIN


def test_an_answer_to_head_has_no_body_whatever_its_length_says():
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n", then=forever)
    got = made(server, 2, method="HEAD")
    assert [(one.status, one.body, one.problem) for one in got] == [(200, b"", None)] * 2


def test_a_body_may_end_with_the_connection_and_no_sooner():
    assert made(Server(b"HTTP/1.1 200 OK\r\n\r\nabc"), 1)[0].body == b"abc"
    (short,) = made(Server(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), 1)
    assert (short.status, short.body, short.problem is None) == (200, None, False)


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 40_000,
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 6_000,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 2_000,
    ],
)
def test_a_head_without_end_is_cut_off(raw):
    (got,) = made(Server(raw, then=forever), 1)
    assert (got.outcome, str(got.problem)) == (Outcome.UNCERTAIN, "the head of the answer is too long")


def test_a_trailer_without_end_is_cut_off():
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"x" * 600_000
    (got,) = made(Server(raw, then=forever), 1)
    assert (got.status, got.body, got.problem) == (200, None, None)


def test_a_line_break_in_a_header_is_refused_before_a_connection_is_made():
    async def run(**said):
        asked = []

        async def resolve(*place):
            asked.append(place)
            return ["127.0.0.1"]

        got = await Wire(guard=HERE, resolve=resolve).exchange("x", httpx.Request("GET", "http://a.example/", **said))
        return got.outcome, asked

    for said in ({"headers": {"X-A": "b\r\nX-Evil: 1"}}, {"headers": {"X A": "b"}}, {"headers": {"X-A": "\0"}}):
        assert asyncio.run(run(**said)) == (Outcome.NOT_ACCEPTED, [])


def test_a_request_is_written_as_the_usual_client_writes_it():
    async def theirs(request):
        async with httpx.AsyncHTTPTransport(trust_env=False) as transport:
            await (await transport.handle_async_request(request)).aread()

    async def run():
        server = Server(OK, then=forever)
        async with listening(server) as port:
            url = f"http://127.0.0.1:{port}/a%20b?c=d&e=%C3%B6"
            request = httpx.Request(
                "PUT", url, headers={"X-Key": "m1", "X-Latin": "caf\xe9".encode("latin-1")}, json={"a": "Zoë"}
            )
            await theirs(request)
        return server.seen[0], in_bytes(request)

    theirs_, ours = asyncio.run(run())
    assert ours == theirs_


def test_a_certificate_is_checked_once_for_a_connection_and_the_connection_is_kept(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = Server(OK, OK, then=forever)

    async def run():
        async with listening(server, context) as port:
            wire = Wire(guard=HERE, verify=ssl.create_default_context(cafile=str(certificate)))
            url = f"https://localhost:{port}/"
            got = [await wire.exchange("x", httpx.Request("POST", url, content=b"hello")) for _ in range(2)]
            await wire.close()
            return got

    assert [got.body for got in asyncio.run(run())] == [b"ok", b"ok"]
    assert server.connections == 1


HEAD = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = HEAD + b"2;x=y\r\nok\r\n3\r\n yo\r\n0\r\nX-T: 9\r\n\r\n"


@given(st.lists(st.integers(0, len(CHUNKED)), max_size=12))
def test_how_an_answer_is_cut_into_packets_makes_no_difference(cuts):
    async def run():
        answers, got = Answers(), Progress()
        done = answers.await_next(asyncio.get_running_loop().create_future(), got, bodiless=False)
        edges = sorted({0, len(CHUNKED), *cuts})
        for start, end in pairwise(edges):
            answers.take(CHUNKED[start:end])
        return done.done(), answers.keeps, got

    headers = {"x-a": "1, 2", "transfer-encoding": "chunked"}
    assert asyncio.run(run()) == (True, True, Progress(written=False, status=200, headers=headers, body=b"ok yo"))
