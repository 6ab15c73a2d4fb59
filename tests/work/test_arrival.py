"""Whether mail arrives is told from what providers reported; what is about the sender stands apart from people."""

from __future__ import annotations

import pytest

from lifeloop.store.reports import ReportRow, keep
from lifeloop.work.arrival import ENOUGH, Arrival, arrival, lately, worries

DAY = 86_400


def told(shop, **counts):
    rows = []
    for name, count in counts.items():
        kind, grade = {"arrived": ("delivered", ""), "spam": ("complained", "")}.get(name, ("bounced", name))
        rows += [ReportRow("x", f"{name}{n}", kind, shop.now, grade, message_id=f"{name}{n}") for n in range(count)]
    with shop.space.store.transaction() as tx:
        keep(tx, rows, shop.now)


def test_it_is_counted_by_message_and_for_some_days(shop):
    told(shop, arrived=90, hard=2, soft=3, block=5, spam=1)
    with shop.space.store.transaction() as tx:
        keep(tx, [ReportRow("x", "again", "delivered", shop.now, message_id="arrived0")], shop.now)
        keep(tx, [ReportRow("x", "strange", "delivered", shop.now)], shop.now)
    with shop.space.store.reading() as tx:
        found = arrival(tx, shop.now + 7 * DAY)
        assert found == Arrival(90, 2, 3, 5, 1)
        assert arrival(tx, shop.now + 7 * DAY + 1) == Arrival()
    assert lately(shop.space)[0].level == "wrong"  # one of a hundred complained


@pytest.mark.parametrize(
    ("found", "levels"),
    [
        (Arrival(arrived=100), []),
        (Arrival(arrived=90, blocked=10), ["wrong"]),
        (Arrival(arrived=90, hard=10), ["look"]),
        (Arrival(arrived=1000, complained=2), ["look"]),
        (Arrival(arrived=1000, complained=4), ["wrong"]),
        (Arrival(arrived=100, soft=90), []),
        (Arrival(blocked=ENOUGH - 1), []),
    ],
)
def test_what_speaks_against_the_sender_is_said(found, levels):
    assert [one.level for one in worries(found)] == levels


def test_what_is_fine_is_said_too(shop):
    assert lately(shop.space) == []
    told(shop, arrived=99, soft=1)
    assert [one.what for one in lately(shop.space)] == ["100 messages in 7 days: 1 came back, 0 marked as spam"]
