"""A forecast of the customer table: the same whoever shares the work, and a sample stands for the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from zoneinfo import ZoneInfo

import pytest

from lifeloop.rehearse.tally import Tally
from lifeloop.work.forecasting import BATCH, Everybody, Forecast, tallies

DAY = 86_400
UTC = ZoneInfo("UTC")
PEOPLE = BATCH * 3 + 5


HELLO = """
start: {event: order.placed}
again: after 2 days
delivery: {topic: service}
steps:
  - send: shop/one
  - wait: {for: answer.given, max: 5 days}
    then: [{send: shop/two}]
"""


@pytest.fixture
def filled(shop):
    """A shop with a journey that asks, and some people of whom a few stand in the middle of it."""
    shop.publish(hello=HELLO)
    for key in shop.people(PEOPLE)[:7]:
        shop.event(key, "order.placed")
    shop.wave()
    return shop


def asked(shop, seed=1):
    now = shop.clock.now()
    space, url = shop.space, shop.space.store.engine.url.render_as_string(hide_password=False)
    return Forecast(space.catalogue, space.project.plans, url, now, now, now + 90 * DAY, UTC, seed)


def everybody(shop, sample=None, seed=1):
    with shop.space.store.reading() as tx:
        return Everybody.of(tx, sample, seed)


def total(shop, processes=1, sample=None):
    tally = Tally(UTC)
    for some in tallies(asked(shop), everybody(shop, sample).batches(shop.space.store), processes):
        tally.merge(some)
    return tally


def test_the_same_comes_out_whoever_shares_the_work(filled):
    alone, together = total(filled), total(filled, processes=2)
    assert alone == together
    assert [list(getattr(alone, one.name)) for one in fields(Tally)[3:]] == [
        list(getattr(together, one.name)) for one in fields(Tally)[3:]
    ]
    assert alone.people == PEOPLE
    assert alone.messages > PEOPLE / 5


def test_who_is_on_the_way_goes_on_and_is_not_sent_the_first_message_again(filled):
    forecast = total(filled)
    assert forecast.before == {"hello": 7}
    assert forecast.by_message["shop/one"] == forecast.entered["hello"]
    assert forecast.by_message["shop/two"] > 0


def test_nothing_is_written(filled):
    def rows():
        with filled.space.store.reading() as tx:
            found = [tx.ask("SELECT * FROM enrollment"), tx.ask("SELECT * FROM message"), tx.ask("SELECT * FROM event")]
            return [*found, tx.ask("SELECT * FROM candidate")]

    before = rows()
    total(filled)
    assert rows() == before


@pytest.mark.parametrize("sample", [1, 20, PEOPLE, 10 * PEOPLE])
def test_a_sample_is_exactly_as_large_as_asked_for(filled, sample):
    chosen = [number for batch in everybody(filled, sample).batches(filled.space.store) for number in batch]
    assert len(chosen) == len(set(chosen)) == min(sample, PEOPLE)


def test_each_customer_is_as_likely_to_be_drawn(filled):
    drawn = Counter(
        number
        for seed in range(200)
        for batch in everybody(filled, 25, seed).batches(filled.space.store)
        for number in batch
    )
    assert len(drawn) == PEOPLE
    assert max(drawn.values()) < 3.2 * 200 * 25 / PEOPLE


def test_a_sample_scaled_up_lies_within_its_margin(filled):
    all_of_them, some = total(filled), total(filled, sample=PEOPLE // 2)
    margin = some.margin(PEOPLE)
    assert 0 < margin < all_of_them.messages
    assert abs(some.scaled(PEOPLE).messages - all_of_them.messages) <= 2 * margin
    assert all_of_them.margin(PEOPLE) == 0
