"""Facts as they arrive: twice, changed, from the future, unreadable; one clear answer each, and no harm done."""

from __future__ import annotations

import pytest

from lifeloop.store import events
from lifeloop.work.ingesting import TOLERANCE, Happening, Person, ingest

HOUR, DAY = 3600, 86_400

ORDER = """
start: {event: order.placed}
again: always
delivery: {topic: service}
steps:
  - send: shop/one
"""


def happening(shop, **more) -> Happening:
    known = {"customer": "ana", "name": "order.placed", "at": shop.now, "id": "e1", "data": {"order_id": "A"}}
    return Happening(**(known | more))


def test_the_same_event_again_is_known_and_starts_nothing(shop) -> None:
    shop.publish(order=ORDER)
    first = ingest(shop.space, [], [happening(shop), happening(shop)])
    again = ingest(shop.space, [], [happening(shop)])
    assert (first.events, first.duplicates, again.events, again.duplicates) == (1, 1, 0, 1)
    shop.wave()
    assert len(shop.runs()) == 1


def test_another_body_under_a_known_id_is_refused_and_reported(shop) -> None:
    shop.publish(order=ORDER)
    ingest(shop.space, [], [happening(shop)])
    found = ingest(shop.space, [], [happening(shop, data={"order_id": "B"}), happening(shop, id="e2")])
    assert (found.conflicts, found.events) == (("import/e1",), 1)


def test_nothing_happens_in_the_future(shop) -> None:
    """A clock that is minutes ahead is believed; one that is years ahead is not, and repeating it changes nothing."""
    shop.publish(order=ORDER)
    for number, ahead in enumerate((60, DAY, 10**12)):
        ingest(shop.space, [], [happening(shop, id=f"e{number}", at=shop.now + ahead)])
    with shop.space.store.reading() as tx:
        moments = [event.at - shop.now for event in events.after(tx, 0, 9)]
    assert moments == [60, TOLERANCE, TOLERANCE]
    shop.clock.set(shop.now + HOUR)
    again = ingest(shop.space, [], [happening(shop, id="e2", at=shop.now - HOUR + 10**12)])
    assert (again.duplicates, again.conflicts) == (1, ())
    shop.wave()
    assert {run.state.started_at for run in shop.runs()} <= set(range(shop.now - HOUR, shop.now + 1))


def test_what_happened_long_ago_is_believed_and_starts_nothing_stale(shop) -> None:
    shop.publish(order=ORDER)
    ingest(
        shop.space,
        [Person("ana", {"email": "ana@example.com"})],
        [happening(shop, at=shop.now - 40 * DAY), happening(shop, id="e2", at=-(10**15))],
    )
    shop.wave()
    assert (shop.runs(), shop.messages()) == ([], [])


def test_an_old_event_does_not_end_a_wait_that_began_later(shop) -> None:
    shop.publish(
        wait="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - wait: {for: order.paid, max: 3 days}
            then: [{send: shop/one}]
            else: [{send: shop/two}]
        """
    )
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.event("ana", "order.paid", at=shop.now - DAY)
    shop.go(HOUR)
    assert shop.messages() == []
    shop.event("ana", "order.paid", at=shop.now, source_id="e2")
    shop.wave()
    assert shop.said() == [("shop/one", "sent")]


@pytest.mark.parametrize(
    "text", ["nul \x00 inside", "half a pair \ud800", "\u202e backwards", "\U0001f469\u200d\U0001f467"]
)
def test_any_text_can_be_taken_in(shop, text) -> None:
    shop.publish(order=ORDER)
    ingest(
        shop.space,
        [Person("ana", {"first_name": text, "email": "ana@example.com"}), Person("bo", {"city": "Rome"})],
        [happening(shop, data={"order_id": text, "more": [text, {"deep": text}]})],
    )
    shop.wave()
    assert shop.customer("bo")["city"] == "Rome"
    assert shop.said("ana") == [("shop/one", "sent")]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 10**30, -0.0])
def test_any_number_can_be_taken_in(shop, number) -> None:
    shop.publish(order=ORDER)
    ingest(shop.space, [Person("ana", {"email": "ana@example.com", "points": number})], [happening(shop)])
    shop.wave()
    assert shop.said("ana") == [("shop/one", "sent")]
