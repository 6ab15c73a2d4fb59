"""The hand-off and what follows: every class of outcome, lost answers, ways that rest, texts that fail."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from lifeloop.channel.values import Abilities, Receipt
from lifeloop.engine.pacing import PROBE_LOOK
from lifeloop.engine.retry import Outcome
from lifeloop.journey.breakers import Rate
from lifeloop.store import journeys, messages
from lifeloop.store.opening import StoreBusy
from lifeloop.store.outgoing import UNTRIED
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work import following, handing, pacing, tidying
from lifeloop.work.gating import pass_gate
from lifeloop.work.halting import releasing
from lifeloop.work.tidying import tidy
from lifeloop.work.wave import Wave

MINUTE, HOUR, DAY = 60, 3600, 86_400
KEYED = Abilities(key_window=DAY, batch=4)

ONE = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/one
"""


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())


def said(outcome: Outcome, **more):
    return lambda _count, item: Receipt(id=item.id, outcome=outcome, **more)


def ordered(shop, count: int = 1, **journeys_: str) -> list[str]:
    shop.publish(**(journeys_ or {"one": ONE}))
    keys = shop.people(count)
    shop.events(keys, "order.placed")
    return keys


def statuses(shop) -> set[str]:
    return {one.status for one in shop.messages()}


def test_what_is_accepted_is_said_once(shop) -> None:
    ordered(shop, 10)
    way = shop.mail_by()
    shop.wave()
    shop.go(DAY)
    assert statuses(shop) == {"sent"}
    assert sorted(way.handed) == sorted(one.id for one in shop.messages())


def test_what_is_refused_for_good_is_over(shop) -> None:
    ordered(shop)
    way = shop.mail_by()
    way.answers = said(Outcome.REJECTED, detail="no such mailbox")
    shop.wave()
    shop.go(DAY)
    (message,) = shop.messages()
    assert (message.status, message.reason, len(way.handed)) == ("rejected", "no such mailbox", 1)


def test_what_surely_did_not_arrive_is_tried_again_under_its_own_id_until_it_is_late(shop) -> None:
    ordered(shop, one=ONE.replace("service", "news"))
    way = shop.mail_by()
    way.answers = said(Outcome.NOT_ACCEPTED)
    meant = shop.now
    shop.wave()
    for _ in range(200):
        (message,) = shop.messages()
        if message.status != "ready":
            break
        assert message.due_at == meant
        shop.clock.set(message.next_at)
        shop.wave()
    assert (message.status, message.reason) == ("expired", "late: 24 hours late")
    assert 10 < len(way.handed) < 100
    assert len(set(way.handed)) == 1
    with shop.space.store.reading() as tx:
        assert len(messages.attempts(tx, message.id)) == len(way.handed)


def test_a_call_that_nobody_takes_is_given_up_after_days(shop) -> None:
    ordered(
        shop,
        call="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - call: crm.create
        """,
    )
    way = shop.calls_by()
    way.answers = said(Outcome.NOT_ACCEPTED)
    shop.wave()
    while (message := shop.messages()[0]).status == "ready":
        shop.clock.set(message.next_at)
        shop.wave()
    assert (message.status, message.reason) == ("rejected", "given up: nobody took it in time")
    assert following.GIVE_UP_AFTER - 2 * HOUR < shop.now - message.due_at <= following.GIVE_UP_AFTER


def test_an_unknown_outcome_is_never_tried_again_blindly_and_always_under_a_recognised_key(shop) -> None:
    ordered(shop)
    blind = shop.mail_by()
    blind.answers = said(Outcome.UNCERTAIN)
    shop.wave()
    shop.go(HOUR)
    assert ([one.status for one in shop.messages()], len(blind.handed)) == (["assumed_sent"], 1)
    shop.person("ana")
    shop.event("ana", "order.placed")
    keyed = shop.mail_by(KEYED)
    keyed.answers = lambda count, item: Receipt(
        id=item.id, outcome=Outcome.UNCERTAIN if count < 3 else Outcome.ACCEPTED
    )
    shop.wave()
    shop.go(MINUTE)
    shop.go(5 * MINUTE)
    assert shop.said("ana") == [("shop/one", "sent")]
    assert (len(keyed.handed), len(set(keyed.handed))) == (3, 1)


def test_a_way_out_that_needs_repair_rests_and_uses_up_no_try(shop) -> None:
    ordered(shop, 12)
    way = shop.mail_by()
    way.answers = said(Outcome.CONFIGURATION, detail="log in first")
    shop.wave()
    assert (statuses(shop), len(way.handed)) == ({"ready"}, 4)
    assert {one.tries for one in shop.messages()} == {0}
    way.answers = said(Outcome.ACCEPTED)
    shop.go(pacing.PAUSED_FOR)
    assert len(way.handed) == 4 + 1 + 8  # one tried alone whether it works again; the rest of its batch is not due yet
    shop.go(PROBE_LOOK)
    assert (statuses(shop), len(way.handed)) == ({"sent"}, 16)
    assert {one.tries for one in shop.messages()} == {1}


def test_one_connection_that_needs_repair_does_not_hold_up_the_mail(shop) -> None:
    ordered(shop, 2, one=ONE, call=ONE.replace("send: shop/one", "call: crm.create"))
    calls = shop.calls_by()
    calls.answers = said(Outcome.CONFIGURATION)
    shop.wave()
    assert sorted(shop.said()) == [("crm.create", "ready")] * 2 + [("shop/one", "sent")] * 2


def test_a_text_that_cannot_be_written_holds_its_message_and_no_other(shop) -> None:
    text = (shop.root / "templates" / "shop" / "one.md").read_text()
    (shop.root / "templates" / "shop" / "one.md").write_text(
        text + "\n{{ 10 // (customer.first_name | default('x') | length - 6) }}\n"
    )
    shop.publish(one=ONE)
    for key in ("abcdef", "ana", "bo"):
        shop.person(key)
        shop.event(key, "order.placed")
    shop.space = shop.again()
    way = shop.mail_by()
    shop.wave()
    assert (shop.said("abcdef"), shop.said("ana"), shop.said("bo")) == (
        [("shop/one", "held")],
        [("shop/one", "sent")],
        [("shop/one", "sent")],
    )
    assert len(way.handed) == 2


def test_a_mistake_of_ours_while_writing_holds_its_message_and_no_other(shop, monkeypatch, caplog) -> None:
    ordered(shop, 4)
    whole = handing.envelope_of

    def broken(space, one, now, ahead):
        if one.message.key == "c00001":
            raise RuntimeError(one.facts.customer["email"])
        return whole(space, one, now, ahead)

    monkeypatch.setattr(handing, "envelope_of", broken)
    shop.wave()
    assert sorted(status for _, status in shop.said()) == ["held", "sent", "sent", "sent"]
    assert "example.com" not in caplog.text
    monkeypatch.undo()
    assert releasing.release(shop.space, None, Rate(1000)) == 1
    shop.wave()
    assert statuses(shop) == {"sent"}


def test_a_way_out_that_raises_leaves_its_part_in_doubt_and_the_rest_goes_on(shop, caplog) -> None:
    ordered(shop, 8)
    way = shop.mail_by()
    accepted = way.answers
    way.answers = lambda count, item: RuntimeError("ana@example.com") if count == 2 else accepted(count, item)
    shop.wave()
    assert sorted(status for _, status in shop.said()) == ["assumed_sent"] * 4 + ["sent"] * 4
    assert "ana@example.com" not in caplog.text


def test_where_doubles_are_not_recognised_few_are_on_their_way_at_once(shop) -> None:
    ordered(shop, 30)
    shop.mail_by()
    shop.calls_by(KEYED)
    assert shop.hand_over()[0].claimed == 0
    Wave(shop.space).admit()
    gated, counts = shop.hand_over()
    assert (gated.claimed, counts) == (4, {"sent": 4})
    shop.mail_by(KEYED)
    gated, counts = shop.hand_over()
    assert (gated.claimed, counts) == (26, {"sent": 26})


def test_what_a_dead_process_held_is_settled_by_what_its_way_out_promises(shop) -> None:
    ordered(shop, 3)
    way = shop.mail_by()
    Wave(shop.space).admit()
    assert len(pass_gate(shop.space, shop.now, limit=2).cleared) == 2  # and here it died
    shop.wave()
    assert sorted(status for _, status in shop.said()) == ["attempting", "attempting", "sent"]
    keyed = shop.mail_by(KEYED)
    shop.go(shop.space.lease)
    assert statuses(shop) == {"attempting", "sent"}
    shop.go(1)
    assert statuses(shop) == {"sent"}
    assert (len(way.handed), len(keyed.handed)) == (1, 2)


def test_after_its_window_a_key_is_recognised_no_more(shop) -> None:
    ordered(shop)
    shop.mail_by(Abilities(key_window=HOUR, batch=4))
    Wave(shop.space).admit()
    pass_gate(shop.space, shop.now, limit=2)
    shop.go(HOUR)
    assert statuses(shop) == {"assumed_sent"}


CALL = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - call: crm.create
  - send: shop/one
"""


def recognising(shop, window: int | None) -> None:
    shop.space.ways = replace(shop.space.ways, windows={} if window is None else {"crm": window})


@pytest.mark.parametrize(("window", "tries", "in_the_end"), [(None, 1, "assumed_sent"), (DAY, 2, "sent")])
def test_a_connection_that_recognises_our_key_is_asked_again_under_it(shop, window, tries, in_the_end) -> None:
    ordered(shop, call=CALL)
    way = shop.calls_by()
    lost = iter([Outcome.UNCERTAIN])
    way.answers = lambda _count, item: Receipt(id=item.id, outcome=next(lost, Outcome.ACCEPTED))
    recognising(shop, window)
    shop.wave()
    shop.go(HOUR)
    (call,) = [one for one in shop.messages() if one.kind == "call"]
    assert (way.handed, call.status) == ([call.id] * tries, in_the_end)


@pytest.mark.parametrize(("window", "afterwards"), [(None, "assumed_sent"), (DAY, "sent"), (HOUR, "assumed_sent")])
def test_a_call_whose_worker_died_is_made_again_where_its_key_is_recognised(shop, window, afterwards) -> None:
    ordered(shop, call=CALL)
    shop.calls_by()
    recognising(shop, window)
    Wave(shop.space).admit()
    pass_gate(shop.space, shop.now, limit=2)
    shop.go(HOUR)
    shop.go(HOUR)
    assert [one.status for one in shop.messages() if one.kind == "call"] == [afterwards]


def test_the_local_inbox_recognises_its_ids(shop) -> None:
    ordered(shop)
    Wave(shop.space).admit()
    gated = pass_gate(shop.space, shop.now, limit=2)
    asyncio.run(shop.space.ways.inbox.send([handing.envelope_of(shop.space, gated.cleared[0], shop.now)]))
    shop.clock.set(shop.now + shop.space.lease + 1)
    tidy(shop.space)
    shop.wave()
    assert statuses(shop) == {"sent"}
    with shop.space.store.reading() as tx:
        assert tx.ask("SELECT count(*) AS number FROM rendered")[0].number == 1


def stalled(shop) -> list[str]:
    """A worker that slept through its lease comes back with *not accepted*, while another is already sending."""
    ordered(shop)
    way = shop.mail_by(KEYED)
    Wave(shop.space).admit()
    other = shop.again()
    other.ways = shop.space.ways
    stale = pass_gate(shop.space, shop.now, limit=1).cleared[0]
    shop.clock.set(shop.now + shop.space.lease + 1)
    tidying.settle_lost(other, shop.now)

    async def meanwhile(batch):
        late = Settlement(stale.message.id, stale.fence, "ready", UNTRIED, retry_at=shop.now)
        with shop.space.store.transaction() as tx:
            messages.settle(tx, [late], shop.now, owner=shop.space.owner)
        return await whole(batch)

    whole, way.send = way.send, meanwhile
    shop.hand_over(other, limit=9)
    way.send = whole
    shop.wave()
    return way.handed


def test_a_worker_that_slept_through_its_lease_changes_nothing(shop) -> None:
    assert len(stalled(shop)) == 1
    assert statuses(shop) == {"sent"}


def test_without_the_fence_the_same_story_sends_twice(shop, monkeypatch) -> None:
    """The control: our proof must be able to fail."""

    whole = Tx.run, Tx.ask

    def unfenced(sql: str) -> str:
        return sql.replace("fence = r.held AND coalesce(owner = :owner AND", "coalesce(:owner = :owner AND")

    monkeypatch.setattr(Tx, "ask", lambda self, sql, **values: whole[1](self, unfenced(sql), **values))
    monkeypatch.setattr(Tx, "run", lambda self, sql, **values: whole[0](self, unfenced(sql), **values))
    assert len(stalled(shop)) == 2


def test_what_was_under_way_when_its_journey_stopped_is_not_tried_again(shop) -> None:
    ordered(shop, one="stop:\n  - order.paid happened\n" + ONE.strip() + "\n  - wait: 3 days\n  - send: shop/two\n")
    way = shop.mail_by()

    def stops(_count, item):
        shop.event("c00000", "order.paid", at=shop.now)
        shop.space.clock = shop.clock
        return Receipt(id=item.id, outcome=Outcome.NOT_ACCEPTED)

    way.answers = stops
    shop.wave()
    way.answers = said(Outcome.ACCEPTED)
    shop.go(HOUR)
    (message,) = shop.messages()
    assert (message.status, len(way.handed)) == ("cancelled", 1)


def test_an_unsubscribe_between_two_tries_holds(shop) -> None:
    shop.publish(one=ONE.replace("service", "news"))
    shop.person()
    shop.event("ana", "order.placed")
    way = shop.mail_by()
    way.answers = said(Outcome.NOT_ACCEPTED)
    shop.wave()
    shop.person(consents={"news": False})
    shop.go(HOUR)
    assert (shop.said(), len(way.handed)) == ([("shop/one", "cancelled")], 1)


def test_a_wish_to_stop_leaves_the_rest_ready_and_untried(shop) -> None:
    ordered(shop, 8)
    way = shop.mail_by(KEYED)
    Wave(shop.space).admit()
    shop.hand_over(enough=lambda: len(way.handed) >= 4)
    assert sorted(status for _, status in shop.said()) == ["ready"] * 4 + ["sent"] * 4
    assert {one.tries for one in shop.messages() if one.status == "ready"} == {0}
    shop.wave()
    assert (statuses(shop), len(way.handed)) == ({"sent"}, 8)


def test_a_lease_almost_over_hands_over_nothing(shop, monkeypatch) -> None:
    ordered(shop, 4)
    way = shop.mail_by(KEYED)
    moments = iter([0.0, *[1000.0] * 99])
    monkeypatch.setattr(handing, "monotonic", lambda: next(moments))
    Wave(shop.space).admit()
    shop.hand_over()
    assert (statuses(shop), way.handed) == ({"ready"}, [])


def test_a_busy_database_is_asked_again_for_what_cannot_be_unsent(shop, monkeypatch) -> None:
    ordered(shop, 2)
    way = shop.mail_by()
    whole, times = handing.outgoing.settle, []

    def busy(*args, **named):
        times.append(1)
        if len(times) < 3:
            raise StoreBusy("locked")
        return whole(*args, **named)

    monkeypatch.setattr(handing.outgoing, "settle", busy)
    monkeypatch.setattr(handing, "PAUSE", 0.001)
    shop.wave()
    assert (statuses(shop), len(way.handed)) == ({"sent"}, 2)


def test_an_expired_question_is_not_asked(shop) -> None:
    ordered(
        shop,
        ask="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - ask: boss
            question: May we?
            max: 2 hours
            then: [{send: shop/one}]
        """,
    )
    with shop.space.store.transaction() as tx:
        journeys.halt(tx, "", shop.now)
        tx.run("UPDATE switch SET reason = 'wait' WHERE name = 'kill'")
    shop.wave()
    with shop.space.store.transaction() as tx:
        journeys.release(tx)
    shop.go(3 * HOUR)
    assert shop.said() == [("boss", "expired")]


def test_a_second_try_bears_the_first_ones_name(shop) -> None:
    ordered(shop)
    way = shop.mail_by(KEYED)
    way.answers = lambda count, item: Receipt(
        id=item.id, outcome=Outcome.NOT_ACCEPTED if count == 1 else Outcome.ACCEPTED
    )
    shop.wave()
    shop.go(5 * MINUTE)
    assert way.handed == [shop.messages()[0].id] * 2
    assert shop.messages()[0].status == "sent"


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_class_of_outcome_leaves_a_row_that_the_tables_allow(shop, outcome) -> None:
    ordered(shop, 2)
    for way in (shop.mail_by(), shop.mail_by(KEYED)):
        way.answers = said(outcome)
        shop.go(HOUR)
    assert len(shop.messages()) == 2


def test_an_answer_that_cannot_be_kept_as_it_is_spoils_nothing(shop) -> None:
    ordered(
        shop,
        3,
        call="""
        start: {event: order.placed}
        delivery: {topic: service}
        steps:
          - call: crm.create
            as: thing
          - set: {customer.seen: journey.thing.id}
        """,
    )
    way = shop.calls_by()
    way.answers = said(Outcome.ACCEPTED, answer={"id": "a\x00b", "odd": float("nan")})
    shop.wave()
    assert (statuses(shop), shop.customer("c00000")["seen"]) == ({"sent"}, "a\ufffdb")
