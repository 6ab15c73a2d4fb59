"""Why somebody is, was or is not in a journey: every rule, with what it found."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lifeloop.store import customers
from lifeloop.work.finding import NotFoundError, find_customer, find_plan
from lifeloop.work.why import ask_why

JOURNEY = """
    start: {event: order.placed, where: event.total is at least 10}
    audience:
      - customer.city is Rome
      - order.paid did not happen in the last 7 days
    again: after 90 days
    steps:
      - send: shop/one
        topic: service
      - wait: 3 days
"""
CONTRACT = """
    start: {date: 30 days before contract.ends, at: 10:00}
    again: once per contract.ends
    steps: [{send: shop/one, topic: service}]
"""
SEGMENT = """
    start: {joins: in-rome}
    steps: [{send: shop/one, topic: service}]
"""


def day(instant):
    return datetime.fromtimestamp(instant, UTC).strftime("%d %b")


def asked(shop, journey, key="ana"):
    with shop.space.store.reading() as tx:
        plan = find_plan(shop.space, tx, journey)
        return ask_why(shop.space, tx, customers.find_keys(tx, [key])[key], plan, day)


def checks(shop, journey, key="ana"):
    (case,) = asked(shop, journey, key).cases
    return {(one.rule, one.words): (one.holds, one.found) for one in case.checks}


def test_who_never_came_in_sees_which_rule_says_no(shop):
    shop.publish(orders=JOURNEY)
    shop.person(city="Oslo")
    shop.event("ana", "order.placed", total=5)
    assert list(checks(shop, "orders").values()) == [
        (False, "it happened once, never like this"),
        (False, "it is Oslo"),
        (True, "never"),
        (True, "they were not in it before"),
    ]
    assert not asked(shop, "orders").cases[0].may_enter


def test_who_is_on_the_way_sees_where(shop):
    shop.publish(orders=JOURNEY)
    shop.person(city="Rome")
    shop.event("ana", "order.placed", total=30)
    shop.wave()
    answer = asked(shop, "orders")
    assert [run.state.node for run in answer.active] == ["wait-1"]
    found = list(checks(shop, "orders").values())
    assert [holds for holds, _ in found] == [True, True, True, False]
    assert found[-1][1] == "they are on the way now"


def test_who_was_in_it_sees_when_they_may_again(shop):
    shop.publish(orders=JOURNEY)
    shop.person(city="Rome")
    shop.event("ana", "order.placed", total=30)
    shop.wave()
    shop.go(4 * 86_400)
    assert checks(shop, "orders")["again", "again after 90 days"] == (
        False,
        "once, last begun 02 Mar; not before 31 May",
    )
    shop.go(90 * 86_400)
    assert checks(shop, "orders")["again", "again after 90 days"][0] is True


def test_an_event_that_we_learned_about_too_late_starts_nothing_and_says_so(shop):
    shop.publish(orders=JOURNEY)
    shop.person(city="Rome")
    shop.event("ana", "order.placed", at=shop.now - 300 * 86_400, total=30)
    holds, found = next(iter(checks(shop, "orders").values()))
    assert (holds, found.endswith("and we were told 02 Mar: too late")) == (False, True)


def test_a_journey_about_things_answers_for_each_of_them(shop):
    shop.publish(end=CONTRACT)
    shop.person(things={"contract": ({"contract_id": "A", "ends": "2026-12-24"}, {"contract_id": "B"})})
    cases = {case.about: [(one.holds, one.found) for one in case.checks] for case in asked(shop, "end").cases}
    assert cases["A"][0] == (None, "that is 24 Nov")
    assert cases["B"][0] == (False, "contract.ends is unknown")


def test_a_journey_about_things_without_any_says_that(shop):
    shop.publish(end=CONTRACT)
    shop.person()
    assert list(checks(shop, "end").values()) == [(False, "no contract is known")]


def test_a_segment_says_which_of_its_lines_do_not_hold(shop):
    shop.publish(rome=SEGMENT)
    shop.person(city="Oslo")
    holds, found = checks(shop, "rome")["start", "joins in-rome"]
    assert (holds, found) == (False, "they are not in it now; not so: customer.city is Rome (it is Oslo)")


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("anna", 'did you mean "ana"'),
        ("ana@exmple.com", 'did you mean "ana@example.com"'),
        ("zoe", 'no customer "zoe"'),
    ],
)
def test_somebody_unknown_is_said_with_the_nearest(shop, who, said):
    shop.person()
    with shop.space.store.reading() as tx, pytest.raises(NotFoundError, match=said):
        find_customer(tx, who)


def test_two_customers_with_one_address_must_be_named_by_id(shop):
    shop.person("ana", email="both@example.com")
    shop.person("bo", email="Both@example.com")
    with shop.space.store.reading() as tx:
        with pytest.raises(NotFoundError, match="2 customers have the address") as problem:
            find_customer(tx, "both@example.com")
        assert "ana, bo" in problem.value.hint
        assert find_customer(tx, "bo").key == "bo"


def test_nobody_known_yet_is_no_mistake_of_yours(shop):
    with shop.space.store.reading() as tx, pytest.raises(NotFoundError, match="nobody is known yet"):
        find_customer(tx, "ana")
