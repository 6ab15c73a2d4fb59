"""What leaving costs: single sends beside the stock HTTP client, whole batches, mails beside the standard library."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from functools import partial
from json import dumps
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from time import process_time

import httpx
from measure import Figure, alone, cpu_seconds, paired
from shop import FIRST

from lifeloop.channel.exchange import USUAL_HEADERS, Wire
from lifeloop.channel.guard import Guard
from lifeloop.channel.mime import marks, write
from lifeloop.channel.providers.mail import checked
from lifeloop.channel.providers.postmark import BATCH, Postmark
from lifeloop.channel.providers.provider import post
from lifeloop.channel.providers.sending import ProviderChannel
from lifeloop.channel.values import Envelope
from lifeloop.clock import SetClock
from lifeloop.journey.catalogue import Sender

IN_FLIGHT = 50
BODY = {"to": "ana@example.com", "subject": "Your year", "html": "<p>Hello, Ana</p>" * 550}
"""About 9 kB, as a mail has."""
BATCHED = dumps([{"ErrorCode": 0, "Message": "OK", "MessageID": f"{nth:036d}"} for nth in range(BATCH)]).encode()
BATCH_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
    len(BATCHED),
    BATCHED,
)
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{"id": "m-1"}'


LETTER = Envelope(
    id="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    to="ana@example.com",
    sender=Sender("anna", "Anna from Sunny", "anna@example.com"),
    subject="Your year in pictures",
    html='<p style="margin: 0">Hello Ana, this was your year in our cafés.</p>\n' * 130,
    text="Hello Ana, this was your year in our cafés.\n" * 20,
    journey="renewal",
    step="send-your-year",
    topic="inspiration",
    locale="en",
    unsubscribe="https://news.example.com/u/0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d",
)


def figures(rounds: int, many: int) -> Iterator[Figure]:
    yield _mime(rounds, max(50, many // 50))
    yield from _over_http(rounds, many)


def _mime(rounds: int, many: int) -> Figure:
    """The same mail: every header and both bodies are read back from both, and compared."""
    ours, theirs = write(LETTER, FIRST).raw, _by_hand(LETTER)
    assert _read_back(ours) == _read_back(theirs)

    def build(make: Callable[[Envelope], object]) -> None:
        for _ in range(many):
            make(LETTER)

    took, ratio = paired(
        rounds,
        lambda: cpu_seconds(lambda: build(lambda one: write(one, FIRST))),
        lambda: cpu_seconds(lambda: build(_by_hand)),
    )
    return Figure(
        "mail built, 9 kB of HTML", "", many / took, "a CPU second", "EmailMessage from scratch", ratio, "mime"
    )


def _by_hand(letter: Envelope) -> bytes:
    """What one writes with the standard library; its only correct policy for relays that rewrite eight-bit bodies."""
    assert letter.sender is not None
    assert letter.html is not None
    mail = EmailMessage(policy=SMTP.clone(cte_type="7bit", max_line_length=200))  # longer links would break at 78
    mail["From"] = Address(letter.sender.display, addr_spec=letter.sender.address)
    mail["To"] = Address(addr_spec=letter.to)
    mail["Subject"] = letter.subject
    mail["Date"] = datetime.fromtimestamp(FIRST, UTC)
    mail["Message-ID"] = f"<{letter.id}@example.com>"
    for name, value in marks(letter, "example.com", "lifeloop").items():
        mail[name] = value
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    mail["Content-Language"] = letter.locale
    return mail.as_bytes()


def _read_back(raw: bytes) -> tuple[object, ...]:
    mail = message_from_bytes(raw, policy=default)
    texts = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
    return {name: str(value) for name, value in mail.items() if name != "Content-Type"}, texts


def _over_http(rounds: int, many: int) -> Iterator[Figure]:
    context = get_context("spawn")
    mine, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        base = f"http://127.0.0.1:{mine.recv()}"
        yield _single(f"{base}/send", rounds, many)
        yield _batches(base, rounds, many // BATCH * BATCH)
    finally:
        server.terminate()
        server.join()


def _single(url: str, rounds: int, many: int) -> Figure:
    """CPU time of the client alone: the server is another process."""
    took, ratio = paired(rounds, partial(_cpu, _ours, url, many), partial(_cpu, _stock, url, many))
    what = f"sent, one message to a request, {IN_FLIGHT} in flight"
    return Figure(what, "", many / took, "a CPU second", "one shared httpx.AsyncClient", ratio, "sends")


def _batches(base: str, rounds: int, many: int) -> Figure:
    """From envelopes to receipts: every mail complete and different, as many at a time as Postmark is handed."""
    letters = [replace(LETTER, id=f"{nth:032x}", to=f"person{nth}@example.com") for nth in range(many)]

    async def send(_url: str, count: int) -> None:
        said = {"token": "t", "stream": "outbound", "broadcast": "", "base": base}
        wire = Wire(guard=Guard.allowing(["127.0.0.0/8"]))
        way = ProviderChannel("postmark", Postmark(said), partial(checked, project="bench"), wire, SetClock(FIRST))
        for start in range(0, max(count, BATCH), BATCH):
            receipts = await way.send(letters[start : start + BATCH])
            assert all(receipt.provider_id for receipt in receipts)
        await way.close()

    took = alone(rounds, partial(_cpu, send, base, many))
    return Figure(f"sent, {BATCH} mails of 9 kB to a request", "", many / took, "a CPU second", goal="batch sends")


def _cpu(send: Callable[[str, int], Awaitable[None]], url: str, many: int) -> float:
    async def run() -> float:
        await send(url, IN_FLIGHT)
        gc.collect()
        began = process_time()
        await send(url, many)
        return process_time() - began

    return asyncio.run(run())


async def _ours(url: str, many: int) -> None:
    wire = Wire(guard=Guard.allowing(["127.0.0.0/8"]))

    async def one() -> None:
        got = await wire.exchange("sink", post(url, headers={}, json=BODY))
        assert got.body == b'{"id": "m-1"}'

    await _in_flight(one, many)
    await wire.close()


async def _stock(url: str, many: int) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:

        async def one() -> None:
            got = await client.post(url, headers=USUAL_HEADERS, json=BODY)
            assert got.content == b'{"id": "m-1"}'

        await _in_flight(one, many)


async def _in_flight(one: Callable[[], Awaitable[None]], many: int) -> None:
    async def line() -> None:
        for _ in range(many // IN_FLIGHT):
            await one()

    await asyncio.gather(*(line() for _ in range(IN_FLIGHT)))


class _Sink(asyncio.Protocol):
    """Answers as soon as as many bytes came as the head announced."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._came = transport, bytearray()

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (end := self._came.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._came[:end]).lower()
            size = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            if len(self._came) < end + 4 + size:
                return
            del self._came[: end + 4 + size]
            self._transport.write(BATCH_OK if b" /email/batch " in head else OK)  # type: ignore[attr-defined]


def _serve(pipe: Pipe) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(_Sink, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())
