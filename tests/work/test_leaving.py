"""A no holds from its commit on: nothing is marked after it, journeys hear of it once, and its proof is kept."""

from __future__ import annotations

import json
import threading
from dataclasses import replace

import pytest

from lifeloop.channel.values import Receipt
from lifeloop.engine.retry import Outcome
from lifeloop.store import consents, customers, events, halts
from lifeloop.work.gating import pass_gate
from lifeloop.work.leaving import Visitor, leave, reader_of
from lifeloop.work.links import Links, Purpose
from lifeloop.work.wave import Wave

LINKS = Links("https://mail.example.com", (b"s" * 32,))
ONE = """
start: {event: order.placed}
delivery: {topic: news}
stop:
  - unsubscribed happened
steps:
  - send: shop/one
  - wait: 2 days
  - send: shop/two
"""
VISITOR = Visitor("where", "Mozilla/5.0")


@pytest.fixture
def linked(shop):
    shop.space.links = LINKS
    shop.publish(one=ONE)
    return shop


def link_to(shop, key="ana", topic="news"):
    with shop.space.store.reading() as tx:
        who = customers.find_keys(tx, [key])[key].id
    message = shop.messages(key)[0].id if shop.messages(key) else "0" * 32
    return LINKS.person(Purpose.UNSUBSCRIBE, LINKS.leave(who, topic, message).rpartition("/")[2])


def ledger_of(shop, key="ana"):
    with shop.space.store.reading() as tx:
        return consents.history(tx, customers.find_keys(tx, [key])[key].id)


def heard(shop):
    with shop.space.store.reading() as tx:
        return [(one.name, one.data) for one in events.after(tx, 0, 100) if one.name == "unsubscribed"]


def test_a_no_ends_the_journey_and_leaves_its_proof(linked):
    linked.person()
    linked.event("ana", "order.placed")
    linked.wave()

    leave(linked.space, link_to(linked), "rfc8058", VISITOR)
    linked.wave()

    (sent,) = linked.messages()
    said = ledger_of(linked)[-1]
    assert (said.topic, said.granted, said.source, said.at) == ("news", False, "rfc8058", linked.now)
    assert json.loads(said.evidence) == {
        "method": "rfc8058",
        "ip": "where",
        "agent": "Mozilla/5.0",
        "message": sent.id,
    }
    assert heard(linked) == [("unsubscribed", {"topic": "news"})]
    assert [run.state.status for run in linked.runs()] == ["stopped"]


def test_saying_it_again_changes_nothing(linked):
    linked.person()
    linked.event("ana", "order.placed")
    linked.wave()
    for _ in range(3):
        leave(linked.space, link_to(linked), "rfc8058", VISITOR)
        linked.clock.set(linked.now + 60)

    assert [row.granted for row in ledger_of(linked)] == [True, False]
    assert len(heard(linked)) == 1


def test_a_topic_that_is_gone_from_the_project_can_still_be_left(linked):
    linked.person()
    linked.event("ana", "order.placed")
    linked.wave()
    project = linked.space.project
    linked.space.project = replace(project, catalogue=replace(project.catalogue, topics={}))

    assert leave(linked.space, link_to(linked), "page", VISITOR).topic == "news"
    assert ledger_of(linked)[-1].granted is False


def test_a_link_of_somebody_we_forgot_does_no_harm(linked):
    linked.person()
    gone = replace(link_to(linked), customer_id=10_000)

    assert leave(linked.space, gone, "rfc8058", VISITOR).customer is None
    assert reader_of(linked.space, gone).topic is None
    assert leave(linked.space, replace(link_to(linked), topic=b"none"), "rfc8058", VISITOR).topic is None
    assert heard(linked) == []


def test_looking_changes_nothing(linked):
    linked.person()
    for _ in range(100):
        found = reader_of(linked.space, link_to(linked))

    assert (found.topic, found.consents) == ("news", {"news": True})
    assert len(ledger_of(linked)) == 1


def test_one_topic_is_left_and_the_others_stay(linked):
    linked.person(consents={"news": True, "offers": True})

    leave(linked.space, link_to(linked), "page", VISITOR)

    assert reader_of(linked.space, link_to(linked)).consents == {"news": False, "offers": True}


def test_a_message_that_was_ready_is_cancelled_in_the_same_commit(linked):
    linked.person()
    linked.event("ana", "order.placed")
    wave = Wave(linked.space)
    wave.admit()
    wave.move()
    assert linked.said() == [("shop/one", "ready")]

    leave(linked.space, link_to(linked), "rfc8058", VISITOR)

    assert linked.said() == [("shop/one", "cancelled")]
    linked.wave()
    assert linked.said() == [("shop/one", "cancelled")]


def test_after_a_committed_no_nothing_is_marked(linked):
    """Customers leave while their messages are at the gate: whoever was marked was marked before the no."""
    keys = linked.people(40)
    linked.events(keys, "order.placed")
    wave = Wave(linked.space)
    wave.admit()
    wave.move()
    links = [link_to(linked, key) for key in keys]
    other = linked.again()
    other.links = LINKS
    left: dict[int, bool] = {}

    def go():
        for link in links:
            leave(other, link, "rfc8058", VISITOR)
            with other.store.reading() as tx:
                rows = tx.ask("SELECT status FROM message WHERE customer_id = :id", id=link.customer_id)
            left[link.customer_id] = rows[0].status == "attempting"

    thread = threading.Thread(target=go)
    thread.start()
    while thread.is_alive():
        pass_gate(linked.space, linked.now, limit=2)
    thread.join()
    pass_gate(linked.space, linked.now, limit=100)

    after = {one.customer_id: one.status for one in linked.messages()}
    assert len(after) == 40
    assert all((after[who] == "attempting") == was for who, was in left.items())
    assert set(after.values()) <= {"attempting", "cancelled"}


def test_mails_carry_the_signed_links(linked):
    handed = []

    def accept(_count, item):
        handed.append(item)
        return Receipt(id=item.id, outcome=Outcome.ACCEPTED)

    linked.mail_by().answers = accept
    linked.person()
    linked.event("ana", "order.placed")
    linked.wave()

    (mail,) = handed
    assert mail.unsubscribe.startswith("https://mail.example.com/u/")
    assert LINKS.person(Purpose.UNSUBSCRIBE, mail.unsubscribe.rpartition("/")[2]).customer_id == 1
    assert mail.unsubscribe in mail.text
    assert mail.unsubscribe in mail.html


def test_without_a_secret_no_mail_leaves(linked):
    linked.space.links = Links("https://mail.example.com", problem="the environment variable S is not set")
    way = linked.mail_by()
    linked.person()
    linked.event("ana", "order.placed")
    linked.wave()

    assert way.handed == []
    assert [(one.status, one.reason) for one in linked.messages()] == [
        ("held", "the environment variable S is not set")
    ]


def test_many_clicks_at_once_are_one_no(linked):
    linked.person()
    linked.event("ana", "order.placed")
    linked.wave()
    link = link_to(linked)
    spaces = [linked.space, *(linked.again() for _ in range(5))]
    start = threading.Barrier(len(spaces))

    def click(space):
        start.wait()
        leave(space, link, "rfc8058", VISITOR)

    threads = [threading.Thread(target=click, args=(space,)) for space in spaces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [row.granted for row in ledger_of(linked)] == [True, False]
    assert len(heard(linked)) == 1


def test_who_leaves_by_a_message_counts_against_its_journey_once(linked):
    linked.person()
    linked.event("ana", "order.placed")
    linked.wave()
    for _ in range(2):
        leave(linked.space, link_to(linked), "rfc8058", VISITOR)
    with linked.space.store.reading() as tx:
        found = halts.counts(tx, [("journey", "one")], linked.now)
    assert [number for _, number in found["journey", "one", "unsubscribed"]] == [1]
