"""Calls against real sockets: a server of our own on loopback that behaves, and one for each way of not behaving."""

import asyncio
import json
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook
from tests import passing

from lifeloop.channel.guard import Guard
from lifeloop.channel.http import HttpConnections
from lifeloop.channel.values import Request
from lifeloop.clock import SetClock
from lifeloop.engine.retry import Outcome
from lifeloop.journey.catalogue import Action, Connection
from lifeloop.journey.pacing import Pacing

NOW = 1_780_000_000
TASK = Request(id="m0123456789", connection="crm", action="create-task", body={"about": "Zoë", "score": 9})
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DEADLINE = 20
"""Seconds: nobody is kept from answering by a busy machine. Who shall be late lets them pass."""


def answering(raw):
    """Return a server that reads one whole request and writes these bytes."""

    async def serve(reader, writer, seen):
        seen.append(await _request(reader))
        writer.write(raw)
        await writer.drain()

    return serve


async def _request(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lines = head.split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return lines[0], dict(line.split(": ", 1) for line in lines[1:] if line), body


def said(status, body=b"", *headers):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def server(serve):
    seen = []

    async def client(reader, writer):
        try:
            await serve(reader, writer, seen)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(client, "127.0.0.1", 0)
    try:
        yield running.sockets[0].getsockname()[1], seen
    finally:
        running.close()


def call(serve, *, request=TASK, deadline=DEADLINE, environ=None, **connection):
    """Make one request to such a server; return the receipt and what the server saw."""

    async def run():
        async with server(serve) as (port, seen):
            settings = {"CRM_URL": f"http://127.0.0.1:{port}/v1", "CRM_TOKEN": "canary-token", "CRM_SECRET": KEY}
            settings.update(environ or {})
            connections = connecting(settings, deadline=deadline, **connection)
            receipt = (await connections.send([request]))[0]
            await connections.close()
            return receipt, seen

    return passing.run(run())


def connecting(environ, *, guard=None, resolve=None, deadline=DEADLINE, **connection):
    actions = {
        "create-task": Action("create-task", "POST", "/tasks"),
        "find": Action("find", "GET", "/tasks?open=yes"),
    }
    crm = Connection("crm", **{"base": "env.CRM_URL", "actions": actions, **connection})
    options = {"resolve": resolve} if resolve else {}
    return HttpConnections(
        {"crm": crm},
        environ,
        SetClock(NOW),
        guard=guard or Guard.allowing(["127.0.0.0/8"]),
        deadline=deadline,
        **options,
    )


def test_a_call_posts_json_under_its_key_and_reads_the_answer():
    receipt, seen = call(answering(said(201, b'{"id": "T-7", "open": true}')), token="env.CRM_TOKEN")

    (line, headers, body) = seen[0]
    assert line == "POST /v1/tasks HTTP/1.1"
    assert json.loads(body) == {"about": "Zoë", "score": 9}
    assert headers["Idempotency-Key"] == TASK.id
    assert headers["Authorization"] == "Bearer canary-token"
    assert headers["Content-Type"] == "application/json"
    assert receipt.outcome is Outcome.ACCEPTED
    assert receipt.answer == {"id": "T-7", "open": True}
    assert receipt.provider_id == "T-7"


def test_what_is_signed_is_what_is_sent():
    _, seen = call(answering(said(200)), secret="env.CRM_SECRET")
    _, headers, body = seen[0]

    assert headers["webhook-signature"] == Webhook(KEY).sign(TASK.id, datetime.fromtimestamp(NOW, UTC), body.decode())
    assert headers["webhook-id"] == TASK.id


def test_a_get_puts_its_values_into_the_address():
    request = Request(id="m1", connection="crm", action="find", body={"customer": "a&b", "none": None})

    _, seen = call(answering(said(200)), request=request)

    assert seen[0][0] == "GET /v1/tasks?open=yes&customer=a%26b HTTP/1.1"
    assert seen[0][2] == b""


@pytest.mark.parametrize(
    ("raw", "outcome"),
    [
        (said(204), Outcome.ACCEPTED),
        (said(200, b"<html>thanks</html>"), Outcome.ACCEPTED),
        (said(200, b'{"id": '), Outcome.ACCEPTED),
        (said(200)[:-4] + b"\r\nContent-Encoding: gzip\r\n\r\n", Outcome.ACCEPTED),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{}", Outcome.ACCEPTED),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Outcome.ACCEPTED),
        (said(302, b"", "Location: http://169.254.169.254/"), Outcome.CONFIGURATION),
        (said(401), Outcome.CONFIGURATION),
        (said(403), Outcome.CONFIGURATION),
        (said(400), Outcome.REJECTED),
        (said(422, b'{"error": "no"}'), Outcome.REJECTED),
        (said(500), Outcome.UNCERTAIN),
        (said(503), Outcome.UNCERTAIN),
        (b"HTTP/1.1 500 X\r\nContent-Length: 900\r\n\r\nx", Outcome.UNCERTAIN),
        (b"", Outcome.UNCERTAIN),
        (b"HTTP/1.1 20", Outcome.UNCERTAIN),
        (b"SSH-2.0-nope\r\n", Outcome.UNCERTAIN),
    ],
)
def test_every_answer_has_its_class(raw, outcome):
    receipt, seen = call(answering(raw))

    assert receipt.outcome is outcome
    assert len(seen) == 1


def test_a_receiver_that_asks_for_patience_gets_it():
    receipt, _ = call(answering(said(429, b"", "Retry-After: 30")))
    assert (receipt.outcome, receipt.retry_after) == (Outcome.NOT_ACCEPTED, 30)

    receipt, _ = call(answering(said(503, b"", "Retry-After: 99999999")))
    assert (receipt.outcome, receipt.retry_after) == (Outcome.NOT_ACCEPTED, 86_400)


def test_a_redirect_is_never_followed():
    async def run():
        async with (
            server(answering(said(200))) as (port, elsewhere),
            server(answering(said(307, b"", f"Location: http://127.0.0.1:{port}/"))) as (first, seen),
        ):
            connections = connecting({"CRM_URL": f"http://127.0.0.1:{first}"})
            await connections.send([TASK])
            await connections.close()
            return seen, elsewhere

    seen, elsewhere = asyncio.run(run())
    assert len(seen) == 1
    assert elsewhere == []


def test_silence_after_the_request_is_uncertain():
    async def silent(reader, _writer, seen):
        seen.append(await _request(reader))
        passing.let_pass(DEADLINE)
        await reader.read()

    receipt, seen = call(silent)
    assert (receipt.outcome, len(seen)) == (Outcome.UNCERTAIN, 1)


def test_a_head_that_drips_meets_the_overall_deadline():
    async def drip(reader, writer, seen):
        seen.append(await _request(reader))
        for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 50:
            writer.write(bytes([letter]))
            await writer.drain()
            await asyncio.sleep(0)
            passing.let_pass(0.2)  # ten seconds in all: sooner than for a head alone

    receipt, _ = call(drip, deadline=9)
    assert receipt.outcome is Outcome.UNCERTAIN
    assert "too long" in receipt.detail


def test_a_body_that_drips_or_never_ends_cannot_undo_an_acceptance():
    async def endless(reader, writer, seen):
        seen.append(await _request(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\nx\r\n")
            await writer.drain()
            await asyncio.sleep(0)
            passing.let_pass(DEADLINE / 50)

    receipt, _ = call(endless)
    assert (receipt.outcome, receipt.answer) == (Outcome.ACCEPTED, None)


def test_a_huge_answer_is_cut_and_accepted():
    written = 0

    async def huge(reader, writer, seen):
        nonlocal written
        seen.append(await _request(reader))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500000000\r\n\r\n")
        while written < 500_000_000:
            writer.write(b"x" * 65_536)
            written += 65_536
            await writer.drain()

    receipt, _ = call(huge)
    assert (receipt.outcome, receipt.answer) == (Outcome.ACCEPTED, None)
    assert written < 50_000_000


def test_nobody_listening_is_surely_not_accepted():
    async def run():
        async with server(answering(b"")) as (port, _):
            pass
        connections = connecting({"CRM_URL": f"http://127.0.0.1:{port}"})
        return (await connections.send([TASK]))[0]

    assert asyncio.run(run()).outcome is Outcome.NOT_ACCEPTED


def test_a_name_that_does_not_resolve_is_surely_not_accepted():
    async def nowhere(_host, _port):
        raise OSError("no such host")

    connections = connecting({"CRM_URL": "https://crm.example.com"}, resolve=nowhere)
    assert asyncio.run(connections.send([TASK]))[0].outcome is Outcome.NOT_ACCEPTED


def test_a_failed_tls_greeting_is_surely_not_accepted():
    async def plain(reader, writer, seen):
        seen.append(await reader.read(10))
        writer.write(b"HTTP/1.1 400 this is not TLS\r\n\r\n")

    async def run():
        async with server(plain) as (port, _):
            connections = connecting({"CRM_URL": f"https://127.0.0.1:{port}"})
            receipt = (await connections.send([TASK]))[0]
            await connections.close()
            return receipt

    assert asyncio.run(run()).outcome is Outcome.NOT_ACCEPTED


def test_the_socket_goes_to_the_checked_address_under_the_name_of_the_host():
    async def here(_host, _port):
        return ["127.0.0.1"]

    async def run():
        async with server(answering(said(200))) as (port, seen):
            connections = connecting({"CRM_URL": f"http://crm.example.com:{port}"}, resolve=here)
            receipt = (await connections.send([TASK]))[0]
            await connections.close()
            return receipt, seen, port

    receipt, seen, port = asyncio.run(run())
    assert receipt.outcome is Outcome.ACCEPTED
    assert seen[0][1]["Host"] == f"crm.example.com:{port}"


def test_a_certificate_must_be_the_hosts_although_the_socket_goes_to_an_address(certificate):
    async def here(_host, _port):
        return ["127.0.0.1"]

    async def run(host):
        asked = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.set_servername_callback(lambda _socket, name, _context: asked.append(name))

        async def client(reader, writer):
            await _request(reader)
            writer.write(said(200))
            await writer.drain()
            writer.close()

        running = await asyncio.start_server(client, "127.0.0.1", 0, ssl=context)
        port = running.sockets[0].getsockname()[1]
        crm = Connection("crm", f"https://{host}:{port}", actions={"create-task": Action("", "POST", "/")})
        connections = HttpConnections(
            {"crm": crm},
            {},
            SetClock(NOW),
            guard=Guard.allowing(["127.0.0.0/8"]),
            resolve=here,
            verify=ssl.create_default_context(cafile=str(certificate)),
        )
        receipt = (await connections.send([TASK]))[0]
        await connections.close()
        running.close()
        return receipt.outcome, asked

    assert asyncio.run(run("crm.example.com")) == (Outcome.ACCEPTED, ["crm.example.com"])
    assert asyncio.run(run("other.example.com")) == (Outcome.NOT_ACCEPTED, ["other.example.com"])


def test_a_resolver_that_changes_its_mind_gains_nothing():
    answers = [["8.8.8.8"], ["127.0.0.1"]]

    async def rebinding(_host, _port):
        return answers.pop(0)

    connections = connecting(
        {"CRM_URL": "https://crm.example.com:8443"}, guard=Guard(), resolve=rebinding, deadline=0.2
    )
    asyncio.run(connections.send([TASK]))
    assert answers == [["127.0.0.1"]]  # asked once; the socket could only go to what was checked


def test_a_proxy_in_the_environment_is_not_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    receipt, seen = call(answering(said(200)))
    assert (receipt.outcome, len(seen)) == (Outcome.ACCEPTED, 1)


def test_an_address_on_this_machine_is_refused_before_a_socket_opens():
    receipt, seen = call(answering(said(200)), guard=Guard())

    assert receipt.outcome is Outcome.CONFIGURATION
    assert "allow_private" in receipt.detail
    assert seen == []


@pytest.mark.parametrize(
    ("environ", "setting", "words"),
    [
        ({"CRM_URL": ""}, {}, "CRM_URL is not set"),
        ({"CRM_TOKEN": ""}, {"token": "env.CRM_TOKEN"}, "CRM_TOKEN is not set"),
        ({"CRM_SECRET": "short"}, {"secret": "env.CRM_SECRET"}, "cannot be used"),
        ({"CRM_TOKEN": "canary\u00e9"}, {"token": "env.CRM_TOKEN"}, "cannot be used"),
        ({"CRM_TOKEN": "canary\r\nX-Evil: 1"}, {"token": "env.CRM_TOKEN"}, "cannot be used"),
        ({"CRM_URL": "https://a b/"}, {}, "escaped host"),
        ({"CRM_URL": "https://[::1"}, {}, "cannot be used"),
    ],
)
def test_an_incomplete_setting_is_named_and_nothing_is_tried(environ, setting, words):
    receipt, seen = call(answering(said(200)), environ=environ, **setting)

    assert receipt.outcome is Outcome.CONFIGURATION
    assert words in receipt.detail
    assert "canary" not in receipt.detail
    assert seen == []


def test_an_action_nobody_declared_is_a_matter_of_configuration():
    receipt, _ = call(answering(said(200)), request=Request(id="m", connection="crm", action="fly"))

    assert receipt.outcome is Outcome.CONFIGURATION
    assert "crm.fly" in receipt.detail


def test_no_secret_and_no_address_reaches_a_log(caplog):
    caplog.set_level("DEBUG")
    request = Request(id="m1", connection="crm", action="find", body={"email": "canary@example.com"})

    call(answering(said(200)), request=request, token="env.CRM_TOKEN")

    assert "canary" not in caplog.text


def test_receipts_come_in_the_order_of_the_batch():
    async def late_first(reader, writer, seen):
        request = await _request(reader)
        seen.append(request)
        await asyncio.sleep(0.1 if b"first" in request[2] else 0)
        writer.write(said(200, request[2]))
        await writer.drain()

    async def run():
        async with server(late_first) as (port, _):
            connections = connecting({"CRM_URL": f"http://127.0.0.1:{port}"})
            batch = [Request(id=n, connection="crm", action="create-task", body={"n": n}) for n in ("first", "second")]
            receipts = await connections.send(batch)
            await connections.close()
            return receipts

    assert [(receipt.id, receipt.answer) for receipt in asyncio.run(run())] == [
        ("first", {"n": "first"}),
        ("second", {"n": "second"}),
    ]


@pytest.mark.parametrize(("said_by_the_project", "at_once"), [(Pacing(concurrency=60), 60), (Pacing(), 20)])
def test_as_many_calls_are_under_way_as_the_project_says(said_by_the_project, at_once):
    """Nobody is answered until so many wait: with fewer it would never end, and more would be counted."""
    waiting, most, full = 0, 0, asyncio.Event()

    async def all_together(reader, writer, seen):
        nonlocal waiting, most
        while True:
            seen.append(await _request(reader))
            waiting += 1
            most = max(most, waiting)
            if waiting == at_once:
                full.set()
            await full.wait()
            waiting -= 1
            writer.write(said(200))
            await writer.drain()

    async def run():
        async with server(all_together) as (port, seen):
            connections = connecting({"CRM_URL": f"http://127.0.0.1:{port}"}, pacing=said_by_the_project)
            batch = [Request(id=f"m{n}", connection="crm", action="create-task", body={}) for n in range(at_once + 5)]
            receipts = await connections.send(batch)
            await connections.close()
            return {receipt.outcome for receipt in receipts}, len(seen)

    assert asyncio.run(run()) == ({Outcome.ACCEPTED}, at_once + 5)
    assert most == at_once
