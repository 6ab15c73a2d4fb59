"""Who enters, who does not, how often, and when: every kind of start through the store."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lifeloop.engine.values import Candidate
from lifeloop.store import candidates, customers, occasions
from lifeloop.store.values import NewCandidate
from lifeloop.work import calling
from lifeloop.work.calling import call_in
from lifeloop.work.ingesting import Person, ingest

MINUTE, HOUR, DAY = 60, 3600, 86_400

ORDER = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/one
"""


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())


def test_an_event_lets_its_customer_in_and_nobody_else(shop) -> None:
    shop.publish(order=ORDER)
    shop.person("ana")
    shop.person("bo")
    shop.event("ana", "order.placed")
    shop.wave()
    assert shop.said() == [("shop/one", "sent")]
    assert [run.state.status for run in shop.runs("ana")] == ["completed"]
    assert shop.runs("bo") == []


def test_an_event_of_somebody_unknown_makes_them_known(shop) -> None:
    shop.publish(order=ORDER)
    shop.event("new", "order.placed")
    shop.wave()
    assert shop.said("new") == [("shop/one", "suppressed")] or shop.line(shop.runs("new")[0])[1] == (
        "dropped",
        "address: no email",
    )


def test_each_start_keeps_its_own_question(shop) -> None:
    """Two event starts: the question of one is not answered by the other."""
    shop.publish(
        order="""
        start:
          - {event: order.placed, where: customer.city is Rome}
          - {event: order.paid, where: customer.city is Oslo}
        delivery: {topic: service}
        steps:
          - send: shop/one
        """
    )
    shop.person("ana", city="Oslo")
    shop.event("ana", "order.placed")
    shop.wave()
    assert shop.runs("ana") == []
    shop.event("ana", "order.paid")
    shop.wave()
    assert len(shop.runs("ana")) == 1


def test_never_again_is_never_again_even_within_one_batch(shop) -> None:
    shop.publish(order=ORDER)
    shop.person("ana")
    for number in range(3):
        shop.event("ana", "order.placed", source_id=f"e{number}")
    shop.wave()
    shop.event("ana", "order.placed", source_id="e9")
    shop.go(DAY)
    assert len(shop.runs("ana")) == 1
    assert shop.said() == [("shop/one", "sent")]


def test_not_before_some_time_holds_within_one_batch_too(shop) -> None:
    shop.publish(order="again: after 30 days\n" + ORDER.strip())
    shop.person("ana")
    shop.event("ana", "order.placed", source_id="e1")
    shop.event("ana", "order.placed", source_id="e2")
    shop.wave()
    assert len(shop.runs("ana")) == 1
    shop.clock.set(shop.now + 31 * DAY)
    shop.event("ana", "order.placed", source_id="e3")
    shop.wave()
    assert len(shop.runs("ana")) == 2


def test_once_per_order(shop) -> None:
    shop.publish(order="again: once per event.order_id\n" + ORDER.strip())
    shop.person("ana")
    for number, order in enumerate(("A", "A", "B")):
        shop.event("ana", "order.placed", source_id=f"e{number}", order_id=order)
    shop.wave()
    assert sorted(run.subject for run in shop.runs("ana")) == ["-|A", "-|B"]


DATED = """
start: {date: 10 days before customer.due, at: 10:00}
delivery: {topic: service}
steps:
  - send: shop/one
"""


def test_a_date_start_moves_with_its_date(shop) -> None:
    shop.publish(dated=DATED)
    shop.person("ana", due="2026-04-11")
    assert shop.candidates() == [("dated", at(2026, 4, 1, 10))]
    shop.person("ana", due="2026-05-11")
    assert shop.candidates() == [("dated", at(2026, 5, 1, 10))]
    shop.clock.set(at(2026, 4, 1, 10))
    shop.wave()
    assert shop.runs("ana") == []
    shop.clock.set(at(2026, 5, 1, 10))
    shop.wave()
    assert shop.said() == [("shop/one", "sent")]


def test_a_date_start_goes_with_its_date(shop) -> None:
    shop.publish(dated=DATED)
    shop.person("ana", due="2026-04-11")
    shop.person("ana", due=None)
    assert shop.candidates() == []


def test_who_is_known_before_a_journey_goes_live_starts_by_date_too(shop) -> None:
    shop.person("ana", due="2026-04-11")
    shop.publish(dated=DATED)
    assert shop.candidates() == [("dated", at(2026, 4, 1, 10))]


CONTRACT = """
start: {date: 10 days before contract.ends, at: 10:00}
again: always
delivery: {topic: service}
steps:
  - send: shop/one
  - wait: until 2 days before contract.ends at 10:00
  - send: shop/two
"""


def test_one_run_for_each_thing_and_each_is_timed_by_its_own(shop) -> None:
    shop.publish(contract=CONTRACT)
    things = ({"contract_id": "A", "ends": "2026-04-11"}, {"contract_id": "B", "ends": "2026-06-11"})
    shop.person("ana", things={"contract": things})
    assert shop.candidates() == [("contract", at(2026, 4, 1, 10)), ("contract", at(2026, 6, 1, 10))]
    shop.clock.set(at(2026, 4, 1, 10))
    shop.wave()
    (run,) = shop.runs("ana")
    assert (run.object_key, run.state.due_at) == ("A", at(2026, 4, 9, 10))
    shop.person("ana", things={"contract": ({"contract_id": "A", "ends": "2026-05-11"},)})
    shop.wave()
    assert shop.runs("ana")[0].state.due_at == at(2026, 5, 9, 10)


def test_who_joins_late_begins_at_the_next_moment_still_ahead(shop) -> None:
    shop.publish(contract=CONTRACT)
    shop.person("ana", things={"contract": ({"contract_id": "A", "ends": "2026-03-09"},)})
    shop.wave()
    (run,) = shop.runs("ana")
    assert run.state.due_at == at(2026, 3, 7, 10)
    shop.clock.set(at(2026, 3, 7, 10))
    shop.wave()
    assert shop.said() == [("shop/two", "sent")]


def test_a_calendar_start_comes_again_every_month(shop) -> None:
    shop.person("ana", city="Rome")
    shop.publish(
        monthly="""
        start: {every: month on the 1st at 09:00}
        audience: [customer.city is Rome]
        again: always
        delivery: {topic: service}
        steps:
          - send: shop/one
        """
    )
    shop.person("bo", city="Oslo")
    assert (shop.candidates(), shop.occasions()) == ([], {"": at(2026, 4, 1, 9)})
    for month in (4, 5, 6):
        shop.clock.set(at(2026, month, 1, 9))
        shop.wave()
    assert len(shop.messages("ana")) == 3
    assert shop.messages("bo") == []
    assert shop.occasions() == {"": at(2026, 7, 1, 9)}
    shop.person("bo", city="Rome", timezone="America/New_York")
    assert shop.occasions() == {"": at(2026, 7, 1, 9), "America/New_York": at(2026, 6, 1, 13)}
    shop.clock.set(at(2026, 6, 1, 13))
    shop.wave()
    assert len(shop.messages("bo")) == 1


def test_after_an_outage_a_calendar_start_is_not_made_up_for(shop) -> None:
    shop.person("ana")
    shop.publish(
        monthly="""
        start: {every: month on the 1st at 09:00}
        again: always
        delivery: {topic: service}
        steps:
          - send: shop/one
        """
    )
    shop.clock.set(at(2026, 8, 20))
    shop.wave()
    assert shop.messages() == []
    assert (shop.candidates(), shop.occasions()) == ([], {"": at(2026, 9, 1, 9)})


def test_joining_a_segment_is_something_that_happens(shop) -> None:
    shop.person("bo", city="Rome")
    shop.publish(
        rome="""
        start: {joins: in-rome}
        delivery: {topic: service}
        steps:
          - send: shop/one
        """
    )
    shop.person("ana", city="Oslo")
    shop.wave()
    assert shop.messages() == []
    shop.person("ana", city="Rome")
    shop.wave()
    assert shop.said("ana") == [("shop/one", "sent")]
    assert shop.said("bo") == []


def test_a_change_lets_in_and_tells_what_it_was(shop) -> None:
    shop.publish(
        left="""
        start: {changes: customer.status, to: gone}
        delivery: {topic: service}
        steps:
          - set: {customer.seen: start.before}
          - send: shop/one
        """
    )
    shop.person("ana", status="active")
    shop.person("ana", status="away")
    shop.wave()
    assert shop.runs("ana") == []
    shop.person("ana", status="gone")
    shop.wave()
    assert shop.said() == [("shop/one", "sent")]
    assert shop.customer()["seen"] == "away"


def test_a_candidate_of_a_retired_journey_is_forgotten(shop) -> None:
    shop.publish(order=ORDER, other=ORDER)
    shop.person("ana")
    shop.event("ana", "order.placed")
    (shop.root / "journeys" / "order.yaml").unlink()
    assert shop.publish().retired == ("order",)
    shop.wave()
    assert [run.journey for run in shop.runs("ana")] == ["other"]
    assert shop.candidates() == []


def test_an_event_about_a_thing_nobody_knows_lets_nobody_in(shop) -> None:
    shop.publish(
        contract="""
        start:
          - {date: 10 days before contract.ends, at: 10:00}
          - {event: order.placed}
        delivery: {topic: service}
        steps:
          - wait: until 2 days before contract.ends at 10:00
          - send: shop/one
        """
    )
    shop.person("ana", things={"contract": ({"contract_id": "A", "ends": "2026-04-11"},)})
    shop.event("ana", "order.placed", source_id="e1", contract_id="no-such")
    shop.event("ana", "order.placed", source_id="e2")
    shop.wave()
    assert shop.runs("ana") == []
    shop.event("ana", "order.placed", source_id="e3", contract_id="A")
    shop.wave()
    assert [run.object_key for run in shop.runs("ana")] == ["A"]


def test_a_candidate_the_engine_cannot_digest_keeps_nobody_else_out(shop, caplog) -> None:
    shop.publish(order=ORDER)
    shop.people(5)
    shop.events([f"c{number:05}" for number in range(5)], "order.placed")
    with shop.space.store.transaction() as tx:
        tx.run("UPDATE candidate SET due_at = -99999999999999 WHERE customer_id = 3")
    shop.wave()
    assert len(shop.messages()) == 4
    assert shop.candidates() == []
    assert "could not be judged" in caplog.text


def test_the_same_candidate_twice_is_one(shop) -> None:
    shop.publish(order=ORDER)
    shop.person("ana")
    with shop.space.store.transaction() as tx:
        who = customers.find_keys(tx, ["ana"])["ana"].id
        row = NewCandidate(who, Candidate("order", shop.now, "hand"), "")
        assert candidates.add(tx, [row]) == 1
        assert candidates.add(tx, [row]) == 0
    shop.wave()
    assert len(shop.runs("ana")) == 1


def test_many_are_admitted_in_batches(shop) -> None:
    shop.publish(order=ORDER)
    keys = shop.people(25)
    shop.events(keys, "order.placed")
    assert shop.wave(batch=10)["admitted"] == 25
    assert len(shop.messages()) == 25


def test_people_and_their_first_event_come_in_one_batch(shop) -> None:
    shop.publish(order=ORDER)
    ingest(shop.space, [Person("ana", {"email": "ana@example.com"})])
    assert shop.event("ana", "order.placed").journeys == {"order"}


def test_a_calendar_start_calls_in_its_audience_once_however_often_it_is_interrupted(shop, monkeypatch) -> None:
    monkeypatch.setattr(calling, "SLICE", 4)
    shop.people(30)
    shop.people(10, city="Rome")  # these ten of them
    shop.publish(
        monthly="""
        start: {every: month on the 1st at 09:00}
        audience: [customer.city is Rome]
        again: always
        delivery: {topic: service}
        steps:
          - send: shop/one
        """
    )
    shop.clock.set(at(2026, 4, 1, 9))
    proceed = occasions.proceed

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    called = 0
    for space in (shop.space, shop.again()):
        monkeypatch.setattr(occasions, "proceed", die)
        with pytest.raises(KeyboardInterrupt):  # the slice was written, and is not committed
            next(call_in(space, shop.now, None))
        monkeypatch.setattr(occasions, "proceed", proceed)
        called += next(call_in(space, shop.now, None))
        assert len(shop.candidates()) == called > 0
    assert called < 10
    assert called + sum(call_in(shop.space, shop.now, None)) == 10
    assert list(call_in(shop.space, shop.now, None)) == []
    shop.wave()
    assert len(shop.messages()) == 10
    assert shop.occasions() == {"": at(2026, 5, 1, 9)}
