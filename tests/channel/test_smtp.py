"""SMTP against a real server in this process, and against raw ones that break off where it hurts."""

import asyncio
import base64
import email
import ssl
from contextlib import asynccontextmanager

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from tests import passing

from lifeloop.channel.secret import Secret
from lifeloop.channel.smtp import SmtpChannel, SmtpServer
from lifeloop.channel.values import Envelope
from lifeloop.clock import SetClock
from lifeloop.engine.retry import Outcome
from lifeloop.journey.catalogue import Sender

ANNA = Sender("anna", "Anna from Sunny", "anna@example.com")
CLOCK = SetClock(1_780_000_000)
DEADLINE = 20
"""Seconds: nobody is kept from answering by a busy machine. Who shall be late lets them pass."""


def mails(count=1, **changes):
    fields = {"sender": ANNA, "subject": "Hello", "text": "Hello\n.\nFrom us", "html": "<p>Hello", "journey": "welcome"}
    fields.update(changes)
    return [Envelope(**{"id": f"m{n}", "to": f"jo{n}@example.com", **fields}) for n in range(count)]


class Mailbox:
    """A handler that remembers what it got, and answers as it is told."""

    def __init__(self, **answers):
        self.answers = answers
        self.got = []
        self.sessions = set()

    def answer(self, where, address):
        found = self.answers.get(where, "250 ok")
        return found(address) if callable(found) else found

    async def handle_MAIL(self, _server, session, envelope, address, _options):  # noqa: N802  # aiosmtpd's name
        self.sessions.add(id(session))
        envelope.mail_from = address
        return self.answer("mail", address)

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802  # aiosmtpd's name
        said = self.answer("rcpt", address)
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # aiosmtpd's name
        self.got.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return self.answer("data", envelope.rcpt_tos)


@asynccontextmanager
async def listening(factory):
    running = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


def send(batch, factory, *, rounds=1, **server):
    """Hand a batch to such a server, several times over if wanted."""

    async def run():
        async with listening(factory) as port:
            where = SmtpServer(**{"host": "127.0.0.1", "port": port, "tls": "none", **server})
            channel = SmtpChannel(where, CLOCK, project="sunny", deadline=DEADLINE)
            receipts = [receipt for _ in range(rounds) for receipt in await channel.send(batch)]
            await channel.close()
            await asyncio.sleep(0.01)
            return receipts

    return passing.run(run())


def serving(mailbox, **options):
    return lambda: SMTP(mailbox, hostname="mail.example.com", **options)


def test_a_mail_arrives_as_it_was_written():
    box = Mailbox()

    receipts = send(mails(), serving(box))

    assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED]
    sender, to, content = box.got[0]
    assert (sender, to) == ("anna@example.com", ["jo0@example.com"])
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert mail["Message-ID"] == "<m0@example.com>"
    assert mail.get_body(("plain",)).get_content().splitlines() == ["Hello", ".", "From us"]


def test_one_recipient_per_message_over_few_connections():
    box = Mailbox()

    receipts = send(mails(20), serving(box), rounds=2)

    assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
    assert len(box.got) == 40
    assert all(len(to) == 1 for _, to, _ in box.got)
    assert len(box.sessions) <= 4


@pytest.mark.parametrize(
    ("where", "said", "outcome"),
    [
        ("mail", "421 4.3.2 closing", Outcome.NOT_ACCEPTED),
        ("mail", "451 4.7.1 later", Outcome.NOT_ACCEPTED),
        ("mail", "530 5.7.0 authenticate first", Outcome.CONFIGURATION),
        ("mail", "550 5.7.1 not your domain", Outcome.CONFIGURATION),
        ("mail", "552 5.3.4 too big", Outcome.REJECTED),
        ("rcpt", "450 4.2.1 greylisted", Outcome.NOT_ACCEPTED),
        ("rcpt", "550 5.1.1 nobody of that name", Outcome.REJECTED),
        ("rcpt", "530 5.7.0 authenticate first", Outcome.CONFIGURATION),
        ("data", "451 4.3.0 disk full", Outcome.NOT_ACCEPTED),
        ("data", "421 4.7.28 too many of these", Outcome.NOT_ACCEPTED),
        ("data", "454 Throttling failure: Daily message quota exceeded.", Outcome.NOT_ACCEPTED),
        ("data", "550 5.7.515 not allowed", Outcome.REJECTED),
        ("data", "554 5.6.0 spam", Outcome.REJECTED),
    ],
)
def test_every_answer_has_its_class(where, said, outcome):
    (receipt,) = send(mails(), serving(Mailbox(**{where: said})))

    assert receipt.outcome is outcome
    assert receipt.used_up == ("quota" in said)
    assert said[:3] in receipt.detail
    assert "jo0" not in receipt.detail


@pytest.mark.parametrize(
    ("where", "said", "address"),
    [
        ("rcpt", "550 5.1.1 nobody of that name", "dead"),
        ("rcpt", "550 No such user here", "dead"),
        ("rcpt", "550 5.7.1 we do not like you", None),
        ("rcpt", "550 no", None),
        ("rcpt", "450 4.1.1 not just now", None),
        ("mail", "550 5.1.1 nobody of that name", None),
        ("data", "550 5.1.1 nobody of that name", None),
    ],
)
def test_an_address_is_dead_only_when_the_server_says_so_of_the_recipient(where, said, address):
    (receipt,) = send(mails(), serving(Mailbox(**{where: said})))
    assert receipt.address == address


def test_one_refused_recipient_does_not_stop_the_others():
    box = Mailbox(rcpt=lambda address: "550 no" if address.startswith("jo3") else "250 ok")

    receipts = send(mails(8), serving(box))

    refused = [receipt.id for receipt in receipts if receipt.outcome is Outcome.REJECTED]
    assert refused == ["m3"]
    assert len(box.got) == 7


def test_a_mail_that_cannot_be_written_never_reaches_the_server():
    box = Mailbox()

    (receipt,) = send(mails(subject="Hi\r\nBcc: x@example.com"), serving(box))

    assert receipt.outcome is Outcome.REJECTED
    assert "line break" in receipt.detail
    assert box.sessions == set()


class Raw(asyncio.Protocol):
    """A server that follows a script: what it hears to what it says; None cuts the line, '' is late."""

    def __init__(self, script, heard):
        self.script = script
        self.heard = heard
        self.in_text = False

    def connection_made(self, transport):
        self.transport = transport
        self.say("greet")

    def say(self, moment):
        said = self.script.get(moment, "250 ok")
        if said is None:
            self.transport.abort()
        elif said:
            self.transport.write(said.encode() + b"\r\n")
        else:  # a moment later: Python 3.11 may overlook a deadline that comes together with what is waited for
            asyncio.get_running_loop().call_later(0.01, passing.let_pass, DEADLINE)

    def data_received(self, data):
        if self.in_text:
            if data.endswith(b"\r\n.\r\n"):
                self.in_text = False
                self.heard.append("dot")
                self.say("dot")
            return
        word = data.split()[0].decode().lower()
        self.heard.append(word)
        self.in_text = word == "data" and self.script.get("data", "354 go on") == "354 go on"
        self.say(word)


SCRIPT = {"greet": "220 hello", "ehlo": "250 mail.example.com", "data": "354 go on", "quit": "221 bye"}


@pytest.mark.parametrize(
    ("moment", "said", "outcome"),
    [
        ("greet", None, Outcome.NOT_ACCEPTED),
        ("greet", "", Outcome.NOT_ACCEPTED),
        ("greet", "554 go away", Outcome.CONFIGURATION),
        ("greet", "421 busy", Outcome.NOT_ACCEPTED),
        ("ehlo", None, Outcome.NOT_ACCEPTED),
        ("mail", None, Outcome.NOT_ACCEPTED),
        ("rcpt", None, Outcome.NOT_ACCEPTED),
        ("rcpt", "", Outcome.NOT_ACCEPTED),
        ("rcpt", "garbage", Outcome.NOT_ACCEPTED),
        ("data", "451 not now", Outcome.NOT_ACCEPTED),
        ("data", None, Outcome.UNCERTAIN),
        ("dot", None, Outcome.UNCERTAIN),
        ("dot", "", Outcome.UNCERTAIN),
        ("dot", "garbage", Outcome.UNCERTAIN),
    ],
)
def test_a_line_cut_before_the_text_is_harmless_and_after_it_uncertain(moment, said, outcome):
    heard = []

    (receipt,) = send(mails(), lambda: Raw({**SCRIPT, moment: said}, heard))

    assert receipt.outcome is outcome
    assert heard.count("mail") <= 1


def test_a_kept_connection_that_went_away_is_replaced_without_a_word():
    heard = []

    class Forgetful(Raw):
        def data_received(self, data):
            super().data_received(data)
            if self.heard[-1] == "dot":
                asyncio.get_running_loop().call_later(0.001, self.transport.abort)

    async def run():
        async with listening(lambda: Forgetful(SCRIPT, heard)) as port:
            channel = SmtpChannel(SmtpServer("127.0.0.1", port, "none"), CLOCK, project="sunny", deadline=DEADLINE)
            first = await channel.send(mails())
            await asyncio.sleep(0.02)
            second = await channel.send(mails())
            await channel.close()
            return [*first, *second]

    assert [receipt.outcome for receipt in asyncio.run(run())] == [Outcome.ACCEPTED] * 2
    assert heard.count("dot") == 2


def test_nobody_listening_is_surely_not_accepted():
    async def run():
        async with listening(serving(Mailbox())) as port:
            pass
        channel = SmtpChannel(SmtpServer("127.0.0.1", port, "none"), CLOCK, project="sunny", deadline=DEADLINE)
        return (await channel.send(mails()))[0]

    assert asyncio.run(run()).outcome is Outcome.NOT_ACCEPTED


def test_a_server_without_tls_gets_no_mail_when_tls_is_asked_for():
    box = Mailbox()

    (receipt,) = send(mails(), serving(box), tls="starttls")

    assert receipt.outcome in (Outcome.NOT_ACCEPTED, Outcome.CONFIGURATION)
    assert box.got == []


def test_login_goes_over_tls_and_a_wrong_password_pauses_the_way(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    box = Mailbox()

    def knows(_server, _session, _envelope, _mechanism, data):
        return AuthResult(success=data.password == b"canary-right", handled=False)

    factory = serving(box, tls_context=context, require_starttls=True, authenticator=knows, auth_required=True)

    def login(password):
        who = {"username": "sunny", "password": Secret(password), "host": "localhost", "tls": "starttls"}
        return send(mails(), factory, **who)[0]

    assert login("canary-right").outcome is Outcome.ACCEPTED
    refused = login("canary-wrong")
    assert refused.outcome is Outcome.CONFIGURATION
    assert "canary" not in repr(refused)
    assert base64.b64encode(b"canary").decode()[:6] not in repr(refused)


def test_settings_are_read_and_the_password_stays_hidden():
    settings = {
        "host": "env.SMTP_HOST",
        "port": "2525",
        "tls": "tls",
        "user": "env.SMTP_USER",
        "password": "env.SMTP_PASSWORD",
    }

    server = SmtpServer.read(
        settings, {"SMTP_HOST": "mail.example.com", "SMTP_USER": "sunny", "SMTP_PASSWORD": "canary"}
    )

    assert (server.host, server.port, server.tls, server.username) == ("mail.example.com", 2525, "tls", "sunny")
    assert server.password.reveal() == "canary"
    assert "canary" not in repr(server)


def test_what_comes_back_goes_where_the_mail_says():
    box = Mailbox()

    send(mails(bounces="returns+b.0123@example.org"), serving(box))

    assert box.got[0][0] == "returns+b.0123@example.org"
    assert email.message_from_bytes(box.got[0][2])["From"].endswith("<anna@example.com>")
