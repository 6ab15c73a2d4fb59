"""What pages show: the inbox, one customer's story, counts."""

from __future__ import annotations

from dataclasses import replace

from lifeloop.engine.values import Visited
from lifeloop.store import events, inbox, messages, timeline, visits
from lifeloop.store.values import Decision, EventRow, InboxFilter, Line, Rendered

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


def test_one_customers_story_comes_in_the_order_it_happened(world) -> None:
    row, _ = world.ready(2)
    moved = [Visited("wait-1", 1, 95, "waited"), Visited("send-1", 2, 95, "sent", "renewal/offer")]
    with world.store.transaction() as tx:
        events.add(tx, [EventRow("s", str(n), row.customer_id, f"order.{n}", 20, {"total": n}) for n in range(3)], 20)
        visits.add(tx, [Line(row.run_id, 0, index, visited) for index, visited in enumerate(moved)])
        visits.add(tx, [Line(row.run_id, 1, 0, Visited("wait-2", 3, 95, "waits"))])
        steps = visits.of_customer(tx, row.customer_id, 10)
        latest = visits.of_customer(tx, row.customer_id, 1)
        happened = events.of_customer(tx, row.customer_id, 2)
        letters = messages.of_customer(tx, row.customer_id, 10)
    assert [step.visited.node for step in steps] == ["wait-1", "send-1", "wait-2"]
    assert {(step.run_id, step.journey, step.plan) for step in steps} == {(row.run_id, "renewal", "plan-1")}
    assert [step.visited.node for step in latest] == ["wait-2"]
    assert [(event.name, event.data) for event in happened] == [("order.1", {"total": 1}), ("order.2", {"total": 2})]
    assert [letter.id for letter in letters] == [row.id]


def test_counts_say_where_people_and_messages_are(world) -> None:
    rows = world.ready(3)
    with world.store.transaction() as tx:
        messages.mark(tx, [Decision(rows[0].id, "expired", "late")], 100, owner="w", lease_until=200)
        (found,) = timeline.counts(tx)
    assert (found.journey, found.runs, found.waiting_at) == ("renewal", {"waiting": 3}, {"wait-1": 3})
    assert (found.messages, found.candidates, found.converted) == ({"expired": 1, "ready": 2}, 0, 0)
    assert found.next_due == 100
