"""Publishing asks everybody for their date start: from their records alone, as if all of the past had been asked."""

from __future__ import annotations

from lifeloop.engine.routing import Start, date_candidate
from lifeloop.store import customers
from lifeloop.store.values import Subject
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.knowing import Wanted, learn
from lifeloop.work.routing import Due, schedule

MANY = 120
PERSON = """
start:
  date: 10 days before customer.due, or 2 weeks after customer.due
  at: "02:30"
  where: customer.city is not Rome
audience: order.placed happened in the last 30 days
delivery: {topic: service}
steps:
  - send: shop/one
"""
THING = """
start: {date: 1 month before contract.ends, at: "02:30"}
audience:
  - customer.first_name is not Bo
  - order.placed happened
delivery: {topic: service}
steps:
  - send: shop/two
"""
ZONES = ("Europe/Amsterdam", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "nowhere", None)


def _somebody(number: int) -> Person:
    """Return one of many: every zone meets every date, city and number of contracts."""
    data = {
        "first_name": ("Ana", "Bo")[number % 2],
        "city": ("Rome", "Paris", None)[number % 3],
        "timezone": ZONES[number % len(ZONES)],
        "due": None if number % 5 == 0 else f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}",
    }
    contracts = tuple(
        {"contract_id": f"K{number}-{nth}", "ends": f"2026-{(number + nth) % 12 + 1:02}-29"}
        for nth in range(number % 3)
    )
    return Person(f"c{number}", data, {"contract": contracts}, {"news": True})


def test_everybodys_date_start_is_what_all_their_facts_would_say(shop) -> None:
    people = [_somebody(number) for number in range(MANY)]
    orders = [Happening(one.key, "order.placed", shop.now, one.key) for one in people[::2]]
    ingest(shop.space, people, orders)
    shop.publish(person=PERSON, thing=THING)
    starts = [Start(journey.plan, journey.plan.triggers[0]) for journey in shop.space.project.journeys.values()]
    with shop.space.store.reading() as tx:
        rows = tx.ask(
            'SELECT j.name, k.customer_id, k.due_at, k."trigger", k.subject, k.object_key, k.start'
            " FROM candidate k JOIN journey j ON j.id = k.journey_id"
        )
        expected = {row for start in starts for row in _by_all_facts(shop, tx, start)}
    assert set(map(tuple, rows)) == expected
    assert len(expected) > MANY // 2


def _by_all_facts(shop, tx, start):
    ids = customers.ids_after(tx, 0, MANY)
    things = tx.ask("SELECT customer_id, key FROM object ORDER BY key")
    keys = [(row.customer_id, row.key) for row in things] if start.plan.object else [(one, None) for one in ids]
    wanted = [Wanted(Subject(who, None, start.plan.object, key), start.plan) for who, key in keys]
    for (who, key), known in zip(keys, learn(tx, wanted, shop.space.catalogue, shop.now), strict=True):
        made = date_candidate(start, known, shop.now, key)
        if made:
            yield made.journey, who, made.due_at, made.trigger, key or "", made.object_key, None


def test_somebody_who_went_away_meanwhile_has_no_start(shop) -> None:
    shop.publish(person=PERSON)
    start = Start(shop.space.project.journeys["person"].plan, shop.space.project.journeys["person"].plan.triggers[0])
    with shop.space.store.transaction() as tx:
        assert schedule(tx, [Due(4711, start)], shop.now) == frozenset()
