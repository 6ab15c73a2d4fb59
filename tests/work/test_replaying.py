"""Living by the clock of the data: segments that time alone fills, and events in the order they happened."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from lifeloop.clock import SetClock
from lifeloop.store import visits
from lifeloop.work.importing.problems import Rejected
from lifeloop.work.importing.reading import Taken
from lifeloop.work.importing.table import Row
from lifeloop.work.ingesting import Happening, Person
from lifeloop.work.replaying import NothingRecordedError, midnight, recorded, replay
from lifeloop.work.workspace import open_workspace

DAY = 86_400
FIRST = midnight(date(2026, 1, 1), "UTC")
PROJECT = """
project: quiet
timezone: UTC
topics: {news: {basis: consent}}
customer: {first_name: text?}
events: {order.placed: {total: number}}
segments: {lapsed: [order.placed did not happen in the last 30 days]}
"""
JOURNEY = """
journey: come-back
phase: reactivation
start: {joins: lapsed}
again: always
steps:
  - milestone: lapsed
  - wait: 1 day
"""


def row(key, day, number=1):
    happening = Happening(key, "order.placed", FIRST + day * DAY, f"{key}-{day}", data={"total": number})
    return Taken(Row(number, ()), Person(key, {"first_name": key}), (happening,))


@pytest.fixture
def root(tmp_path):
    (tmp_path / "journeys").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "lifeloop.yaml").write_text(PROJECT)
    (tmp_path / "journeys" / "come-back.yaml").write_text(JOURNEY)
    return tmp_path


def test_who_did_nothing_for_long_enough_joins_on_that_very_day(root, fresh_url):
    space = open_workspace(root, url=fresh_url(), clock=SetClock(0), environ={}, stay_here=True)
    what = recorded([row("ana", 0), row("bo", 0), row("ana", 25)])
    done = asyncio.run(replay(space, what, FIRST, FIRST + 60 * DAY))
    with space.store.reading() as tx:
        began = {run: visits.of_run(tx, run)[0].at for run in (1, 2)}
    space.close()
    assert done.runs == 2
    assert began == {1: FIRST + 30 * DAY, 2: FIRST + 55 * DAY}


def test_deeds_come_in_the_order_of_time_and_a_customer_before_what_they_do():
    what = recorded([row("bo", 9), Rejected(3, "no date"), row("ana", 2), row("bo", 1)])
    assert [(deed.what, deed.customer) for deed in what.deeds] == [
        ("person", "bo"),
        ("event", "bo"),
        ("person", "ana"),
        ("event", "ana"),
        ("event", "bo"),
    ]
    assert [one.row for one in what.rejected] == [3]


def test_only_what_lies_between_the_two_moments_counts():
    rows = [row("ana", 1), row("ana", 5), row("bo", 9)]
    what = recorded(rows, FIRST + 2 * DAY, FIRST + 9 * DAY)
    assert [(deed.what, deed.at) for deed in what.deeds] == [("person", FIRST + 5 * DAY), ("event", FIRST + 5 * DAY)]
    with pytest.raises(NothingRecordedError):
        recorded(rows, FIRST + 20 * DAY)


def test_what_later_rows_say_of_a_customer_adds_to_what_earlier_ones_said():
    one, two = row("ana", 1), row("ana", 2)
    more = Taken(two.row, Person("ana", {"city": "Rome"}, consents={"news": True}), two.happenings)
    known = recorded([one, more]).deeds[0].person
    assert known is not None
    assert known.data == {"first_name": "ana", "city": "Rome"}
    assert known.consents == {"news": True}
