"""STOP, START and replies change what they say, for whom they say it, once."""

from __future__ import annotations

import pytest

from lifeloop.channel.callbacks.values import Report
from lifeloop.store import consents, events, reports
from lifeloop.store.values import SuppressionRow
from lifeloop.work.answering import take_reports
from lifeloop.work.tidying import tidy

ANA = "+31612345678"
DAY = 86_400
JOURNEY = """
start: {event: order.placed}
again: always
delivery: {topic: news}
steps:
  - send: shop/one
  - wait: {for: message.replied, max: 5 days}
  - send: shop/two
"""


TEXT = """---
by: sms
---
A few words. Reply STOP to leave.
"""


@pytest.fixture
def texting(shop):
    for name in ("one", "two"):
        (shop.root / "templates" / "shop" / f"{name}.md").write_text(TEXT)
    shop.publish(one=JOURNEY)
    shop.person(phone=ANA)
    shop.event("ana", "order.placed")
    shop.wave()
    return shop


def write(shop, kind, number=ANA, **more):
    key = more.pop("key", f"{kind}:{shop.now}:{number}")
    return take_reports(shop.space, "twilio", "sms", [Report(key=key, kind=kind, recipient=number, **more)])


def against(shop, address=ANA):
    with shop.space.store.reading() as tx:
        return [(row.channel, row.reason) for row in consents.suppressed(tx, address)]


def happened(shop):
    with shop.space.store.reading() as tx:
        return [(event.name, dict(event.data)) for event in events.after(tx, 0, 100) if event.name != "order.placed"]


def test_stop_ends_the_channel_and_start_takes_it_back(shop):
    shop.person(phone=ANA)
    write(shop, "opted_out")
    assert against(shop) == [("sms", "opted_out")]

    shop.clock.set(shop.now + 60)
    write(shop, "opted_in")
    assert against(shop) == []
    assert happened(shop) == [("unsubscribed", {"channel": "sms"}), ("resubscribed", {"channel": "sms"})]


def test_start_takes_back_no_complaint_and_no_dead_number(shop):
    shop.person(phone=ANA)
    with shop.space.store.transaction() as tx:
        consents.suppress(tx, [SuppressionRow("sms", ANA, "complaint", 1)])
    write(shop, "opted_in")
    assert against(shop) == [("sms", "complaint")]
    assert happened(shop) == []


def test_the_order_of_time_decides_within_a_batch(shop):
    shop.person(phone=ANA)
    stop = Report(key="2", kind="opted_out", recipient=ANA, at=shop.now - 1)
    start = Report(key="1", kind="opted_in", recipient=ANA, at=shop.now - 2)
    take_reports(shop.space, "twilio", "sms", [stop, start])
    assert against(shop) == [("sms", "opted_out")]


def test_a_number_that_nobody_has_is_left_alone_as_well(shop):
    write(shop, "opted_out", "+31699999999")
    assert against(shop, "+31699999999") == [("sms", "opted_out")]


@pytest.mark.parametrize("word", ["", "help"])
def test_a_reply_is_one_to_the_latest_text_and_wakes_its_journey(texting, word):
    shop = texting
    shop.go(60)
    write(shop, "replied", word=word)
    shop.go(60)

    said = {"message": "shop/one"} | ({"word": word} if word else {})
    assert happened(shop) == [("message.replied", said)]
    assert ("event", "message.replied") in shop.line(shop.runs()[0])


def test_a_reply_weeks_later_is_no_reply_to_anything(texting):
    shop = texting
    shop.clock.set(shop.now + 31 * DAY)
    write(shop, "replied")
    assert happened(shop) == []


def test_soft_bounces_are_forgiven_after_ninety_days_and_nothing_else_is(shop):
    rows = [SuppressionRow("email", f"{why}@example.com", why, shop.now) for why in ("soft_bounce", "hard_bounce")]
    with shop.space.store.transaction() as tx:
        consents.suppress(tx, rows)
    shop.clock.set(shop.now + 90 * DAY)
    tidy(shop.space)
    assert against(shop, "soft_bounce@example.com") == [("email", "soft_bounce")]
    shop.clock.set(shop.now + 1)
    tidy(shop.space)
    assert against(shop, "soft_bounce@example.com") == []
    assert against(shop, "hard_bounce@example.com") == [("email", "hard_bounce")]


def test_the_mark_of_an_address_cannot_be_guessed_without_the_key(shop):
    shop.person(phone=ANA)
    write(shop, "opted_out")
    with shop.space.store.reading() as tx:
        marks = [row.mark for row in tx.ask("SELECT mark FROM report")]
        (key,) = [row.value for row in tx.ask("SELECT value FROM project_key WHERE name = 'reports'")]
    assert marks == [reports.mark(bytes.fromhex(key), "sms", ANA)]
    assert marks != [reports.mark(bytes(32), "sms", ANA)]
