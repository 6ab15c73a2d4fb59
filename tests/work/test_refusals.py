"""A provider that says at once that nobody is there, or that they left, is believed in the same commit."""

from __future__ import annotations

import pytest

from lifeloop.channel.values import Receipt
from lifeloop.engine.retry import Outcome
from lifeloop.store import consents, customers, events, outgoing
from lifeloop.work.story import tell

JOURNEY = """
start: {event: order.placed}
again: always
delivery: {topic: news}
steps:
  - send: shop/one
  - wait: {for: message.bounced, max: 5 days}
  - send: shop/two
"""


def refusing(about):
    return lambda _count, item: Receipt(id=item.id, outcome=Outcome.REJECTED, detail="no", address=about)


def sent(shop, answers):
    shop.mail_by().answers = answers
    shop.publish(one=JOURNEY)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()


def against(shop):
    with shop.space.store.reading() as tx:
        return [(row.channel, row.reason) for row in consents.suppressed(tx, "ana@example.com")]


def happened(shop):
    with shop.space.store.reading() as tx:
        return [(event.name, dict(event.data)) for event in events.after(tx, 0, 100) if event.name != "order.placed"]


@pytest.mark.parametrize(
    ("about", "reason"), [("dead", "hard_bounce"), ("listed", "provider_list"), ("opted out", "opted_out")]
)
def test_a_refused_address_is_left_alone_from_then_on(shop, about, reason):
    sent(shop, refusing(about))

    assert shop.said() == [("shop/one", "rejected")]
    assert against(shop) == [("email", reason)]

    way = shop.mail_by()
    shop.event("ana", "order.placed", source_id="again")
    shop.go(60)
    assert way.handed == []


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ("dead", "nothing leaves by email: nobody is there"),
        ("listed", "nothing leaves by email: the provider has it on a list of its own"),
        ("opted out", "nothing leaves by email: they asked for it"),
    ],
)
def test_their_story_says_why_nothing_leaves_any_more(shop, about, words):
    sent(shop, refusing(about))
    with shop.space.store.reading() as tx:
        past = tell(shop.space, tx, customers.find_keys(tx, ["ana"])["ana"], 20).past
    assert [line.words for line in past if line.kind == "never"] == [words]


@pytest.mark.parametrize(("about", "bounce"), [("dead", "hard"), ("listed", "rejected")])
def test_the_journeys_learn_it_as_if_it_had_been_reported(shop, about, bounce):
    sent(shop, refusing(about))
    name = {"message": "shop/one", "bounce": bounce}
    assert happened(shop) == [("message.bounced", name), ("bounced", name)]


def test_who_left_a_channel_is_told_as_such(shop):
    sent(shop, refusing("opted out"))
    assert happened(shop) == [("unsubscribed", {"channel": "email"})]


def test_a_refusal_that_says_nothing_of_the_address_suppresses_nobody(shop):
    sent(shop, refusing(None))
    assert shop.said() == [("shop/one", "rejected")]
    assert against(shop) == []


def test_an_answer_that_comes_after_the_lease_is_over_changes_nothing(shop):
    def slow(_count, item):
        with shop.space.store.transaction() as tx:
            outgoing.sweep(tx, shop.now + 10_000)
        return Receipt(id=item.id, outcome=Outcome.REJECTED, detail="no", address="dead")

    sent(shop, slow)
    assert shop.said() == [("shop/one", "uncertain")]
    assert against(shop) == []
