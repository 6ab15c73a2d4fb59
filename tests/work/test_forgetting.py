"""History goes when the project says so, never what a journey still needs, and a little at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from lifeloop.journey.catalogue import Retention
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Report
from lifeloop.store import month_ends, months
from lifeloop.work.checking import database
from lifeloop.work.forgetting import forget
from lifeloop.work.tidying import tidy

DAY = 86_400
MONDAY = int(datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp())
JOURNEY = """
start: {event: order.placed}
again: always
delivery: {topic: service}
steps:
  - send: shop/one
"""
WAITING = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - wait: {for: order.paid, max: 300 days}
"""
TABLES = ("rendered", "event", "attempt", "visit", "message", "enrollment")


def keep(shop, text: str = "retention: {texts: 30 days, events: 60 days, attempts: 60 days, visits: 1 year}\n") -> None:
    file = shop.root / "lifeloop.yaml"
    file.write_text(file.read_text() + text)


def counts(shop) -> dict[str, int]:
    with shop.space.store.reading() as tx:
        return {name: tx.ask(f"SELECT count(*) AS number FROM {name}")[0].number for name in TABLES}  # noqa: S608


def lived(shop, journey: str = JOURNEY) -> None:
    shop.publish(one=journey)
    for key in ("ana", "bo", "cy"):
        shop.person(key)
        shop.event(key, "order.placed")
    shop.wave()


def test_each_kind_goes_when_its_time_is_over(shop) -> None:
    keep(shop)
    lived(shop)
    full = counts(shop)
    for days, gone in ((29, ()), (31, ("rendered",)), (61, ("rendered", "event", "attempt")), (366, TABLES[:4])):
        shop.clock.set(MONDAY + days * DAY)
        forget(shop.space, shop.now)
        assert counts(shop) == full | dict.fromkeys(gone, 0), days
        assert not [one for one in database(shop.space) if "in the outbox" in one.what], days


def test_nothing_goes_unless_the_project_says_so(shop) -> None:
    lived(shop)
    full = counts(shop)
    shop.clock.set(shop.now + 5000 * DAY)
    assert forget(shop.space, shop.now) == {}
    assert counts(shop) == full


def test_who_still_waits_keeps_what_their_journey_can_read(shop) -> None:
    keep(shop)
    lived(shop, WAITING)
    shop.clock.set(shop.now + DAY)
    shop.event("ana", "answer.given", score=3)
    full = counts(shop)
    shop.clock.set(shop.now + 100 * DAY)
    forget(shop.space, shop.now)
    assert counts(shop)["visit"] == full["visit"]
    with shop.space.store.reading() as tx:
        assert [row.name for row in tx.ask("SELECT name FROM event WHERE name = 'answer.given'")] == ["answer.given"]


def test_it_goes_in_small_batches_and_the_rest_next_time(shop) -> None:
    keep(shop)
    lived(shop)
    shop.clock.set(shop.now + 31 * DAY)
    assert forget(shop.space, shop.now, batch=1, most=2)["old_texts"] == 2
    assert counts(shop)["rendered"] == 1
    assert tidy(shop.space)["old_texts"] == 1


def test_months_come_with_upkeep_and_go_with_retention(shop) -> None:
    keep(shop)
    tidy(shop.space)
    lived(shop)
    full = counts(shop)
    with shop.space.store.reading() as tx:
        assert months.ahead(tx, shop.now) == months.uncounted(tx) == []
        (said,) = {row.id[:8] for row in tx.ask("SELECT id FROM message")}
        assert said == "ff202603"
        assert month_ends.over(tx, "rendered", shop.now + 40 * DAY) == ["rendered_202603"] * shop.space.store.postgres
    shop.clock.set(shop.now + 100 * DAY)
    assert forget(shop.space, shop.now, batch=1, most=1) == {
        "old_texts": 3 if shop.space.store.postgres else 1,
        "old_events": 1,
        "old_attempts": 3 if shop.space.store.postgres else 1,
        "old_visits": 0,
    }
    forget(shop.space, shop.now)
    assert counts(shop) == full | dict.fromkeys(("rendered", "event", "attempt"), 0)


@pytest.mark.parametrize(
    ("text", "kept", "code"),
    [
        ("retention: {texts: 90 days, visits: 2 years}", Retention(texts=90, visits=730), None),
        ("retention: {messages: 2 years}", Retention(messages=730), None),
        ("retention: {texts: 3 hours}", Retention(), "J184"),
        ("retention: {messages: 3 hours}", Retention(), "J184"),
        ("retention: {letters: 3 days}", Retention(), "J105"),
        ("retention: 3 days", Retention(), "J104"),
    ],
)
def test_what_the_project_says_is_read_or_complained_about(tmp_path, text, kept, code) -> None:
    (tmp_path / "lifeloop.yaml").write_text(f"project: x\n{text}\n")
    report = Report()
    assert read_catalogue(tmp_path, report).retention == kept
    assert [one.code for one in report.found] == ([code] if code else [])
