"""What every way out promises, whatever it leads to: the same few sentences for each of them, over real sockets."""

import asyncio
import json
from contextlib import asynccontextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Guard
from lifeloop.channel.http import HttpConnections
from lifeloop.channel.inbox import LocalInbox, LocalRecorder
from lifeloop.channel.providers.known import CLASSES, provider, takes
from lifeloop.channel.providers.mail import checked
from lifeloop.channel.providers.sending import ProviderChannel
from lifeloop.channel.providers.settings import resolved
from lifeloop.channel.smtp import SmtpChannel, SmtpServer
from lifeloop.channel.values import Envelope, Request
from lifeloop.clock import SetClock
from lifeloop.engine.retry import Outcome
from lifeloop.journey.catalogue import Action, Connection, Sender

NOW = 1_780_000_000
SECRETS = {"KEY": "canary-key", "SECRET": "canary-secret", "CRM_TOKEN": "canary-token"}
ANNA = Sender("anna", "Anna", "hello@sunny.example.com")
RECORDED = {path.stem: json.loads(path.read_text()) for path in Path(__file__).parent.glob("providers/recorded/*.json")}
LOCAL, PROVIDERS = ("inbox", "recorder"), tuple(sorted(CLASSES))
NAMES = [
    *LOCAL,
    "smtp",
    "http",
    *(
        pytest.param(
            name, marks=pytest.mark.skipif(name == "ses" and not find_spec("botocore"), reason="lifeloop[ses]")
        )
        for name in PROVIDERS
    ),
]
REMOTE = [name for name in NAMES if name not in LOCAL]


def items(name, count=3):
    if name in {"recorder", "http"}:
        said = {"connection": "crm", "action": "do"}
        return [Request(id=f"m{n}", body={"to": f"canary{n}@example.com"}, **said) for n in range(count)]
    said = {"sender": ANNA, "subject": "Hello", "text": "Hello\n", "html": "<p>Hello</p>", "journey": "welcome"}
    return [Envelope(id=f"m{n}", to=f"canary{n}@example.com", step="s", topic="t", **said) for n in range(count)]


class Mailbox:
    def __init__(self, arrived):
        self.arrived = arrived

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # aiosmtpd's name
        self.arrived.append(envelope.content)
        return "250 ok"


@asynccontextmanager
async def listening(name, arrived, answer):
    """A server that takes whatever comes, or answers as it is told; None: nobody listens at that port."""

    async def client(reader, writer):
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                sizes = [
                    line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
                ]
                arrived.append(head + await reader.readexactly(int(sizes[0])))
                status, body, *_ = answer
                said = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(said)}\r\n\r\n".encode() + said)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    loop = asyncio.get_running_loop()
    if name == "smtp":
        running = await loop.create_server(lambda: SMTP(Mailbox(arrived)), "127.0.0.1", 0)
    else:
        running = await asyncio.start_server(client, "127.0.0.1", 0)
    port = running.sockets[0].getsockname()[1]
    if answer is None:
        running.close()
        await running.wait_closed()
    try:
        yield port
    finally:
        running.close()


def way(name, port, arrived):
    base, guard = f"http://127.0.0.1:{port}", Guard.allowing(["127.0.0.0/8"])
    match name:
        case "inbox":
            return LocalInbox(arrived.extend)
        case "recorder":
            return LocalRecorder(arrived.extend)
        case "smtp":
            return SmtpChannel(SmtpServer(host="127.0.0.1", port=port, tls="none"), SetClock(NOW), project="sunny")
        case "http":
            crm = Connection("crm", base, "env.CRM_TOKEN", actions={"do": Action("do", "POST", "/do")})
            return HttpConnections({"crm": crm}, SECRETS, SetClock(NOW), guard=guard)
        case _:
            said = resolved(name, takes(name), {**RECORDED[name]["settings"], "base": base}, SECRETS)
            border, wire = provider(name, said), Wire(guard=guard)
            return ProviderChannel(name, border, partial(checked, project="sunny"), wire, SetClock(NOW))


def handed(name, *, answer, rounds=1, count=1):
    """Hand some items over, several times if wanted; return the way, the receipts of each time, and what arrived."""
    arrived = []

    async def run():
        async with listening(name, arrived, answer) as port:
            out = way(name, port, arrived)
            receipts = [await out.send(items(name, count)) for _ in range(rounds)]
            await out.close()
            await out.close()
            return out, receipts

    return *asyncio.run(run()), arrived


def friendly(name):
    return RECORDED[name]["outcomes"][0]["answer"] if name in PROVIDERS else (200, {"id": "x1"})


@pytest.mark.parametrize("name", NAMES)
def test_one_item_is_accepted_by_a_friendly_other_side_and_closing_twice_is_fine(name):
    _, [[receipt]], arrived = handed(name, answer=friendly(name))
    assert (receipt.id, receipt.outcome, len(arrived)) == ("m0", Outcome.ACCEPTED, 1)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", [(200, {"id": "x1"}), (500, "<canary-key>"), (400, "no"), None], ids=str)
def test_there_is_one_receipt_for_each_item_in_order_whatever_the_other_side_does(name, answer):
    _, [receipts], _ = handed(name, answer=answer, count=5)
    assert [one.id for one in receipts] == [f"m{n}" for n in range(5)]
    assert all(isinstance(one.outcome, Outcome) for one in receipts)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_to_hand_over_is_nothing_done(name):
    _, [receipts], arrived = handed(name, answer=friendly(name), count=0)
    assert (list(receipts), arrived) == ([], [])


@pytest.mark.parametrize("name", REMOTE)
def test_where_nobody_listens_nothing_was_accepted_and_a_second_try_is_harmless(name):
    _, [receipts], _ = handed(name, answer=None, count=2)
    assert {one.outcome for one in receipts} == {Outcome.NOT_ACCEPTED}


@pytest.mark.parametrize("name", NAMES)
def test_where_a_key_is_recognised_a_second_try_is_the_very_same(name):
    out, _, arrived = handed(name, answer=friendly(name), rounds=2)
    if out.abilities.key_window is not None:
        assert arrived[0] == arrived[1]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_promised_makes_sense(name):
    promised = way(name, 1, []).abilities
    assert promised.batch >= 1
    assert promised.key_window is None or promised.key_window >= 60
    assert promised.rate is None or promised.rate > 0


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("answer", [(500, "canary-key canary0@example.com"), (403, "canary-secret"), None], ids=str)
def test_receipts_name_no_address_and_no_secret(name, answer):
    out, [receipts], _ = handed(name, answer=answer, count=2)
    shown = f"{out!r} {receipts!r} {[one.detail for one in receipts]} {items(name)!r}"
    assert "canary" not in shown
