"""One customer's story across journeys: in the order it happened, in words, and what waits until when."""

from __future__ import annotations

from lifeloop.channel.values import Receipt
from lifeloop.engine.retry import Outcome
from lifeloop.store import consents, customers, objects
from lifeloop.work.asking import answer, open_questions
from lifeloop.work.story import tell

ORDERS = """
    start: {event: order.placed}
    audience: [start.total is at least 20]
    again: after 90 days
    stop:
      - order.paid happened
    steps:
      - send: shop/one
        topic: service
      - if: customer.city is Rome
        then:
          - set: {customer.seen: rome}
      - wait: 3 days
      - send: shop/two
        topic: news
"""
PERSONAL = """
    start: {event: order.placed}
    delivery: {hours: every day 09:00-19:00, topic: service, gap: 20 hours}
    again: always
    steps:
      - ask: boss
        question: "Shall we write to {{ customer.first_name | default('them') }}?"
        max: 2 days
      - send: shop/three
"""


def story(shop, key="ana", limit=100):
    with shop.space.store.reading() as tx:
        return tell(shop.space, tx, customers.find_keys(tx, [key])[key], limit)


def past(shop, **options):
    return [(line.kind, line.words) for line in story(shop, **options).past]


def test_lines_of_one_instant_come_in_the_order_they_happened(shop):
    shop.publish(orders=ORDERS)
    shop.person(city="Rome")
    shop.event("ana", "order.placed", total=30)
    shop.wave()
    assert past(shop) == [
        ("consent", "yes to news"),
        ("event", "order.placed"),
        ("starts", "order.placed"),
        ("email", "Hello Ana"),
        ("choose", "city is Rome"),
        ("set", "seen = rome"),
    ]


def test_what_waits_is_ahead_and_what_never_left_says_why(shop):
    shop.publish(orders=ORDERS)
    shop.person(consents={})
    shop.event("ana", "order.placed", total=30)
    shop.wave()
    (waiting,) = story(shop).ahead
    assert (waiting.kind, waiting.words, waiting.at - shop.now) == ("waits", "waits 3 days", 3 * 86_400)
    shop.go(3 * 86_400)
    told = story(shop)
    assert told.ahead == ()
    assert [(line.kind, line.words) for line in told.past[-2:]] == [
        ("dropped", 'shop/two: they have not said yes to "news"'),
        ("ends", "came to its end"),
    ]


def test_a_run_that_a_rule_ended_says_which(shop):
    shop.publish(orders=ORDERS)
    shop.person()
    shop.event("ana", "order.placed", total=30)
    shop.wave()
    shop.event("ana", "order.paid", at=shop.now + 60)
    shop.go(60)
    assert past(shop)[-2:] == [("event", "order.paid"), ("ends", "stopped: order.paid happened")]


def test_a_question_and_its_answer_are_told_once(shop):
    shop.publish(personal=PERSONAL)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    with shop.space.store.reading() as tx:
        (question,) = open_questions(shop.space, tx)
    assert (question.words, question.customer.key) == ("Shall we write to Ana?", "ana")
    answer(shop.space, question.message.id[:8], approved=True, note="a friend")
    shop.go(60)
    lines = [line for line in story(shop).past if line.kind == "ask"]
    assert [(line.words, line.aside) for line in lines] == [("boss: Shall we write to Ana?", "approved: a friend")]
    assert ("email", "Hello Ana") in past(shop)


def test_only_the_newest_lines_are_told_when_there_are_many(shop):
    shop.person()
    for number in range(8):
        shop.event("ana", "order.placed", at=shop.now - 100 + number, order_id=str(number))
    told = story(shop, limit=3)
    assert ([line.data["order_id"] for line in told.past if line.kind == "event"], told.shortened) == (["6", "7"], True)
    assert len(story(shop).past) == 9


def test_a_start_that_is_still_to_come_is_ahead(shop):
    shop.publish(end="start: {date: contract.ends, at: 9:00}\nsteps: [{send: shop/one, topic: service}]")
    shop.person(things={"contract": ({"contract_id": "C-1", "ends": "2026-12-24"},)})
    (line,) = story(shop).ahead
    assert (line.kind, line.journey, line.aside) == ("may start", "end", "C-1")
    with shop.space.store.reading() as tx:
        assert objects.of_customers(tx, [customers.find_keys(tx, ["ana"])["ana"].id])
        assert consents.of_customer(tx, customers.find_keys(tx, ["ana"])["ana"].id) == {"news": True}


def test_a_run_ends_after_its_last_message_though_that_left_a_few_seconds_later(shop):
    def slow(count, item):
        shop.clock.set(shop.now + 3)
        return accepted(count, item)

    shop.publish(end="start: {event: order.placed}\nsteps: [{send: shop/one, topic: service}]")
    way = shop.mail_by()
    way.answers, accepted = slow, way.answers
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    assert past(shop)[-2:] == [("email", "shop/one"), ("ends", "came to its end")]


def test_a_refusal_is_told_when_it_came_and_before_what_it_brought(shop):
    shop.publish(end="start: {event: order.placed}\nsteps: [{send: shop/one, topic: service}, {wait: 3 days}]")
    way = shop.mail_by()
    way.answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.NOT_ACCEPTED)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    way.answers = lambda _, item: Receipt(
        id=item.id, outcome=Outcome.REJECTED, detail="no such mailbox", address="dead"
    )
    shop.go(3600)
    refused = next(line for line in story(shop).past if line.kind == "dropped")
    assert (refused.words, refused.aside) == ("shop/one could not be delivered", "no such mailbox")
    assert refused.at > next(line for line in story(shop).past if line.kind == "starts").at
    assert [kind for kind, _ in past(shop)][3:] == ["dropped", "event", "event", "never"]
