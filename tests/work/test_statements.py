"""Everything in batches: a wave over a thousand people takes no more statements than one over ten."""

from __future__ import annotations

DAY = 86_400

JOURNEY = """
start: {event: order.placed}
stop: [order.paid happened]
delivery: {topic: service, volume: 5000 per day}
steps:
  - set: {customer.seen: "yes"}
  - send: shop/one
  - record: ours.happened
  - wait: 2 days
  - if: customer.city is Rome
    then: [{send: shop/two}]
    else: [{send: shop/three}]
  - enter: other
"""
OTHER = """
start: from another journey
delivery: {topic: service}
steps:
  - set: {customer.status: seen}
"""


BATCH = 4000
"""So large that nobody fills a share of it: a journey that does is asked a second time, for what others left."""


def counted_wave(shop, counted, count: int, seconds: int) -> int:
    shop.clock.set(shop.now + seconds)
    with counted(shop.space.store) as seen:
        done = shop.wave(batch=BATCH)
    assert sum(done.values()) >= count
    return len(seen)


def test_a_wave_over_a_thousand_takes_no_more_statements_than_one_over_ten(shop, counted) -> None:
    shop.publish(main=JOURNEY, other=OTHER)
    shop.calls_by(shop.space.ways.inbox.abilities)
    keys = shop.people(1010)
    shop.events(keys[:10], "order.placed")
    few = counted_wave(shop, counted, 10, 0)
    few_later = counted_wave(shop, counted, 10, 2 * DAY)
    shop.events(keys[10:], "order.placed")
    many = counted_wave(shop, counted, 1000, 60)
    many_later = counted_wave(shop, counted, 1000, 2 * DAY)
    assert many <= few
    assert many_later <= few_later
    assert len([1 for _, status in shop.said() if status == "sent"]) == 2 * 1010


def test_taking_in_a_thousand_takes_no_more_statements_than_ten(shop, counted) -> None:
    shop.publish(main=JOURNEY, other=OTHER)
    keys = shop.people(1010)
    with counted(shop.space.store) as few:
        shop.events(keys[:10], "order.placed")
    with counted(shop.space.store) as many:
        shop.events(keys[10:], "order.placed")
    assert len(many) <= len(few)
