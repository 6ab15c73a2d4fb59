"""Messages go when a project says so: never what may still happen or be asked about, and nothing is said again."""

from __future__ import annotations

import pytest

from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.values import Receipt
from lifeloop.engine.retry import Outcome
from lifeloop.store import hits, reports, suspects
from lifeloop.work.answering import Taken, take_reports
from lifeloop.work.checking import database
from lifeloop.work.forgetting import forget
from lifeloop.work.tidying import tidy

DAY = 86_400
ONCE = """
start: {event: order.placed}
delivery: {topic: news}
steps:
  - send: shop/one
"""
TWICE = ONCE + "  - wait: 300 days\n  - send: shop/two\n"
OF_MESSAGES = ("rendered", "attempt", "hit", "lookup", "message")


@pytest.fixture
def shop(shop):
    file = shop.root / "lifeloop.yaml"
    file.write_text(file.read_text() + "retention: {messages: 30 days}\n")
    return shop


def counts(shop) -> dict[str, int]:
    with shop.space.store.reading() as tx:
        return {name: tx.ask(f"SELECT count(*) AS number FROM {name}")[0].number for name in OF_MESSAGES}  # noqa: S608


def lived(shop, journey: str = ONCE, **journeys: str) -> list:
    """Three people who got their mail; returns the messages."""
    tidy(shop.space)  # on PostgreSQL: into a month of their own
    shop.publish(one=journey, **journeys)
    for key in ("ana", "bo", "cy"):
        shop.person(key)
        shop.event(key, "order.placed", source_id=f"first of {key}")
    shop.wave()
    return shop.messages()


def after(shop, days: int) -> int:
    """Let days go by and history go; returns how many messages went."""
    shop.clock.set(shop.now + days * DAY)
    return forget(shop.space, shop.now)["old_messages"]


def change(shop, sql: str, **values) -> None:
    with shop.space.store.transaction() as tx:
        tx.run(sql, **values)


def test_they_go_with_everything_of_them_once_nobody_asks_any_more(shop) -> None:
    message, *_ = lived(shop)
    with shop.space.store.transaction() as tx:
        hits.add(tx, message.id, None, "opened", "person", shop.now)
    change(shop, 'INSERT INTO lookup (message_id, nth, "at") VALUES (:id, 1, 0)', id=message.id)
    full = counts(shop)
    assert full == {"rendered": 3, "attempt": 3, "hit": 1, "lookup": 1, "message": 3}
    assert after(shop, reports.KEPT // DAY - 1) == 0, "a provider may still report of them"
    assert counts(shop) == full
    assert after(shop, 2) == 3
    assert counts(shop) == dict.fromkeys(OF_MESSAGES, 0)
    assert [run.state.status for run in shop.runs()] == ["completed"]
    assert not [one for one in database(shop.space) if "in the outbox" in one.what]


def test_a_part_of_a_month_goes_by_rows_and_the_rest_next_time(shop) -> None:
    lived(shop)
    shop.clock.set(shop.now + 190 * DAY)
    with shop.space.store.transaction() as tx:
        first = min(row.id for row in tx.ask("SELECT id FROM message"))
        tx.run("UPDATE message SET clicked_at = :now WHERE id = :id", now=shop.now - DAY, id=first)
    assert forget(shop.space, shop.now, batch=1, most=1)["old_messages"] == 1
    assert forget(shop.space, shop.now)["old_messages"] == 1
    assert [one.id for one in shop.messages()] == [first], "a click is heard of for as long"
    assert after(shop, 190) == 1


def test_who_is_still_in_a_journey_or_set_aside_in_one_keeps_what_it_said(shop) -> None:
    lived(shop, TWICE)
    assert after(shop, 299) == 0
    change(
        shop,
        "UPDATE enrollment SET status = 'failed', due_at = NULL, reason = :why WHERE customer_id ="
        " (SELECT id FROM customer WHERE key = 'ana')",
        why=suspects.REASON,
    )
    shop.go(DAY)
    assert shop.said("bo") == [("shop/one", "sent"), ("shop/two", "sent")]
    assert after(shop, 0) == 2, "the second ones are new"
    assert [shop.said(key) for key in ("ana", "bo")] == [[("shop/one", "sent")], [("shop/two", "sent")]]
    with shop.space.store.transaction() as tx:
        assert suspects.release(tx, None, shop.now) == 1
    shop.go(1)
    assert shop.said("ana") == [("shop/one", "sent"), ("shop/two", "sent")]


@pytest.mark.parametrize("status", ["uncertain", "held"])
def test_what_is_not_over_stays_however_old(shop, status) -> None:
    lived(shop)
    sent = "sent_at" if status == "uncertain" else "NULL"
    change(shop, f"UPDATE message SET status = :status, sent_at = {sent}", status=status)  # noqa: S608
    assert after(shop, 4000) == 0
    assert counts(shop)["message"] == 3


@pytest.mark.parametrize("asks", ["policy", "segment", "watched"])
def test_whatever_looks_further_back_keeps_them_longer(shop, asks) -> None:
    file, more = shop.root / "lifeloop.yaml", ""
    journey = ONCE.replace("topic: news", "topic: news, gap: 300 days") if asks == "policy" else ONCE
    if asks == "segment":
        more = "  told:\n    - shop/* was sent in the last 300 days\n"
    said = file.read_text().replace("segments:\n", f"segments:\n{more}")
    watched = "service: {basis: contract, counts: false, watch: 5 per 300 days}"
    file.write_text(said.replace("service: {basis: contract, counts: false}", watched) if asks == "watched" else said)
    lived(shop, journey)
    assert after(shop, 299) == 0
    assert after(shop, 3) == 3


def test_nothing_is_said_again_after_they_are_gone(shop) -> None:
    lived(shop)
    way = shop.mail_by()
    assert after(shop, 400) == 3
    ended = shop.runs()
    other = shop.again()
    for key in ("ana", "bo", "cy"):
        shop.event(key, "order.placed", source_id=f"first of {key}")  # as a system that tells everything again
        shop.event(key, "order.placed")
    shop.publish(one=TWICE)
    for days in range(0, 400, 100):
        shop.go(days * DAY)
        tidy(other)
        shop.hand_over(other)
    assert way.handed == []
    assert shop.runs() == ended
    assert shop.messages() == []


def test_what_is_reported_of_a_message_keeps_it_and_what_comes_later_is_of_nobody_we_know(shop) -> None:
    def take(key: str, **about) -> Taken:
        return take_reports(shop.space, "postmark", "email", [Report(key=key, kind="opened", **about)])

    shop.mail_by()
    message, *_ = lived(shop)
    shop.clock.set(shop.now + 100 * DAY)
    assert take("k1", message=message.id) == Taken(1, 0, 0)
    assert after(shop, 179) == 2
    assert take("k1", message=message.id) == Taken(0, 1, 0)
    shop.clock.set(shop.now + 2 * DAY)
    tidy(shop.space)
    assert shop.messages() == []
    assert take("k2", message=message.id) == take("k3", provider_id=message.provider_id) == Taken(1, 0, 1)
    tidy(shop.space)


def test_a_segment_that_asks_without_a_limit_of_time_forgets_them(shop) -> None:
    file = shop.root / "lifeloop.yaml"
    file.write_text(file.read_text().replace("segments:\n", "segments:\n  told:\n    - shop/* was sent\n"))

    def told() -> int:
        with shop.space.store.reading() as tx:
            return len(tx.ask("SELECT 1 FROM segment_member WHERE segment = 'told'"))

    lived(shop, joining="start: {joins: told}\nsteps:\n  - set: {customer.status: told}\n")
    tidy(shop.space)
    assert told() == 3
    shop.clock.set(shop.now + 181 * DAY)
    assert tidy(shop.space)["old_messages"] == 3
    tidy(shop.space)
    assert told() == 0


def test_one_that_was_refused_goes_too(shop) -> None:
    shop.mail_by().answers = lambda _, item: Receipt(id=item.id, outcome=Outcome.REJECTED, detail="no")
    lived(shop)
    assert {status for _, status in shop.said()} == {"rejected"}
    assert after(shop, 400) == 3
