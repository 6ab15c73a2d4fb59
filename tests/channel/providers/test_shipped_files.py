"""Every provider file that comes with Lifeloop against its recorded examples."""

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

from lifeloop.channel.declared_border import DeclaredBorder
from lifeloop.channel.declared_files import declared
from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Guard
from lifeloop.channel.providers.known import CLASSES
from lifeloop.channel.providers.sending import ProviderChannel
from lifeloop.channel.providers.settings import resolved
from lifeloop.clock import SetClock
from lifeloop.engine.retry import Outcome
from lifeloop.journey.ways import MAIL_PROVIDERS, OTHER_PROVIDERS

NOW = 1_780_000_000
NOWHERE = Path("/nowhere")
NAMES = sorted({*MAIL_PROVIDERS, *OTHER_PROVIDERS} - CLASSES.keys())
RECORDED = {name: json.loads((Path(__file__).parent / "recorded" / f"{name}.json").read_text()) for name in NAMES}
ROWS = [(name, row) for name in NAMES for row in RECORDED[name]["outcomes"]]


@pytest.fixture
def example(mail):
    """Return the message that a provider's recorded request is about."""

    def example(name, **changed):
        wanted = RECORDED[name]
        found = mail(channel=wanted["channel"], to=wanted["to"])
        if wanted.get("no_reply_to"):
            found = replace(found, sender=replace(found.sender, reply_to=None))
        if wanted.get("service"):
            found = replace(found, unsubscribe=None)
        return replace(found, **changed)

    return example


def channel(name, base, **more):
    found = declared(name, NOWHERE)
    settings = {**RECORDED[name]["settings"], **({"base": base} if "base" in found.takes else {}), **more}
    environ = {"KEY": "canary-key", "HOOK": f"{base}/services/T0/B0/canary"}
    border = DeclaredBorder(found, resolved(name, found.takes, settings, environ), "sunny-energy")
    return ProviderChannel(name, border, border.check, Wire(guard=Guard.allowing(["127.0.0.0/8"])), SetClock(NOW))


@pytest.fixture
def send(serving):
    """Return a function that sends a message through a provider whose server gives this answer."""

    def send(name, message, answer, **more):
        async def run():
            async with serving(answer) as server:
                way = channel(name, server.url, **more)
                receipts = await way.send([message])
                await way.close()
                return receipts[0], server.seen

        return asyncio.run(run())

    return send


@pytest.mark.parametrize("name", NAMES)
def test_the_request_is_the_one_of_the_documentation(name, send, example):
    wanted = RECORDED[name]

    _, (request,) = send(name, example(name), wanted["outcomes"][0]["answer"])

    assert (request.method, request.path) == ("POST", wanted["path"])
    assert (dict(parse_qsl(request.body.decode())) if "form" in wanted else request.json) == wanted.get(
        "form", wanted.get("body")
    )
    assert {key: request.headers.get(key) for key in wanted["headers"]} == wanted["headers"]


@pytest.mark.parametrize(("name", "row"), ROWS, ids=[f"{name}: {row['what']}" for name, row in ROWS])
def test_every_answer_is_one_outcome(name, row, send, example):
    receipt, seen = send(name, example(name), row["answer"])

    assert len(seen) == 1
    assert receipt.outcome == Outcome(row["outcome"])
    assert receipt.provider_id == row.get("provider_id")
    assert receipt.retry_after == row.get("wait")
    assert receipt.address == row.get("address")
    assert row.get("says", "") in receipt.detail
    assert "canary" not in receipt.detail
    assert "612345678" not in receipt.detail


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_that_never_comes_leaves_it_open(name, send, example):
    assert send(name, example(name), None)[0].outcome is Outcome.UNCERTAIN


@pytest.mark.parametrize("name", NAMES)
def test_a_message_without_an_address_goes_nowhere(name, send, example):
    receipt, seen = send(name, example(name, to=""), (200, {}))

    assert (receipt.outcome, seen) == (Outcome.REJECTED, [])


@pytest.mark.parametrize("name", NAMES)
def test_whatever_a_customer_wrote_stays_one_text(name, send, example):
    rude = '"}{{ settings.token }}{% if x %}&From=evil\u2028.'

    receipt, seen = send(name, example(name, text=rude, html=rude), (200, {}))

    if name == "keila":
        assert "would calculate" in receipt.detail
        return
    (request,) = seen
    texts = list(parse_qsl(request.body.decode())) if name == "twilio" else leaves(request.json)
    assert (("Body", rude) if name == "twilio" else rude) in texts
    assert request.path == RECORDED[name]["path"]
    assert ("From", "evil") not in texts


def leaves(value):
    if isinstance(value, dict | list):
        return [leaf for item in (value.values() if isinstance(value, dict) else value) for leaf in leaves(item)]
    return [value]


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("twilio", {"text": "x" * 1601}, "1600 characters"),
        ("keila", {"unsubscribe": "https://mail.example.com/u/x"}, "no way to unsubscribe"),
        ("keila", {"subject": "Hello {{ name }}"}, "calculate"),
        ("listmonk", {"html": None}, "has none"),
        ("whatsapp-cloud", {"text": "x" * 1025}, "1024 characters"),
        ("slack", {"text": "x" * 40_001}, "40,000"),
    ],
)
def test_what_a_provider_cannot_say_is_refused_in_words(name, changed, words, send, example):
    receipt, seen = send(name, example(name, **changed), (200, {}))

    assert (receipt.outcome, seen) == (Outcome.REJECTED, [])
    assert words in receipt.detail


@pytest.mark.parametrize(("name", "at_once"), [("slack", 1), ("keila", 5)])
def test_no_more_requests_are_under_way_than_the_file_says(name, at_once, serving, example):
    async def run():
        async with serving((200, {})) as server:
            server.slow, server.crowd = 0.02, at_once
            way = channel(name, server.url)
            await way.send([example(name, id=f"m{nth}") for nth in range(12)])
            await way.close()
            return server.busiest, len(server.seen)

    assert asyncio.run(run()) == (at_once, 12)


def test_whatsapp_without_a_template_sends_free_text(send, example):
    _, (request,) = send("whatsapp-cloud", example("whatsapp-cloud"), (200, {}), template="")

    assert request.json["type"] == "text"
    assert request.json["text"] == {"body": "Hello Ana"}
    assert "template" not in request.json


@pytest.mark.parametrize("name", NAMES)
def test_where_callbacks_are_declared_they_find_our_id_and_know_our_words(name):
    found = declared(name, NOWHERE)

    if found.callbacks is not None:
        assert found.callbacks.message is not None
        assert found.callbacks.kind is not None
        assert found.callbacks.means


LIVE = {"twilio": ("account", "token", "from"), "bird": ("workspace", "channel", "key"), "cm": ("token", "from"),
        "whatsapp-cloud": ("number", "token"), "slack": ("hook",), "listmonk": ("base", "user", "token", "template"),
        "keila": ("token", "sender")}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_the_real_service_takes_a_message(name, example):
    """Needs its settings, as TWILIO_LIVE_TOKEN and so on, and LIFELOOP_LIVE_PHONE or _TO and _FROM (yours)."""
    shout = name.upper().replace("-", "_")
    own = {key: f"{shout}_LIVE_{key.upper()}" for key in LIVE[name]}
    mail = RECORDED[name]["channel"] == "email"
    needed = [*own.values(), *(("LIFELOOP_LIVE_TO", "LIFELOOP_LIVE_FROM") if mail else ("LIFELOOP_LIVE_PHONE",))]
    if missing := [variable for variable in needed if not os.environ.get(variable)]:
        pytest.skip(f"not set: {', '.join(missing)}")
    found = declared(name, NOWHERE)
    settings = {key: f"env.{variable}" for key, variable in own.items()}
    border = DeclaredBorder(found, resolved(name, found.takes, settings, os.environ), "lifeloop-test")
    way = ProviderChannel(name, border, border.check, Wire(), SetClock(NOW))
    message = example(name, to=os.environ[needed[-2] if mail else needed[-1]])
    if mail:
        message = replace(message, sender=replace(message.sender, address=os.environ["LIFELOOP_LIVE_FROM"]))

    async def run():
        receipts = await way.send([message])
        await way.close()
        return receipts

    (receipt,) = asyncio.run(run())
    assert receipt.outcome is Outcome.ACCEPTED, receipt.detail
