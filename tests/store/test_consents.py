"""Permission: the newest word holds, the stricter of two, and a refusal cancels what was ready."""

from __future__ import annotations

from lifeloop.store import consents, messages
from lifeloop.store.values import ConsentRow, SuppressionRow


def test_the_newest_word_holds_whatever_the_order_it_comes_in(world) -> None:
    (ana,) = world.customers(1)
    rows = [ConsentRow(ana, "offers", granted, at) for granted, at in ((True, 5), (False, 9), (True, 7))]
    with world.store.transaction() as tx:
        for row in rows:
            consents.record(tx, [row], 10)
        assert consents.of_customer(tx, ana) == {"offers": False}
        consents.record(tx, [ConsentRow(ana, "offers", True, 20), ConsentRow(ana, "offers", False, 20)], 20)
        assert consents.of_customer(tx, ana) == {"offers": False}
        consents.record(tx, [ConsentRow(ana, "offers", True, 21, "sms", "form", "ip 192.0.2.1")], 21)
        assert consents.of_customer(tx, ana) == {"offers": False, "sms/offers": True}
        assert len(consents.history(tx, ana)) == 6
        assert consents.history(tx, ana)[-1].evidence == "ip 192.0.2.1"


def test_unsubscribing_cancels_that_topic_of_that_customer_only(world) -> None:
    one, two = world.ready(2)
    other = one._replace(id="m-service", topic="service")
    text = one._replace(id="m-sms", channel="sms")
    with world.store.transaction() as tx:
        messages.add(tx, [other, text], 90)
        assert consents.unsubscribe(tx, one.customer_id, "offers", 95, channel="email") == 1
        found = messages.find(tx, [one.id, two.id, other.id, text.id])
        assert [found[row.id].status for row in (one, two, other, text)] == ["cancelled", "ready", "ready", "ready"]
        assert found[one.id].reason == "unsubscribed"
        assert consents.unsubscribe(tx, one.customer_id, "offers", 96) == 1


def test_an_old_refusal_that_comes_late_cancels_nothing(world) -> None:
    (row,) = world.ready(1)
    with world.store.transaction() as tx:
        consents.record(tx, [ConsentRow(row.customer_id, "offers", True, 50)], 50)
        assert consents.record(tx, [ConsentRow(row.customer_id, "offers", False, 40)], 60) == 0
        assert messages.find(tx, [row.id])[row.id].status == "ready"


def test_suppressed_addresses_are_compared_without_capitals(world) -> None:
    world.customers(1)
    with world.store.transaction() as tx:
        consents.suppress(tx, [SuppressionRow("email", " C0@Example.COM ", "bounced", 1)] * 2)
        assert [row.reason for row in consents.suppressed(tx, "c0@example.com")] == ["bounced"]
        consents.unsuppress(tx, "email", "c0@EXAMPLE.com")
        assert consents.suppressed(tx, "c0@example.com") == ()
