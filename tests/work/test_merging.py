"""Two customers who are one: nothing is said twice, no limit is dodged, and the stricter permission holds."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.engine.values import Status
from lifeloop.store import aliases, consents, customers, events, objects, preferences
from lifeloop.store.merging import stricter
from lifeloop.store.preferences import Wish
from lifeloop.store.tables import METADATA
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.merging import merge

HOUR, DAY = 3600, 86_400
TWO_MAILS = """
start: {event: order.placed}
again: never
delivery: {topic: service}
steps:
  - send: shop/one
  - wait: 1 day
  - send: shop/two
"""
EVERY_ORDER = TWO_MAILS.replace("never", "always")


def unite(shop, former="anon:1", key="ana"):
    with shop.space.store.transaction() as tx:
        return merge(shop.space, tx, former, key, shop.now)


def known(shop, *keys):
    """Let them be known with an address, and nothing else."""
    for key in keys:
        shop.person(key, email=f"{key.replace(':', '')}@example.com")


def id_of(shop, key):
    with shop.space.store.reading() as tx:
        return customers.find_keys(tx, [key])[key].id


def test_everything_goes_under_the_winner_and_nothing_of_the_loser_is_left(shop):
    shop.publish(orders=EVERY_ORDER)
    shop.person("ana", city="Rome")
    shop.person("anon:1", city="Oslo", seen="shoes", things={"contract": ({"contract_id": "K-1"},)})
    shop.event("anon:1", "order.placed")
    shop.go()
    loser = id_of(shop, "anon:1")

    unite(shop)

    with shop.space.store.reading() as tx:
        left = {
            name: tx.ask(f"SELECT count(*) AS n FROM {name} WHERE customer_id = :who", who=loser)[0].n  # noqa: S608
            for name, table in METADATA.tables.items()
            if "customer_id" in table.columns
        }
        (thing,) = objects.of_customers(tx, [id_of(shop, "ana")])
        assert customers.find_keys(tx, ["anon:1"]) == {}
        assert aliases.followed(tx, loser) == id_of(shop, "ana")
    assert set(left.values()) == {0}
    assert (shop.customer()["city"], shop.customer()["seen"], thing.key) == ("Rome", "shoes", "K-1")
    assert shop.said("ana") == [("shop/one", "sent")]
    shop.go(DAY)
    assert shop.said("ana") == [("shop/one", "sent"), ("shop/two", "sent")]


def test_what_comes_under_the_old_id_belongs_to_the_winner(shop):
    shop.event("anon:1", "order.placed", source_id="e1", total=5)
    unite(shop)

    again = shop.event("anon:1", "order.placed", source_id="e1", total=5)
    other = shop.event("anon:1", "order.placed", source_id="e1", total=6)
    fresh = shop.event("anon:1", "order.placed", source_id="e2")

    with shop.space.store.reading() as tx:
        ids = [event.message_id for event in events.of_customer(tx, id_of(shop, "ana"), 10)]
        assert customers.count(tx) == 1
    assert (again.duplicates, len(other.conflicts), fresh.events) == (1, 1, 1)
    assert ids == ["e1", "e2"]


def test_a_guessed_time_stays_a_guess(shop):
    late = shop.now + DAY
    shop.event("anon:1", "order.placed", source_id="e1", at=late)
    unite(shop)
    shop.clock.set(shop.now + 60)
    assert shop.event("ana", "order.placed", source_id="e1", at=late).duplicates == 1


@pytest.mark.parametrize("older", ["ana", "anon:1"])
def test_the_older_of_two_runs_goes_on_and_nobody_hears_anything_twice(shop, older):
    shop.publish(orders=TWO_MAILS)
    newer = "anon:1" if older == "ana" else "ana"
    known(shop, older, newer)
    shop.event(older, "order.placed")
    shop.go()
    shop.event(newer, "order.placed")
    shop.go(HOUR)
    unite(shop)
    shop.go(HOUR)
    shop.go(2 * DAY)

    assert sorted(shop.said("ana")) == [("shop/one", "sent"), ("shop/one", "sent"), ("shop/two", "sent")]
    assert sorted((run.state.status, run.state.reason) for run in shop.runs()) == [
        (Status.COMPLETED, None),
        (Status.STOPPED, "merged"),
    ]


def test_who_has_been_through_a_journey_once_is_not_in_it_again_as_somebody_else(shop):
    shop.publish(orders=TWO_MAILS)
    known(shop, "ana", "anon:1")
    shop.event("ana", "order.placed")
    shop.go()
    shop.go(2 * DAY)
    shop.event("anon:1", "order.placed")
    shop.go()
    unite(shop)
    shop.go(2 * DAY)
    shop.event("anon:1", "order.placed", source_id="later")
    shop.go(2 * DAY)

    assert [name for name, _ in shop.said("ana")].count("shop/two") == 1
    assert len(shop.runs()) == 2


def test_messages_of_both_count_against_one_limit(shop):
    shop.publish(orders=EVERY_ORDER.replace("topic: service", "topic: news, limit: 2 per 7 days"))
    known(shop, "ana", "anon:1")
    for key in ("ana", "anon:1"):
        shop.event(key, "order.placed")
    shop.go()
    unite(shop)
    shop.go(DAY)
    shop.go(DAY)

    sent = [status for _, status in shop.said("ana") if status == "sent"]
    assert len(sent) == 2


def test_the_stricter_permission_holds_and_what_was_ready_is_cancelled(shop):
    shop.person("ana", consents={"news": True})
    shop.person("anon:1", consents={"news": False})
    unite(shop)
    with shop.space.store.reading() as tx:
        assert consents.of_customer(tx, id_of(shop, "ana")) == {"news": False}
        assert [one.source for one in consents.history(tx, id_of(shop, "ana"))] == ["import", "import", "merge"]
    # A yes that was said before all this, and comes late, does not undo it; a new one does.
    ingest(shop.space, [Person("ana", consents={"news": True}, said_at=shop.now - HOUR)])
    with shop.space.store.reading() as tx:
        assert consents.of_customer(tx, id_of(shop, "ana")) == {"news": False}
    shop.clock.set(shop.now + 1)
    ingest(shop.space, [Person("ana", consents={"news": True})])
    with shop.space.store.reading() as tx:
        assert consents.of_customer(tx, id_of(shop, "ana")) == {"news": True}


def test_who_wants_to_hear_less_hears_less(shop):
    shop.person("ana")
    shop.person("anon:1")
    with shop.space.store.transaction() as tx:
        preferences.save(tx, id_of(shop, "ana"), Wish(None, 50), shop.now)
        preferences.save(tx, id_of(shop, "anon:1"), Wish("weekly", 70), shop.now)
    unite(shop)
    with shop.space.store.reading() as tx:
        assert preferences.of_customer(tx, id_of(shop, "ana")) == Wish("weekly", 70)


ANSWERS = st.dictionaries(st.sampled_from(["news", "email/news", "sms/news", "offers"]), st.booleans(), max_size=4)


def effective(said, channel, topic):
    return said.get(f"{channel}/{topic}", said.get(topic))


@given(ANSWERS, ANSWERS)
def test_nothing_is_allowed_that_one_of_them_refused(one, other):
    for topic in ("news", "offers"):
        for channel in ("email", "sms", "chat"):
            sides = [said for side in (one, other) if (said := effective(side, channel, topic)) is not None]
            assert effective(stricter(one, other), channel, topic) == (all(sides) if sides else None)
    assert stricter(one, other) == stricter(other, one)
    assert stricter(one, one) == one


def test_a_device_that_somebody_else_uses_later_stays_with_whom_it_was(shop):
    unite(shop, "anon:1", "ana")
    assert unite(shop, "anon:1", "ana").taken is False
    assert unite(shop, "anon:1", "bo").taken is True
    assert unite(shop, "ana", "bo").taken is False
    with shop.space.store.reading() as tx:
        assert aliases.now_called(tx, ["anon:1", "ana"]) == {"anon:1": "bo", "ana": "bo"}


def test_a_link_in_an_old_mail_still_leads_to_whom_it_was_sent(shop):
    shop.person("anon:1")
    old = id_of(shop, "anon:1")
    unite(shop)
    unite(shop, "ana", "bo")
    with shop.space.store.reading() as tx:
        assert aliases.followed(tx, old) == id_of(shop, "bo")


def test_the_number_of_somebody_who_was_merged_away_is_nobody_elses(shop):
    known(shop, "ana", "anon:1")
    gone = id_of(shop, "anon:1")
    unite(shop)
    known(shop, "cas", "bo")
    assert gone < min(id_of(shop, "bo"), id_of(shop, "cas"))
    unite(shop, "cas", "ana")
    with shop.space.store.reading() as tx:
        assert aliases.followed(tx, gone) == id_of(shop, "ana")


def together(*jobs):
    """Run jobs in threads that start at the same moment; what they raise is raised."""
    gate = threading.Barrier(len(jobs))

    def run(job):
        gate.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


def test_a_wave_and_events_at_the_same_time_lose_nothing_and_say_nothing_twice(shop):
    shop.publish(orders=TWO_MAILS.replace("wait: 1 day", "wait: 1 second"))
    pairs = [(f"anon:{number}", f"c{number}") for number in range(12)]
    for former, key in pairs:
        known(shop, former, key)
        shop.event(former, "order.placed")
        shop.event(key, "order.placed")
    shop.go(0)
    shop.clock.set(shop.now + 5)
    spaces = [shop.again() for _ in range(3)]

    def merges():
        for former, key in pairs:
            with spaces[0].store.transaction() as tx:
                merge(spaces[0], tx, former, key, shop.now)

    def happens():
        for number, (former, _) in enumerate(pairs):
            ingest(spaces[1], [], [Happening(former, "order.paid", shop.now, f"p{number}")])

    together(merges, happens, lambda: [shop.wave() for _ in range(4)])
    shop.go(60)

    with shop.space.store.reading() as tx:
        assert customers.count(tx) == len(pairs)
        rows = tx.ask(
            "SELECT c.key, m.name, count(*) AS n FROM message m JOIN customer c ON c.id = m.customer_id"
            " WHERE m.status = 'sent' GROUP BY 1, 2"
        )
        paid = tx.ask("SELECT count(*) AS n FROM event WHERE name = 'order.paid'")[0].n
        waiting = tx.ask("SELECT count(*) AS n FROM enrollment WHERE status = 'waiting'")[0].n
    assert (paid, waiting) == (len(pairs), 0)
    # Two runs may both have been over before the merge; after it, none says a second time what the other said.
    assert {row.key for row in rows} == {key for _, key in pairs}
    assert all(row.n <= 2 for row in rows)
