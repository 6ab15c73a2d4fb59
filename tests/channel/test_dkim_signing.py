"""Signed mail as a receiver sees it: taken from a real mail server, and checked against the key in the name service."""

import asyncio
import base64
import re

import dkim
import pytest
from aiosmtpd.smtp import SMTP
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from lifeloop.channel.dkim_signing import signer
from lifeloop.channel.providers.settings import Incomplete
from lifeloop.channel.secret import Unset
from lifeloop.channel.smtp import SmtpChannel, SmtpServer
from lifeloop.channel.values import Envelope
from lifeloop.clock import SetClock
from lifeloop.journey.catalogue import Sender
from lifeloop.work.project import open_project

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SETTINGS = {"host": "127.0.0.1", "dkim_domain": "example.com", "dkim_selector": "s1", "dkim_key": "env.DKIM_KEY"}
TOKEN = "t" * 120
LETTER = Envelope(
    id="m1",
    to="jo@example.net",
    sender=Sender("zoe", "Zoë, from Sunny", "hello@example.com", "support@example.com"),
    subject="Your first week ☀ " * 8,
    text="Hello\n.\nFrom us  \n\n",
    html="<p>Hello ☀",
    journey="welcome",
    topic="news",
    unsubscribe=f"https://mail.example.com/u/{TOKEN}",
)


def pem(key, form=serialization.PrivateFormat.PKCS8):
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def record(name, **_patience):
    assert name == b"s1._domainkey.example.com."
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = KEY.public_key().public_bytes(serialization.Encoding.DER, form)
    return b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


class Box:
    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802  # aiosmtpd's name
        self.got = envelope.content
        return "250 ok"


@pytest.fixture(scope="module")
def signed():
    """Hand one mail over to a real mail server, signed; return its bytes as they arrived."""

    async def run():
        box = Box()
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
        where = SmtpServer("127.0.0.1", server.sockets[0].getsockname()[1], "none")
        channel = SmtpChannel(
            where, SetClock(1_780_000_000), project="sunny", sign=signer(SETTINGS, {"DKIM_KEY": pem(KEY)})
        )
        await channel.send([LETTER])
        await channel.close()
        server.close()
        return box.got

    return asyncio.run(run())


def holds(raw):
    return dkim.verify(raw, dnsfunc=record)


def test_what_arrives_is_signed_by_the_domain_over_both_unsubscribe_headers(signed):
    said = re.sub(rb"\s", b"", signed.partition(b"\r\nFrom:")[0])
    covered = re.search(rb";h=([^;]+);", said)[1].lower().split(b":")

    assert holds(signed)
    assert b"d=example.com;" in said
    assert {b"list-unsubscribe", b"list-unsubscribe-post", b"subject", b"to", b"message-id"} <= set(covered)
    assert covered.count(b"from") == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click", b"List-Unsubscribe-Post: List-Unsubscribe=Two"),
        (b"https://mail.example.com/u/", b"https://evil.example.com/u/"),
        (b"\r\nTo: ", b"\r\nFrom: evil@example.com\r\nTo: "),
        (b"\r\nTo: ", b"\r\nCc: everybody@example.com\r\nTo: "),
        (b"From us", b"From me"),
    ],
)
def test_whoever_changes_or_adds_something_breaks_the_signature(signed, before, after):
    assert before in signed

    assert not holds(signed.replace(before, after, 1))


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
def test_a_key_may_stand_in_the_environment_in_one_line_or_in_a_file(form, tmp_path):
    (tmp_path / "key.pem").write_text(pem(KEY, form))

    for said in (pem(KEY, form), pem(KEY, form).replace("\n", "\\n"), str(tmp_path / "key.pem")):
        raw = b"From: a@example.com\r\nSubject: Hello\r\n\r\nHello\r\n"
        assert holds(signer(SETTINGS, {"DKIM_KEY": said})(raw))


def test_without_settings_a_mail_stays_as_it_is():
    assert signer({"host": "mail.example.com"}, {})(b"From: a\r\n\r\n") == b"From: a\r\n\r\n"


@pytest.mark.parametrize(
    ("settings", "key", "words"),
    [
        ({"dkim_domain": "example.com"}, "", "'dkim_selector'"),
        (SETTINGS, "/nowhere/key.pem", "neither a key in PEM form nor a file"),
        (SETTINGS, "-----BEGIN PRIVATE KEY-----\nbm9uZQ==\n-----END PRIVATE KEY-----", "no RSA private key"),
        (SETTINGS, pem(ec.generate_private_key(ec.SECP256R1())), "no RSA private key"),
    ],
)
def test_what_cannot_sign_says_so_at_once_and_shows_no_key(settings, key, words):
    with pytest.raises(Incomplete, match=words) as found:
        signer(settings, {"DKIM_KEY": key})
    assert "BEGIN" not in str(found.value)


def test_a_key_that_is_not_set_is_named():
    with pytest.raises(Unset, match="DKIM_KEY"):
        signer(SETTINGS, {})


def test_a_project_that_says_half_of_it_learns_so_when_it_is_validated(tmp_path):
    (tmp_path / "lifeloop.yaml").write_text(
        "project: shop\ntimezone: UTC\nemail: smtp\n"
        "channels: {smtp: {host: mail.example.com, dkim_domain: example.com, dkim_key: env.DKIM_KEY}}\n"
    )
    found = {one.message: one.code for one in open_project(tmp_path).diagnostics}

    assert found['mail is to be signed, and "dkim_selector" is not said'] == "J106"
