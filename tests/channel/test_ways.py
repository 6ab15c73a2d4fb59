import asyncio
from dataclasses import replace

import pytest

from lifeloop.channel.inbox import LocalInbox, LocalRecorder
from lifeloop.channel.providers import ses
from lifeloop.channel.providers.sending import ProviderChannel
from lifeloop.channel.smtp import SmtpChannel, SmtpServer
from lifeloop.channel.values import Envelope, Request
from lifeloop.channel.ways import ways_out
from lifeloop.clock import SetClock
from lifeloop.engine.retry import Outcome
from lifeloop.journey.catalogue import Action, Catalogue, Connection
from lifeloop.journey.pacing import Pacing
from lifeloop.journey.ways import TLS

CRM = {"crm": Connection("crm", "env.CRM_URL", actions={"create-task": Action("create-task", "POST", "/tasks")})}
MAIL = Envelope(id="m1", to="ana@example.com")
CALL = Request(id="c1", connection="crm", action="create-task")


def ways(environ=None, kept=None, **catalogue):
    kept = [] if kept is None else kept
    return ways_out(
        Catalogue(**catalogue),
        environ or {},
        SetClock(1_780_000_000),
        inbox=LocalInbox(kept.extend),
        recorder=LocalRecorder(kept.extend),
    )


def test_without_settings_everything_stays_here():
    kept = []
    out = ways(kept=kept, connections=CRM)

    mail = asyncio.run(out.of("email").send([MAIL]))[0]
    call = asyncio.run(out.calls.send([CALL]))[0]

    assert (mail.outcome, call.outcome) == (Outcome.ACCEPTED, Outcome.ACCEPTED)
    assert kept == [MAIL, CALL]


def test_ses_says_what_to_install(monkeypatch):
    monkeypatch.setattr(ses, "find_spec", lambda _name: None)
    settings = {"key": "k", "secret": "s", "region": "eu-west-1"}

    receipt = asyncio.run(ways(email="ses", channels={"ses": settings}).of("email").send([MAIL]))[0]

    assert receipt.outcome is Outcome.CONFIGURATION
    assert "pip install 'lifeloop[ses]'" in receipt.detail


def test_texts_and_pushes_stay_here_even_when_mail_leaves():
    out = ways(email="smtp", channels={"smtp": {"host": "mail.example.com"}})

    assert isinstance(out.of("email"), SmtpChannel)
    assert out.of("sms") is out.of("push") is out.inbox


def test_a_live_project_never_pretends_to_call():
    kept = []

    receipt = asyncio.run(ways(kept=kept, environment="live", connections=CRM).calls.send([CALL]))[0]

    assert receipt.outcome is Outcome.CONFIGURATION
    assert "CRM_URL is not set" in receipt.detail
    assert kept == []


def test_a_local_project_with_an_address_calls_it():
    out = ways({"CRM_URL": "http://127.0.0.1:9"}, connections=CRM)

    receipt = asyncio.run(out.calls.send([CALL]))[0]

    assert receipt.outcome is Outcome.CONFIGURATION
    assert "private network" in receipt.detail


def test_receipts_keep_the_order_when_some_are_recorded_and_some_are_made():
    both = {**CRM, "erp": Connection("erp", "env.ERP_URL", actions={"do": Action("do", "POST", "/x")})}
    batch = [Request(id="a", connection="erp", action="do"), CALL, Request(id="b", connection="erp", action="do")]

    receipts = asyncio.run(ways({"ERP_URL": "http://127.0.0.1:9"}, connections=both).calls.send(batch))

    assert [receipt.id for receipt in receipts] == ["a", "c1", "b"]
    assert [receipt.outcome for receipt in receipts].count(Outcome.ACCEPTED) == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"email": "smtp"}, "say which mail server"),
        ({"email": "smtp", "channels": {"smtp": {"host": "env.SMTP_HOST"}}}, "SMTP_HOST is not set"),
        ({"email": "smtp", "channels": {"smtp": {"host": "h", "tls": "maybe"}}}, "starttls, tls or none"),
        ({"email": "pigeon"}, "'pigeon' is not a way out"),
        ({"email": "postmark"}, "postmark: say 'token' under 'channels'"),
        ({"email": "postmark", "channels": {"postmark": {"token": "env.POSTMARK_TOKEN"}}}, "POSTMARK_TOKEN is not set"),
        ({"email": "smtp", "channels": {"smtp": {"host": "mail.example.com", "dkim_domain": "x"}}}, "dkim_selector"),
        ({"email": "resend", "channels": {"resend": {"token": "x", "batch": "1000"}}}, "from 1 to 100"),
        ({"email": "brevo", "channels": {"brevo": {"token": "x", "tone": "y"}}}, "'tone' is not one of its settings"),
        ({"email": "brevo", "channels": {"brevo": {"token": "a\nb"}}}, "characters that no key has"),
        ({"email": "brevo", "channels": {"brevo": {"token": "x"}, "http": {"allow_private": "ten"}}}, "not a network"),
    ],
)
def test_incomplete_mail_settings_use_nothing_up_and_say_what_to_do(settings, words):
    receipt = asyncio.run(ways(**settings).of("email").send([MAIL]))[0]

    assert receipt.outcome is Outcome.CONFIGURATION
    assert words in receipt.detail


def test_a_private_network_that_cannot_be_read_closes_the_calls():
    out = ways(connections=CRM, channels={"http": {"allow_private": "10.0.0.0/8, ten"}})

    assert "not a network" in asyncio.run(out.calls.send([CALL]))[0].detail


def test_a_connection_promises_for_itself_whether_it_recognises_a_key():
    keyed = Connection("erp", "env.ERP_URL", actions={}, key_window=86_400)
    out = ways(connections={**CRM, "erp": keyed}, environment="live")

    assert out.promise("call", "call", "erp.do").key_window == 86_400
    assert out.promise("call", "call", "crm.create-task").key_window is None
    assert out.promise("mail", "sms", "welcome/hello") == out.inbox.abilities
    assert out.promise("ask", "ask", "lead") == out.mail.abilities
    assert out.abilities("call:erp").batch > out.abilities("call:crm").batch
    paced = ways(connections={"crm": replace(CRM["crm"], pacing=Pacing(concurrency=200))}, environment="live")
    assert (out.abilities("call:crm").batch, paced.abilities("call:crm").batch) == (20, 200)
    assert out.forgetful == (out.abilities("call:crm"),)


def test_everything_can_be_closed():
    asyncio.run(ways(connections=CRM).close())


@pytest.mark.parametrize("word", TLS)
def test_the_project_file_and_the_mail_server_agree_on_what_tls_is_called(word: str):
    assert SmtpServer.read({"host": "mail.example.com", "tls": word}, {}).tls == word


def test_a_channel_goes_through_the_provider_that_is_declared_for_it():
    settings = {"provider": "twilio", "account": "AC1", "token": "t", "from": "Sunny"}
    out = ways(channels={"sms": settings})

    assert isinstance(out.of("sms"), ProviderChannel)
    assert out.of("sms").abilities.rate == 10
    assert out.of("push") is out.inbox
    assert len(out.everything) == 4


def test_mail_may_leave_through_a_declared_provider_too():
    settings = {"base": "https://listmonk.example.com", "user": "u", "token": "t", "template": "3"}
    out = ways(email="listmonk", channels={"listmonk": settings})

    assert isinstance(out.of("email"), ProviderChannel)
    assert out.others == {}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"provider": "twilio", "token": "t"}, "sms: say 'account'"),
        ({"provider": "twilio", "account": "AC1", "token": "env.T"}, "T is not set"),
        ({"provider": "pigeon"}, "'pigeon' is not a way out"),
    ],
)
def test_an_incomplete_channel_uses_nothing_up_and_says_what_to_do(settings, words):
    text = Envelope(id="t1", channel="sms", to="+31612345678", text="Hello")

    receipt = asyncio.run(ways(channels={"sms": settings}).of("sms").send([text]))[0]

    assert receipt.outcome is Outcome.CONFIGURATION
    assert words in receipt.detail


def test_a_broken_file_of_the_project_closes_its_channel_and_no_other(tmp_path):
    (tmp_path / "providers").mkdir()
    (tmp_path / "providers" / "acme.yaml").write_text("provider: acme\n")
    out = ways(root=tmp_path, channels={"sms": {"provider": "acme"}})

    assert "its file has a mistake" in asyncio.run(out.of("sms").send([MAIL]))[0].detail
    assert asyncio.run(out.of("email").send([MAIL]))[0].outcome is Outcome.ACCEPTED
