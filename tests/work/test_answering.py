"""What providers report ends right, whatever its order, and as often as it comes."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import count

import pytest

from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.engine.retry import Outcome
from lifeloop.store import consents, customers, events, halts, ledger, reports
from lifeloop.store.opening import StoreBusy
from lifeloop.work.answering import Taken, settle_reports, take_reports
from lifeloop.work.hits import settle_hits
from lifeloop.work.story import tell
from lifeloop.work.tidying import settle_lost, tidy

DAY = 86_400
WITH_KEYS = Abilities(batch=4, key_window=DAY)
JOURNEY = """
start: {event: order.placed}
again: always
delivery: {topic: news}
steps:
  - send: shop/one
  - wait: {for: %s, max: 5 days}
  - send: shop/two
"""
NUMBERS = count()


def lost(_count, item):
    return Receipt(id=item.id, outcome=Outcome.UNCERTAIN, detail="unanswered")


def sent(shop, waits_for="message.bounced"):
    """A mail that left, and a run that waits for what becomes of it."""
    shop.mail_by()
    shop.publish(one=JOURNEY % waits_for)
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    (message,) = shop.messages()
    assert message.status == "sent"
    return message


def report(kind, message=None, **more):
    given = {"key": f"k{next(NUMBERS)}", "kind": kind, "message": message.id if message else None, **more}
    return Report(**given)


def take(shop, *found, source="postmark"):
    return take_reports(shop.space, source, "email", found)


def against(shop, address="ana@example.com"):
    with shop.space.store.reading() as tx:
        return [(row.channel, row.reason) for row in consents.suppressed(tx, address)]


def happened(shop):
    with shop.space.store.reading() as tx:
        return [event.name for event in events.after(tx, 0, 1000) if event.name != "order.placed"]


def allowed(shop, key="ana"):
    with shop.space.store.reading() as tx:
        return consents.of_customer(tx, customers.find_keys(tx, [key])[key].id)


def again(shop, message):
    with shop.space.store.reading() as tx:
        return ledger.find(tx, [message.id])[message.id]


@pytest.mark.parametrize("what", ["delivered", "bounced", "complained", "replied"])
def test_a_journey_goes_on_with_what_was_reported(shop, what):
    message = sent(shop, f"message.{what}")
    shop.go(60)
    assert len(shop.messages()) == 1

    take(shop, report(what, message, bounce="soft" if what == "bounced" else None))
    shop.go(60)

    assert set(again(shop, message).receipts) == {what}
    assert f"message.{what}" in happened(shop)
    assert ("event", f"message.{what}") in shop.line(shop.runs()[0])


def test_a_hard_bounce_suppresses_the_address_and_nothing_more_is_sent_there(shop):
    message = sent(shop)

    take(shop, report("bounced", message, bounce="hard", recipient="Ana@Example.com"))
    shop.go(60)

    assert against(shop) == [("email", "hard_bounce")]
    assert shop.said() == [("shop/one", "sent")]
    assert happened(shop) == ["message.bounced", "bounced"]
    assert allowed(shop) == {"news": True}


@pytest.mark.parametrize("grade", ["soft", "block"])
def test_what_passes_and_what_is_about_our_own_name_suppresses_nobody(shop, grade):
    take(
        shop,
        *[report("bounced", sent(shop), bounce=grade), report("bounced", bounce=grade, recipient="ana@example.com")],
    )

    assert against(shop) == []


def test_a_complaint_ends_every_topic_and_is_never_written_to_again(shop):
    message = sent(shop)

    take(shop, report("complained", message))

    assert against(shop) == [("email", "complaint")]
    assert allowed(shop)["news"] is False
    assert sorted(happened(shop)) == ["complained", "message.complained", "unsubscribed"]


def test_an_unsubscription_at_the_provider_ends_the_topic_with_its_proof(shop):
    message = sent(shop)

    take(shop, report("unsubscribed", message), source="sendgrid")

    with shop.space.store.reading() as tx:
        last = consents.history(tx, message.customer_id)[-1]
    assert (last.topic, last.granted, last.source) == ("news", False, "sendgrid")
    assert message.id in last.evidence
    assert against(shop) == []


def test_the_same_report_changes_nothing_however_often_it_comes(shop):
    message = sent(shop)
    one = report("bounced", message, bounce="hard")

    assert take(shop, one, one) == Taken(new=1, known=1)
    before = happened(shop)
    assert [take(shop, one) for _ in range(3)] == [Taken(known=1)] * 3
    assert happened(shop) == before
    assert take(shop, one, source="mailgun").new == 1


def test_a_report_about_nothing_of_ours_is_kept_and_changes_nothing(shop):
    sent(shop)

    taken = take(shop, Report(key="x", kind="delivered", message="not-ours"), report("opened"))

    assert taken == Taken(new=2, strange=2)
    assert happened(shop) == []


def test_a_dead_address_is_believed_whatever_mail_it_was(shop):
    sent(shop)

    take(shop, report("bounced", bounce="hard", recipient="ana@example.com"))

    assert against(shop) == [("email", "hard_bounce")]


def test_a_message_is_found_by_its_name_at_the_provider(shop):
    message = sent(shop)

    take(shop, report("delivered", provider_id=f"p-{message.id}"), report("delivered", provider_id="p-other"))

    assert "delivered" in again(shop, message).receipts


def test_what_came_back_has_not_arrived_whichever_is_told_first(shop):
    message = sent(shop)

    take(shop, report("bounced", message, bounce="soft"))
    take(shop, report("delivered", message))

    assert set(again(shop, message).receipts) == {"bounced"}

    other = report("delivered", message)
    assert take(shop, other).new == 1
    assert happened(shop) == ["message.bounced", "bounced"]


def test_mail_that_arrived_and_came_back_later_is_both(shop):
    message = sent(shop)

    take(shop, report("delivered", message))
    take(shop, report("bounced", message, bounce="hard"))

    assert set(again(shop, message).receipts) == {"delivered", "bounced"}


@pytest.mark.parametrize("kind", ["accepted", "delivered", "opened", "bounced", "complained", "deferred"])
def test_a_lost_answer_is_found_in_what_the_provider_reports(shop, kind):
    shop.mail_by(Abilities(batch=4, lookup=True)).answers = lost
    shop.publish(one=JOURNEY % "order.paid")
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    message = shop.messages()[0]
    _make_uncertain(shop, message)

    take(shop, report(kind, message))

    found = again(shop, message)
    assert (found.status, found.sent_at is not None, found.reason) == ("sent", True, None)


def test_a_lost_answer_that_the_provider_did_not_take_gives_back_its_place(shop):
    shop.mail_by().answers = lost
    shop.publish(one=JOURNEY % "order.paid")
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    message = shop.messages()[0]
    _make_uncertain(shop, message)

    take(shop, report("rejected", message, reason="policy"))

    found = again(shop, message)
    assert (found.status, found.sent_at, found.reason) == ("rejected", None, "the provider did not try: policy")
    assert happened(shop) == ["message.bounced", "bounced"]

    take(shop, report("accepted", message))
    assert again(shop, message).status == "rejected"


def test_a_second_try_that_waits_is_not_made_when_the_first_arrived(shop):
    way = shop.mail_by(WITH_KEYS)
    way.answers = lost
    shop.publish(one=JOURNEY % "order.paid")
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    message = shop.messages()[0]
    assert (message.status, message.tries) == ("ready", 1)

    take(shop, report("delivered", message))
    shop.go(DAY // 2)

    assert again(shop, message).status == "sent"
    assert way.handed == [message.id]


def test_a_report_before_our_own_commit_is_not_lost(shop):
    """The provider tells of a mail while it is still being handed over."""
    way, told = shop.mail_by(), []

    def answer(_count, item):
        told.append(take(shop, Report(key=f"a-{item.id}", kind="delivered", message=item.id)))
        told.append(take(shop, Report(key=f"b-{item.id}", kind="rejected", message=item.id, listed=True)))
        return Receipt(id=item.id, outcome=Outcome.ACCEPTED, provider_id="p")

    way.answers = answer
    shop.publish(one=JOURNEY % "order.paid")
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    message = shop.messages()[0]
    assert told == [Taken(new=1), Taken(new=1)]
    assert (message.status, set(message.receipts)) == ("sent", {"delivered"})

    assert [settle_reports(shop.space, shop.now) for _ in range(2)] == [1, 0]

    found = again(shop, message)
    assert (found.status, set(found.receipts)) == ("rejected", {"delivered", "bounced"})
    assert against(shop) == [("email", "provider_list")]


def test_a_process_that_died_after_the_provider_took_it_leaves_no_doubt(shop):
    class Died(BaseException):
        pass

    def answer(_count, item):
        take(shop, Report(key="a", kind="accepted", message=item.id))
        raise Died

    shop.mail_by().answers = answer
    shop.publish(one=JOURNEY % "order.paid")
    shop.person()
    shop.event("ana", "order.placed")
    with pytest.raises(Died):
        shop.wave()
    assert shop.messages()[0].status == "attempting"

    shop.clock.set(shop.now + 3600)
    settle_lost(shop.space, shop.now)

    assert (shop.messages()[0].status, shop.messages()[0].reason) == (
        "sent",
        "its answer was lost, and the provider reported it since",
    )


def test_five_soft_bounces_in_a_row_over_a_fortnight_make_an_address_dead(shop):
    message = sent(shop)
    start = shop.now
    for week in range(4):
        shop.clock.set(start + week * 5 * DAY)
        take(shop, report("bounced", message, bounce="soft"))
    assert against(shop) == []

    shop.clock.set(start + 20 * DAY)
    take(shop, report("bounced", message, bounce="soft"))
    assert against(shop) == [("email", "soft_bounce")]


def test_soft_bounces_with_mail_that_arrived_between_them_count_anew(shop):
    message = sent(shop)
    start = shop.now
    for week, kind in enumerate(["bounced"] * 4 + ["delivered"] + ["bounced"] * 4):
        shop.clock.set(start + week * 5 * DAY)
        take(shop, report(kind, message, bounce="soft" if kind == "bounced" else None))

    assert against(shop) == []


@pytest.mark.parametrize(
    ("tracking", "yes", "by", "counted"),
    [
        ("off", True, None, False),
        ("individual", False, None, False),
        ("individual", True, None, True),
        ("individual", True, "prefetch", False),
        ("individual", True, "proxy", True),
    ],
)
def test_openings_at_the_provider_count_only_for_people_who_said_yes(shop, tracking, yes, by, counted):
    message = sent(shop)
    shop.space.project = replace(shop.space.project, catalogue=replace(shop.space.catalogue, tracking=tracking))
    shop.person(consents={"news": True, "tracking": yes})

    take(shop, report("opened", message, by=by))
    shop.go(120)
    settle_hits(shop.space, shop.now)

    assert ("opened" in again(shop, message).receipts) is counted
    assert ("message.opened" in happened(shop)) is counted


def test_the_story_of_a_customer_says_it_in_plain_words(shop):
    message = sent(shop)
    take(shop, report("delivered", message, at=shop.now))
    shop.clock.set(shop.now + 60)
    take(shop, report("complained", message))
    take(shop, report("bounced", message, bounce="hard"))

    with shop.space.store.reading() as tx:
        told = tell(shop.space, tx, customers.find_keys(tx, ["ana"])["ana"], 100).past

    letters = [line.aside for line in told if line.kind == "email"]
    assert letters == ["delivered, came back, marked as spam"]
    assert "no to news" in [line.words for line in told]


def test_the_same_reports_from_many_sides_at_once_are_taken_once(shop):
    """A provider that heard no answer in time sends the batch again while the first is still being written."""
    shop.mail_by()
    shop.publish(one=JOURNEY % "order.paid")
    shop.events(shop.people(24), "order.placed")
    while shop.wave().get("sent"):
        pass
    mails = shop.messages()
    found = [report(kind, mail) for mail in mails for kind in ("delivered", "complained", "unsubscribed")]
    spaces = [shop.again() for _ in range(4)]

    def told(number):
        mixed = sorted(found, key=lambda one: reports.mark(b"k", str(number), one.key))
        parts = [mixed[start : start + 9] for start in range(0, len(mixed), 9)]
        return sum(_patiently(spaces[number], part) for part in parts)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(told, range(4))) == len(found) == 72

    names = Counter(happened(shop))
    assert names == {"message.delivered": 24, "message.complained": 24, "complained": 24, "unsubscribed": 24}
    with shop.space.store.reading() as tx:
        assert tx.ask("SELECT count(*) AS n FROM suppression")[0].n == 24


def test_what_waits_no_longer_and_what_is_old_is_let_go(shop):
    message = sent(shop)
    take(shop, report("delivered", message, raw='{"event":"delivered"}'))

    shop.clock.set(shop.now + 31 * DAY)
    tidy(shop.space)
    with shop.space.store.reading() as tx:
        assert [(row.kind, row.raw) for row in reports.of_message(tx, message.id)] == [("delivered", "")]

    shop.clock.set(shop.now + 150 * DAY)
    tidy(shop.space)
    with shop.space.store.reading() as tx:
        assert reports.of_message(tx, message.id) == ()


def _patiently(space, part):
    """Send until it is taken, as providers do."""
    for _ in range(20):
        with suppress(StoreBusy):
            return take_reports(space, "postmark", "email", part).new
    raise AssertionError("it was never taken")


def _make_uncertain(shop, message):
    """Leave a message as a process leaves it that died at the wrong moment."""
    with shop.space.store.transaction() as tx:
        tx.run(
            "UPDATE message SET status = 'uncertain', next_at = NULL, lease_until = NULL, sent_at = :now"
            " WHERE id = :id",
            now=shop.now,
            id=message.id,
        )


def test_what_people_make_of_messages_is_counted_for_the_breakers_once(shop):
    message = sent(shop)
    for kind, more in (("bounced", {"bounce": "hard"}), ("bounced", {"bounce": "hard"}), ("complained", {})):
        take(shop, report(kind, message, **more))
    take(shop, report("unsubscribed", message))
    with shop.space.store.reading() as tx:
        found = halts.counts(tx, [("journey", "one")], shop.now)
    assert {key[2]: number for key, ((_, number),) in found.items()} == {
        "decided": 1,
        "left": 1,
        "bounced": 1,
        "complained": 1,
        "unsubscribed": 1,
    }
