"""A provider forgets a key after a while. Who comes back later than that must not send a second time."""

from lifeloop.channel.values import Abilities, Receipt
from lifeloop.engine.retry import Outcome

MINUTE, HOUR = 60, 3600
HALF_AN_HOUR = Abilities(key_window=30 * MINUTE, batch=4)
ONE = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/one
"""


def first(outcome: Outcome):
    """Answer the first try so, and take every later one."""
    return lambda count, item: Receipt(id=item.id, outcome=outcome if count == 1 else Outcome.ACCEPTED)


def begun(shop, outcome):
    way = shop.mail_by(HALF_AN_HOUR)
    way.answers = first(outcome)
    shop.publish(orders=ONE)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    return way


def test_within_the_window_a_lost_answer_is_asked_for_again(shop):
    way = begun(shop, Outcome.UNCERTAIN)

    shop.go(2 * MINUTE)

    assert len(way.handed) == 2
    assert shop.said() == [("shop/one", "sent")]


def test_after_the_window_it_counts_as_sent(shop):
    """The machine slept for an hour between the lost answer and the second try."""
    way = begun(shop, Outcome.UNCERTAIN)

    shop.go(HOUR)

    assert len(way.handed) == 1
    assert shop.said() == [("shop/one", "assumed_sent")]


def test_what_surely_did_not_arrive_is_sent_however_late(shop):
    way = begun(shop, Outcome.NOT_ACCEPTED)

    shop.go(HOUR)

    assert len(way.handed) == 2
    assert shop.said() == [("shop/one", "sent")]


def test_a_way_out_that_was_changed_in_between_recognises_nothing(shop):
    begun(shop, Outcome.UNCERTAIN)
    other = shop.mail_by()

    shop.go(2 * MINUTE)

    assert other.handed == []
    assert shop.said() == [("shop/one", "assumed_sent")]
