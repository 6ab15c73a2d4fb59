"""What recipients and providers do wakes whoever waits for it, at once: as an event does that is sent to us."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from lifeloop.web.recipient import create_public_app
from lifeloop.work.hits import SETTLE, settle_hits

WAITS = """
journey: one
phase: welcome
start: {event: order.placed}
again: always
delivery: {topic: news}
stop:
  - unsubscribed happened
  - message.clicked happened
  - message.bounced happened
steps:
  - send: shop/one
  - wait: 30 days
"""
PERSON = {"user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}


@pytest.fixture
def shop(recipients):
    made = recipients(tracking="individual")
    made.rewrite(WAITS)
    made.sent = made.mail(consents={"news": True, "tracking": True})
    made.clock.set(made.clock.now() + 300)
    made.space.store.stir = made.woken.extend
    return made


def test_leaving_wakes_those_who_wait_for_it(shop) -> None:
    answer = shop.client.request("POST", shop.link(shop.sent, "u"))
    assert (answer.status_code, shop.woken) == (200, ["one"])


def test_looking_wakes_nobody(shop) -> None:
    shop.client.request("GET", shop.link(shop.sent, "u"))
    assert shop.woken == []


def test_a_click_wakes_once_it_is_judged(shop) -> None:
    assert shop.client.request("GET", shop.link(shop.sent, "c"), headers=PERSON).status_code == 302
    assert shop.woken == []
    shop.clock.set(shop.clock.now() + SETTLE + 1)
    settle_hits(shop.space, shop.clock.now())
    assert set(shop.woken) == {"one"}


def test_a_report_of_a_provider_wakes(shop, client_of) -> None:
    project = shop.space.project
    channels = {"postmark": {"callback_secret": "env.CB"}}
    shop.space.project = replace(project, catalogue=replace(project.catalogue, email="postmark", channels=channels))
    client = client_of(create_public_app(shop.space, environ={"CB": "s3cret"}))
    told = {"RecordType": "Bounce", "ID": 1, "Type": "HardBounce", "BouncedAt": "2026-03-02T10:01:00Z"}
    told |= {"Metadata": {"lifeloop_id": shop.sent.message_id}, "Email": "ana@example.com"}
    proof = {"authorization": "Basic " + base64.b64encode(b"lifeloop:s3cret").decode()}
    answer = client.request("POST", "/cb/postmark", content=json.dumps(told).encode(), headers=proof)
    assert answer.text == "1 new, 0 known\n"
    assert set(shop.woken) == {"one"}


def test_what_is_taken_back_wakes_nobody(shop) -> None:
    with pytest.raises(ZeroDivisionError):
        _stir_and_fail(shop.space.store)
    assert shop.woken == []


def _stir_and_fail(store) -> None:
    with store.transaction() as tx:
        tx.stirred.add("one")
        raise ZeroDivisionError
