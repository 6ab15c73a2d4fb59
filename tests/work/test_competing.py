"""Journeys that want the same customer: the one that goes first does, and the other one's story says who it was."""

from __future__ import annotations

import pytest
from tests.work.test_gating import copy, decided, news

from lifeloop.channel.values import Abilities, Receipt
from lifeloop.engine.retry import Outcome
from lifeloop.store import journeys, rivals
from lifeloop.work.finding import find_customer
from lifeloop.work.story import tell
from lifeloop.work.wave import Wave

MINUTE, HOUR, DAY = 60, 3600, 86_400
GAP = "topic: news, gap: 20 hours"
WAITING = "start: {{event: order.placed}}\ndelivery: {{{delivery}}}\nsteps:\n  - wait: {length}\n  - send: {text}\n"


def later(text: str, length: str, delivery: str = GAP) -> str:
    return WAITING.format(text=text, length=length, delivery=delivery)


def told(shop, key: str = "ana") -> list[str]:
    with shop.space.store.reading() as tx:
        story = tell(shop.space, tx, find_customer(tx, key), 50)
    return [f"{line.kind} {line.journey}: {line.words} {line.aside}".rstrip() for line in (*story.past, *story.ahead)]


def held(shop, key: str = "ana") -> list[str]:
    return [line for line in told(shop, key) if line.startswith("held")]


def test_the_loser_says_whose_message_took_its_place(shop) -> None:
    shop.publish(aaa=news("shop/one", GAP), important=news("shop/two", GAP))
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    assert shop.said() == [("shop/two", "sent")]
    assert held(shop) == ["held aaa: less than 20 hours after the message before, shop/two of important"]


def test_a_worker_that_comes_first_waits_for_the_journey_that_goes_first(shop) -> None:
    """Two workers, each with a journey of its own; the one of the lesser journey is quicker."""
    shop.publish(aaa=later("shop/one", "1 hour"), important=later("shop/two", "1 hour"))
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.go(HOUR, journey="aaa")
    assert shop.said() == []
    assert held(shop) == ["held aaa: shop/two of important goes first"]
    shop.wave(journey="important")
    shop.go(MINUTE, journey="aaa")
    assert shop.said() == [("shop/two", "sent")]
    assert held(shop)[-1] == "held aaa: less than 20 hours after the message before, shop/two of important"


def test_a_journey_that_nobody_moves_stands_in_nobodys_way(shop) -> None:
    shop.publish(aaa=later("shop/one", "1 hour"), important=later("shop/two", "1 hour"))
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.go(HOUR, journey="aaa")
    for _ in range(5):
        shop.go(15, journey="aaa")
    assert shop.said() == [("shop/one", "sent")]


def test_nor_does_a_journey_that_rests(shop) -> None:
    shop.publish(aaa=later("shop/one", "1 hour"), important=later("shop/two", "1 hour"))
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    with shop.space.store.transaction() as tx:
        journeys.pause(tx, ["important"], "", shop.now)
    shop.go(HOUR)
    assert shop.said() == [("shop/one", "sent")]


def test_one_look_ahead_a_message_does_not_push_back_what_goes_first(shop) -> None:
    """At nine it would leave, and keep the more important one of two o'clock from leaving until the next day."""
    shop.publish(aaa=later("shop/one", "1 hour"), important=later("shop/two", "6 hours"))
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.go(HOUR)
    assert (shop.said(), held(shop)) == ([], ["held aaa: shop/two of important goes first"])
    shop.go(5 * HOUR)
    assert shop.said() == [("shop/two", "sent")]
    shop.go(20 * HOUR)
    assert shop.said() == [("shop/two", "sent"), ("shop/one", "sent")]


def test_what_would_not_be_pushed_back_is_not_waited_for(shop) -> None:
    shop.publish(aaa=later("shop/one", "1 hour"), important=later("shop/two", "2 days"))
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.go(HOUR)
    assert shop.said() == [("shop/one", "sent")]


@pytest.mark.parametrize(("consents", "topic"), [({"news": True, "tips": False}, "tips"), ({"news": True}, "service")])
def test_nor_what_may_not_leave_or_does_not_count(shop, consents, topic) -> None:
    lines = (shop.root / "lifeloop.yaml").read_text().replace("  news:", "  tips: {basis: consent}\n  news:")
    (shop.root / "lifeloop.yaml").write_text(lines)
    shop.publish(
        aaa=later("shop/one", "1 hour"), important=later("shop/two", "6 hours", f"topic: {topic}, gap: 20 hours")
    )
    shop.person(consents=consents)
    shop.event("ana", "order.placed")
    shop.wave()
    shop.go(HOUR)
    assert shop.said() == [("shop/one", "sent")]


def test_what_is_decided_and_not_handed_over_gives_way(shop) -> None:
    shop.publish(aaa=news("shop/one", GAP), important=news("shop/two", GAP).replace("order.placed", "order.paid"))
    shop.person()
    shop.event("ana", "order.placed")
    Wave(shop.space, "aaa").admit()
    shop.event("ana", "order.paid")
    Wave(shop.space, "important").admit()
    assert sorted(shop.said()) == [("shop/one", "ready"), ("shop/two", "ready")]
    shop.wave(journey="aaa")
    assert sorted(shop.said()) == [("shop/one", "ready"), ("shop/two", "ready")]
    assert "leaves aaa: shop/one held: shop/two of important goes first" in told(shop)
    shop.wave(journey="important")
    shop.go(MINUTE)
    assert sorted(shop.said()) == [("shop/one", "ready"), ("shop/two", "sent")]


def test_without_others_that_matter_nothing_more_is_asked(shop, monkeypatch) -> None:
    shop.publish(important=news("shop/two", "topic: service"))
    shop.person()
    shop.event("ana", "order.placed")
    monkeypatch.setattr(rivals, "running", lambda *_: pytest.fail("there is nobody to ask about"))
    shop.wave()
    assert shop.said() == [("shop/two", "sent")]


# Recovery -----------------------------------------------------------------------------------------------------------

CASE = """
start: {event: order.paid}
goal: answer.given happened
delivery: {topic: service}
steps:
  - send: shop/three
  - wait: {for: ours.happened, max: 30 days}
  - send: shop/two
"""


def in_recovery(shop, delivery: str = GAP) -> None:
    shop.publish(helping=CASE, promo=later("shop/one", "1 hour", delivery))
    file = shop.root / "journeys" / "helping.yaml"
    file.write_text(file.read_text().replace("phase: welcome", "phase: recovery"))
    shop.publish()
    shop.person()
    shop.event("ana", "order.placed")
    shop.event("ana", "order.paid")
    shop.wave()
    shop.go(HOUR)


def test_promotion_waits_until_the_case_is_closed_and_says_so(shop) -> None:
    in_recovery(shop)
    assert shop.said() == [("shop/three", "sent")]
    assert held(shop) == ["held promo: promotion waits until helping has put things right"]
    for _ in range(3):
        shop.go(DAY)
    assert shop.said() == [("shop/three", "sent")]
    shop.event("ana", "answer.given", score=9)  # the goal: from here on it is solved, though the journey goes on
    shop.wave()
    shop.go(DAY)
    assert shop.said() == [("shop/three", "sent"), ("shop/one", "sent")]


def test_promotion_is_left_out_where_that_is_declared(shop) -> None:
    in_recovery(shop, f"{GAP}, recovery: skip")
    assert any("shop/one: no promotion while helping puts things right" in line for line in told(shop))
    assert shop.said() == [("shop/three", "sent")]


def test_or_sent_all_the_same(shop) -> None:
    in_recovery(shop, f"{GAP}, recovery: send")
    assert shop.said() == [("shop/three", "sent"), ("shop/one", "sent")]


def test_a_case_opened_between_the_decision_and_the_gate_holds(shop) -> None:
    shop.publish(helping=CASE, promo=news("shop/one", GAP))
    file = shop.root / "journeys" / "helping.yaml"
    file.write_text(file.read_text().replace("phase: welcome", "phase: recovery"))
    shop.publish()
    shop.person()
    shop.event("ana", "order.placed")
    Wave(shop.space, "promo").admit()
    assert shop.said() == [("shop/one", "ready")]
    shop.event("ana", "order.paid")
    shop.wave(journey="helping")
    shop.wave(journey="promo")
    assert sorted(shop.said()) == [("shop/one", "ready"), ("shop/three", "sent")]
    assert any("promotion waits until helping has put things right" in line for line in told(shop))


# A second try keeps its place ----------------------------------------------------------------------------------------


def lost_at_first(_count: int, item) -> Receipt:
    return Receipt(id=item.id, outcome=Outcome.UNCERTAIN if _count == 1 else Outcome.ACCEPTED)


def test_a_message_that_waits_for_its_second_try_goes_on_counting(shop) -> None:
    """Both were decided already; the second comes to the gate while nobody knows whether the first arrived."""
    shop.publish(one=news("shop/one", GAP))
    decided(shop)
    copy(shop, 1)
    with shop.space.store.transaction() as tx:
        tx.run("UPDATE message SET next_at = next_at + 5 WHERE length(id) > 32")
    way = shop.mail_by(Abilities(batch=4, key_window=DAY))
    way.answers = lost_at_first
    shop.wave()
    assert [status for _, status in shop.said()] == ["ready", "ready"]
    shop.go(5)
    assert [status for _, status in shop.said()] == ["ready", "ready"]
    assert [one.reason for one in shop.messages()][1] == "gap: one shop/one"
    shop.go(10 * MINUTE)
    assert ([status for _, status in shop.said()], len(way.handed)) == (["sent", "ready"], 2)


def test_what_surely_did_not_leave_gives_its_place_back(shop) -> None:
    shop.publish(one=news("shop/one", GAP), two=news("shop/two", GAP))
    decided(shop)
    way = shop.mail_by(Abilities(batch=4, key_window=DAY))
    way.answers = lambda _count, item: Receipt(id=item.id, outcome=Outcome.REJECTED)
    shop.wave()
    with shop.space.store.reading() as tx:
        assert [tuple(row) for row in tx.ask("SELECT sent_at, reserved_at FROM message")] == [(None, None)]
