"""Every way in which a provider can fail, against every promise it may have made: what is written down, and what after.

One server of our own misbehaves; each fault has a way out of its own for each promise, so no fault is in another's
way. Then the server is well again, time goes by, and nothing is lost and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import gzip
import json
import socket
import ssl
import struct
import threading
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests import passing

from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.declared_border import DeclaredBorder
from lifeloop.channel.declared_files import declared
from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Guard
from lifeloop.channel.http import HttpConnections
from lifeloop.channel.providers.sending import ProviderChannel
from lifeloop.channel.values import Abilities
from lifeloop.store import customers
from lifeloop.work.answering import take_reports
from lifeloop.work.looking_up import look_up
from lifeloop.work.story import tell
from lifeloop.work.wave import Wave

MONDAY = int(dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC).timestamp())
HOUR = 3600
MANY = 10_000
GOOD = 2
GREETING_IN_TLS = b"\x16"
DEADLINE = 20
"""Seconds: nobody is kept from answering by a busy machine. Once all are there who shall be late, they pass."""
KINDS = ("call-keyed", "call-blind", "way-keyed", "way-blind", "way-asked")
"""Calls and messages, by others that know a key again, that can be asked, or that do neither."""


# --- what a server can do to a request ---


@dataclass
class Handed:
    """One request that arrived, and the line to who made it."""

    server: Server
    kind: str
    row: str
    key: str
    writer: asyncio.StreamWriter

    def do(self) -> None:
        """Do what is asked; whoever promised to knows the key again, and does it once."""
        known = self.kind.endswith("keyed") and self.key in self.server.keys
        self.server.keys.add(self.key)
        self.server.done[self.kind, self.row] += not known

    async def say(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()


def head(status, *headers, length=None):
    lines = [f"HTTP/1.1 {status} X", *headers, *([] if length is None else [f"Content-Length: {length}"])]
    return ("\r\n".join([*lines, "Connection: close"]) + "\r\n\r\n").encode()


def says(status, body=b"{}", *headers):
    async def fault(handed):
        if status // 100 == GOOD:
            handed.do()
        await handed.say(head(status, *headers, length=len(body)) + body)

    return fault


def raw(content):
    """Does it, and answers with these bytes."""

    async def fault(handed):
        handed.do()
        await handed.say(content)

    return fault


def silent(*, done, first=b""):
    async def fault(handed):
        if done:
            handed.do()
        await handed.say(first)
        await asyncio.sleep(60)

    return fault


def reset(*, done):
    async def fault(handed):
        if done:
            handed.do()
        cut(handed.writer)

    return fault


def drips(first, *, done):
    async def fault(handed):
        if done:
            handed.do()
        await handed.say(first)
        while True:
            await handed.say(b"x")
            await asyncio.sleep(0.05)

    return fault


def cut(writer):
    """Reset the connection instead of closing it."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


# --- the table: what the server does, and the class of it ---

TAKEN, REFUSED, LATER, SETTINGS, LOST = "taken", "refused", "later", "settings", "lost"
OK = says(200)
BOMB = gzip.compress(b"\0" * 10_000_000)
ANSWERED = {
    "200": (OK, TAKEN),
    "200-empty": (says(200, b""), TAKEN),
    "200-html": (says(200, b"<html>Thank you"), TAKEN),
    "200-truncated": (raw(head(200, length=500) + b'{"id": "p'), TAKEN),
    "200-huge": (says(200, b"x" * 1_000_000), TAKEN),
    "200-of-another": (says(200, b'{"id": "somebody-elses"}'), TAKEN),
    "200-wrong-length": (raw(head(200, length=1) + b'{"id": "p"}'), TAKEN),
    "200-http-1-0": (raw(b"HTTP/1.0 200 OK\r\n\r\n{}"), TAKEN),
    "200-bomb": (says(200, BOMB, "Content-Encoding: gzip"), TAKEN),
    "202": (says(202), TAKEN),
    "301": (says(301, b"", "Location: http://evil.example/"), SETTINGS),
    "307": (says(307, b"", "Location: http://evil.example/"), SETTINGS),
    "400": (says(400), REFUSED),
    "401": (says(401), SETTINGS),
    "403": (says(403), SETTINGS),
    "404": (says(404), {"call": REFUSED, "way": SETTINGS}),
    "409-in-progress": (says(409), LOST),
    "413": (says(413), REFUSED),
    "422": (says(422), REFUSED),
    "429": (says(429), 5),
    "429-seconds": (says(429, b"", "Retry-After: 7"), 7),
    "429-date": (says(429, b"", f"Retry-After: {formatdate(MONDAY + 60, usegmt=True)}"), 60),
    "429-negative": (says(429, b"", "Retry-After: -1"), 5),
    "429-ten-years": (says(429, b"", f"Retry-After: {10 * 365 * 86_400}"), 900),
    "500": (says(500), LOST),
    "502": (says(502), LOST),
    "503": (says(503), LOST),
    "503-seconds": (says(503, b"", "Retry-After: 9"), 9),
    "504": (says(504), LOST),
    "529": (raw(head(529, length=0)), LOST),
    "500-although-done": (raw(head(500, length=0)), LOST),
    "no-http": (raw(b"SSH-2.0-OpenSSH\r\n"), LOST),
    "reset-before": (reset(done=False), LOST),
    "reset-after": (reset(done=True), LOST),
    "name-unknown": (OK, LATER),
    "refused": (OK, LATER),
    "tls-good": (OK, TAKEN),
    "tls-expired": (OK, LATER),
    "tls-wrong-host": (OK, LATER),
    "tls-at-a-plain-port": (OK, LATER),
}
UNANSWERED = {
    "silence-before": (silent(done=False), LOST),
    "silence-after": (silent(done=True), LOST),
    "continue-and-silence": (silent(done=False, first=b"HTTP/1.1 100 Continue\r\n\r\n"), LOST),
    "slow-head": (drips(b"HTTP/1.1 200 OK\r\nX-", done=True), LOST),
    "slow-body": (drips(head(200, length=500), done=True), TAKEN),
    "endless-chunks": (drips(head(200, "Transfer-Encoding: chunked") + b"fffffff\r\n", done=True), TAKEN),
    "connect-hangs": (OK, LATER),
}
UNREACHABLE = frozenset({"tls-expired", "tls-wrong-host", "tls-at-a-plain-port", "connect-hangs"})
"""Rows that stay broken when the server is well again."""


@dataclass
class Server:
    """Misbehaves by the address it is asked at, until it is well. It remembers what it did, by kind and row."""

    faults: dict
    ports: dict = field(default_factory=dict)
    done: Counter = field(default_factory=Counter)
    asked: Counter = field(default_factory=Counter)
    keys: set = field(default_factory=set)
    well: bool = False

    async def client(self, reader, writer):
        try:
            first = await reader.readexactly(1)
            if first == GREETING_IN_TLS:  # at a plain port: answered at once, as any server would
                writer.write(head(400, length=0))
                return
            top = (first + await reader.readuntil(b"\r\n\r\n")).decode()
            method, path, _ = top.split(" ", 2)
            lines = dict(line.lower().split(": ", 1) for line in top.split("\r\n")[1:] if line)
            _, kind, row, *rest = path.split("/")
            key = rest[-1].rpartition("=")[2] if method == "GET" else ""
            body = json.loads(await reader.readexactly(int(lines.get("content-length", 0))) or b"{}")
            handed = Handed(self, kind, row, body.get("ref") or lines.get("idempotency-key", key), writer)
            if method == "GET":
                found = [{"ref": key, "state": "arrived"}] if key in self.keys else []
                content = json.dumps({"found": found}).encode()
                await handed.say(head(200, length=len(content)) + content)
                return
            self.asked[kind, row] += 1
            await (OK if self.well else self.faults[row][0])(handed)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def resolve(self, host, _port):
        gone = "connect-hangs.example" if self.well else "name-unknown.example"
        if host == gone:
            raise socket.gaierror(-2, "Name or service not known")
        return ["127.0.0.2" if host == "refused.example" and not self.well else "127.0.0.1"]

    def base(self, kind, row):
        scheme = "https" if row.startswith("tls") else "http"
        host = "crm.example.com" if row in {"tls-good", "tls-expired"} else f"{row}.example"
        return f"{scheme}://{host}:{self.ports.get(row, self.ports['plain'])}/{kind}/{row}"


@contextmanager
def serving(faults, certificates):
    """Runs the server beside us, in a thread: our own waits for the database are no fault of its."""
    server, loop, doors = Server(faults), asyncio.new_event_loop(), []

    async def listen(name, tls=None):
        running = await asyncio.start_server(server.client, "127.0.0.1", 0, ssl=tls)
        doors.append(running)
        server.ports[name] = running.sockets[0].getsockname()[1]

    async def begin():
        loop.set_exception_handler(lambda *_: None)  # connections that we break on purpose
        await listen("plain")
        server.ports["tls-at-a-plain-port"] = server.ports["plain"]
        for name in ("tls-good", "tls-expired", "tls-wrong-host"):
            await listen(name, certificates["expired" if name == "tls-expired" else "good"])

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        with full_backlog() as port:
            server.ports["connect-hangs"] = port
            yield server
    finally:
        asyncio.run_coroutine_threadsafe(ended(doors), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def ended(doors):
    for door in doors:
        door.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


@contextmanager
def full_backlog():
    """A port that takes no connection and refuses none."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(door.getsockname())
        try:
            yield door.getsockname()[1]
        finally:
            for one in waiting:
                one.close()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """TLS for servers, good and expired; and ``trust``, for clients that believe both."""
    trust, found = ssl.create_default_context(), {}
    for name, ends in (("good", 2090), ("expired", 2021)):
        path = tmp_path_factory.mktemp("tls") / f"{name}.pem"
        path.write_bytes(certificate(ends))
        trust.load_verify_locations(path)
        found[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found[name].load_cert_chain(path)
    return found | {"trust": trust}


def certificate(ends):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Lifeloop test {ends}")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(ends)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(ends, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("crm.example.com")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return secret + made.public_bytes(serialization.Encoding.PEM)


# --- a shop with a way out for each fault and each promise ---

PROVIDER = """
provider: {kind}
carries: [{carries}]
settings: {{base: needed}}
request:
  url: "{{{{ settings.base }}}}/send"
  body: {{ref: "{{{{ message.id }}}}"}}
answer: {{id: id}}
"""
PROMISES = {
    "way-keyed": "abilities: {at_once: 500, key_window: 1 day}\n",
    "way-blind": "abilities: {at_once: 500}\n",
    "way-asked": """abilities: {at_once: 500}
lookup:
  url: "{{ settings.base }}/look/ref={{ message.id }}"
  each: found
  message: ref
  kind: state
  means: {arrived: accepted}
  absent_after: 30 minutes
""",
}


class Calls(HttpConnections):
    """As many at a time as there are rows: it is not the pace that is tried here."""

    abilities = Abilities(batch=MANY)


def furnish(shop, server, certificates):
    """Write the project with all its ways out; calls and messages really leave through sockets."""
    rows, root = list(server.faults), shop.root
    (root / "providers").mkdir()
    for kind, promise in PROMISES.items():
        (root / "providers" / f"{kind}.yaml").write_text(
            PROVIDER.format(kind=kind, carries=", ".join(f"{kind}-{row}" for row in rows)) + promise
        )
    text = (root / "templates" / "shop" / "one.md").read_text()
    for name in (f"{kind}-{row}" for kind in KINDS[2:] for row in rows):
        (root / "templates" / "shop" / f"{name}.md").write_text(f"{text}\nAbout {name}.\n")  # each says its own
    said = "".join(
        f"  {kind}-{row}: {{base: '{server.base(kind, row)}', actions: {{go: POST /go}}"
        + (", key_window: 1 day}\n" if kind == "call-keyed" else "}\n")
        for kind in KINDS[:2]
        for row in rows
    )
    ways = "".join(
        f"  {kind}-{row}: {{provider: {kind}, base: '{server.base(kind, row)}'}}\n"
        for kind in KINDS[2:]
        for row in rows
    )
    project = (root / "lifeloop.yaml").read_text()
    project = project.replace("connections:\n", f"connections:\n{said}")
    (root / "lifeloop.yaml").write_text(f"{project}\nchannels:\n{ways}environment: production\n")
    shop.publish(**{kind: journey(kind, rows) for kind in KINDS})
    shop.space = shop.again()
    wire = {
        "guard": Guard.allowing(["127.0.0.0/8"]),
        "resolve": server.resolve,
        "deadline": DEADLINE,
        "verify": certificates["trust"],
    }
    shop.space.ways = replace(
        shop.space.ways,
        calls=Calls(shop.space.catalogue.connections, {}, shop.clock, **wire),
        others={f"{k}-{row}": way(shop, f"{k}-{row}", k, Wire(**wire)) for k in KINDS[2:] for row in rows},
        windows={name: one.key_window for name, one in shop.space.catalogue.connections.items() if one.key_window},
    )


def journey(kind, rows):
    step = "- call: {kind}-{row}.go" if kind.startswith("call") else "- send: shop/{kind}-{row}\n    by: {kind}-{row}"
    steps = "\n  ".join(step.format(kind=kind, row=row) for row in rows)
    return f"start: {{event: order.placed}}\ndelivery: {{topic: service}}\nsteps:\n  {steps}\n"


def way(shop, name, kind, wire):
    border = DeclaredBorder(declared(kind, shop.root), {"base": shop.space.catalogue.channels[name]["base"]}, "shop")
    return ProviderChannel(name, border, border.check, wire, shop.clock)


def go(shop, seconds=0, late=lambda: False):
    """Let time go by: whoever can be asked is asked, and what is due leaves. Who is ``late`` then stays away."""
    shop.clock.set(shop.now + seconds)

    async def hurry():
        while not late():  # noqa: ASYNC110  # the server is in another thread
            await asyncio.sleep(0.01)
        passing.let_pass(DEADLINE)

    async def everything():
        hurrying = asyncio.create_task(hurry())
        if seconds:
            await look_up(shop.space)
        await Wave(shop.space, batch=MANY).run()
        await shop.space.ways.close()
        hurrying.cancel()

    passing.run(everything())


def place_of(message):
    """Return the kind and row that a message is about."""
    name = message.name.removesuffix(".go") if message.kind == "call" else message.channel
    kind = next(kind for kind in KINDS if name.startswith(f"{kind}-"))
    return kind, name.removeprefix(f"{kind}-")


# --- what is expected ---


def expected(kind, meant):
    """Return state, tries that count, and the seconds until the next one: from and to."""
    meant = meant[kind.partition("-")[0]] if isinstance(meant, dict) else meant
    again, gone = ("ready", 1, 30, 38), (None, None)
    match meant, kind.rpartition("-")[2]:
        case "taken", _:
            return ("sent", 1, *gone)
        case "refused", _:
            return ("rejected", 1, *gone)
        case "settings", _:
            return ("ready", 0, 300, 300)
        case int(seconds), _:
            return ("ready", 0, seconds, seconds)
        case ("later", _) | ("lost", "keyed"):
            return again
        case "lost", "blind":
            return ("assumed_sent", 1, *gone)
        case "lost", "asked":
            return ("uncertain", 1, *gone)
    raise AssertionError(meant)


LINES = {
    "sent": "",
    "rejected": "could not be delivered",
    "assumed_sent": "its answer was lost; it counts as sent",
    "uncertain": "the answer was lost: it may have arrived or not",
    "ready": "",
}


def told(shop):
    """Return what the timeline says of each message, by its id or, of what is ahead, by its name and moment."""
    with shop.space.store.reading() as tx:
        story = tell(shop.space, tx, customers.find_keys(tx, ["ana"])["ana"], MANY)
    past = {line.data["id"]: line.words for line in story.past if line.data.get("id")}
    return past, Counter((line.words, line.at) for line in story.ahead), Counter(line.words for line in story.past)


def check_line(message, lines):
    past, ahead, plain = lines
    if message.status == "ready":
        return ahead[message.name, message.next_at] > 0
    if message.status == "sent" and message.kind == "call":
        return plain[message.name] > 0
    return past[message.id].endswith(LINES[message.status])


@pytest.mark.parametrize(("faults", "late"), [(ANSWERED, 0), (UNANSWERED, 6)], ids=["answered", "unanswered"])
def test_every_fault_has_its_class_and_leads_to_one_delivery_at_most(shop, certificates, faults, late) -> None:
    with serving(faults, certificates) as server:
        furnish(shop, server, certificates)
        shop.person("ana")
        shop.event("ana", "order.placed")
        go(shop, late=lambda: late and server.asked.total() == late * len(KINDS))
        first, lines = {place_of(one): one for one in shop.messages()}, told(shop)
        assert first.keys() == {(kind, row) for kind in KINDS for row in faults}
        wrong = {
            place: (said.status, said.tries, said.next_at and said.next_at - MONDAY, said.reason)
            for place, said in first.items()
            if not fits(said, *expected(place[0], faults[place[1]][1])) or not check_line(said, lines)
        }
        assert wrong == {}

        server.well = True
        go(shop, HOUR)
        go(shop, 60)
        second = {place_of(one): one.status for one in shop.messages()}
        for (kind, row), was in first.items():
            reachable = row not in UNREACHABLE
            after = "sent" if was.status in ("ready", "uncertain") and reachable else was.status
            assert (kind, row, second[kind, row]) == (kind, row, after)
            done = server.done[kind, row]
            assert (kind, row, done) == (kind, row, 1) if after == "sent" else done <= 1
        assert {place: count for place, count in server.asked.items() if count > 2} == {}


def fits(message, status, tries, least, most):
    if (message.status, message.tries) != (status, tries):
        return False
    return least is None or least <= message.next_at - MONDAY <= most


def test_a_provider_that_is_down_for_six_hours_and_stumbles_after_takes_everything_once(shop, certificates) -> None:
    count = [0]

    async def stumbles(handed):
        count[0] += 1
        await (says(500) if count[0] % 5 == 0 else OK)(handed)

    with serving({"stumbles": (stumbles, None)}, certificates) as server:
        furnish(shop, server, certificates)
        shop.publish(**dict.fromkeys(KINDS[1:], "start: {event: order.paid}\nsteps:\n  - wait: 1 day\n"))
        people = shop.people(40)
        shop.events(people, "order.placed")
        server.faults["stumbles"] = (reset(done=False), None)
        for _ in range(6):
            go(shop, HOUR)
        assert {one.status for one in shop.messages()} == {"ready"}
        assert server.asked["call-keyed", "stumbles"] < 2 * len(people)  # its circuit is open
        server.faults["stumbles"] = (stumbles, None)
        for _ in range(12):
            go(shop, HOUR)
        assert Counter(one.status for one in shop.messages()) == {"sent": len(people)}
        assert server.done["call-keyed", "stumbles"] == len(people)


def hangs_up(*, hard):
    """Takes it, says so as if the line stayed open, and hangs up a moment later without a word."""

    async def fault(handed):
        handed.do()
        await handed.say(b"HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\n{}")
        await asyncio.sleep(0.05)
        if hard:
            cut(handed.writer)

    return fault


def test_a_line_that_was_closed_while_it_was_kept_loses_nothing_and_says_nothing_twice(shop, certificates) -> None:
    faults = {"hung-up": (hangs_up(hard=False), TAKEN), "cut-off": (hangs_up(hard=True), TAKEN)}
    with serving(faults, certificates) as server:
        furnish(shop, server, certificates)
        everybody = shop.people(3)

        async def days():
            for key in everybody:
                shop.event(key, "order.placed")
                await Wave(shop.space, batch=MANY).run()
                await asyncio.sleep(0.1)  # the line is gone when the next one wants it
            await shop.space.ways.close()

        asyncio.run(days())
        each = {(kind, row): len(everybody) for kind in KINDS for row in faults}
        assert Counter(place_of(one) for one in shop.messages() if one.status == "sent") == each
        assert (server.asked, server.done) == (each, each)


def test_what_was_taken_and_is_dropped_or_comes_back_after_all_is_told_and_not_tried_again(shop, certificates) -> None:
    dropped = Report(key="d", kind="rejected", reason="dropped")
    bounced = Report(key="b", kind="bounced", bounce="hard")
    reports = {"202-dropped": dropped, "202-bounced": bounced}
    with serving(dict.fromkeys(reports, (says(202), TAKEN)), certificates) as server:
        furnish(shop, server, certificates)
        shop.person("ana")
        shop.event("ana", "order.placed")
        go(shop)
        ways = [one for one in shop.messages() if one.kind == "mail"]
        for one in ways:
            kind, row = place_of(one)
            said = replace(reports[row], key=one.id, message=one.id)
            assert take_reports(shop.space, kind, one.channel, [said]).new == 1
        go(shop, HOUR)
        go(shop, 60)
        after = {place_of(one): (one.status, sorted(one.receipts)) for one in shop.messages() if one.kind == "mail"}
        ends = {"202-dropped": "rejected", "202-bounced": "sent"}
        assert after == {(kind, row): (ends[row], ["bounced"]) for kind in KINDS[2:] for row in ends}
        assert set(server.asked.values()) == {1}
