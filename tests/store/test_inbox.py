"""What pages show: the inbox, one customer's story, counts."""

from __future__ import annotations

from dataclasses import replace

from lifeloop.engine.values import Visited
from lifeloop.store import consents, events, inbox, messages, timeline, visits
from lifeloop.store.values import ConsentRow, Decision, EventRow, InboxFilter, Line, Rendered

DAY = 86_400


def fill(world) -> list[str]:
    rows = world.ready(3)
    mails = [
        Rendered(row.id, f"Ana <c{number}@example.com>", "anna@example.com", f"Offer 10% for {number}", "<p>é</p>", "é")
        for number, row in enumerate(rows)
    ]
    with world.store.transaction() as tx:
        for day, mail in enumerate(mails):
            inbox.add(tx, [replace(mail, headers={"X-Id": "1"})], day * DAY + 7)
    return [row.id for row in rows]


def test_the_inbox_finds_by_word_person_step_and_day(world) -> None:
    ids = fill(world)
    with world.store.reading() as tx:
        assert [line.message_id for line in inbox.search(tx, InboxFilter())] == ids[::-1]
        found = {
            name: [line.message_id for line in inbox.search(tx, InboxFilter(**wanted))]
            for name, wanted in {
                "word": {"text": "OFFER 10% FOR 1"},
                "percent": {"text": "%"},
                "any letter": {"text": "1_%"},
                "address": {"text": "C2@example"},
                "person": {"key": "c0"},
                "day": {"since": DAY, "until": 2 * DAY},
                "elsewhere": {"journey": "welcome"},
                "step": {"node": "send-1", "journey": "renewal", "text": "for 0"},
            }.items()
        }
        assert inbox.count(tx, InboxFilter(journey="renewal")) == 3
        assert [line.key for line in inbox.search(tx, InboxFilter(), offset=1, limit=1)] == ["c1"]
        assert inbox.days(tx) == ((0, 1), (DAY, 1), (2 * DAY, 1))
    assert found == {
        "word": [ids[1]],
        "percent": ids[::-1],
        "any letter": [],
        "address": [ids[2]],
        "person": [ids[0]],
        "day": [ids[1]],
        "elsewhere": [],
        "step": [ids[0]],
    }


def test_one_mail_is_shown_whole_and_the_last_rendering_counts(world) -> None:
    ids = fill(world)
    with world.store.transaction() as tx:
        inbox.add(tx, [Rendered(ids[0], "to", "from", "Again", "<p>2</p>", "2", {"A": "b"})], 9)
        line, mail = inbox.find(tx, ids[0])
        assert inbox.find(tx, "nothing") is None
    assert (line.subject, line.journey, line.at, line.status) == ("Again", "renewal", 9, "ready")
    assert mail == Rendered(ids[0], "to", "from", "Again", "<p>2</p>", "2", {"A": "b"})


def test_one_customers_story_is_told_newest_first(world) -> None:
    row, _ = world.ready(2)
    with world.store.transaction() as tx:
        events.add(tx, [EventRow("s", "1", row.customer_id, "order.placed", 20, {"total": 5})], 20)
        consents.record(tx, [ConsentRow(row.customer_id, "offers", False, 120, "email")], 120)
        visits.add(tx, [Line(row.run_id, 0, 0, Visited("send-1", 1, 95, "sent", "renewal/offer"))])
        story = timeline.of_customer(tx, row.customer_id)
        older = timeline.of_customer(tx, row.customer_id, before=95, limit=1)
    assert [(item.at, item.what, item.detail) for item in story] == [
        (120, "consent", "offers refused by email"),
        (95, "visit", "sent send-1: renewal/offer"),
        (90, "message", "renewal/offer cancelled: unsubscribed"),
        (20, "event", "order.placed"),
    ]
    assert (story[3].data, story[1].journey, story[1].run_id) == ({"total": 5}, "renewal", row.run_id)
    assert [item.at for item in older] == [90]


def test_counts_say_where_people_and_messages_are(world) -> None:
    rows = world.ready(3)
    with world.store.transaction() as tx:
        messages.mark(tx, [Decision(rows[0].id, "expired", "late")], 100, owner="w", lease_until=200)
        (found,) = timeline.counts(tx)
    assert (found.journey, found.runs, found.waiting_at) == ("renewal", {"waiting": 3}, {"wait-1": 3})
    assert (found.messages, found.candidates, found.converted) == ({"expired": 1, "ready": 2}, 0, 0)
    assert found.next_due == 100
