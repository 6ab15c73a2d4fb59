"""T2: what may forbid a message is read again just before it leaves, and what holds it counts for nothing else."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from lifeloop.engine.values import Sent
from lifeloop.store import consents, customers, journeys, messages
from lifeloop.store.values import SuppressionRow
from lifeloop.work import gating
from lifeloop.work.wave import Wave

MINUTE, HOUR, DAY = 60, 3600, 86_400


def at(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp())


def news(text: str, delivery: str = "topic: news") -> str:
    return f"start: {{event: order.placed}}\ndelivery: {{{delivery}}}\nsteps:\n  - send: {text}\n"


def decided(shop, *keys: str) -> Wave:
    """Bring people to the outbox and no further: T1 is done, T2 is not."""
    for key in keys or ("ana",):
        shop.person(key)
        shop.event(key, "order.placed")
    wave = Wave(shop.space)
    wave.admit()
    wave.move()
    return wave


def who(shop, key: str = "ana") -> int:
    with shop.space.store.reading() as tx:
        return customers.find_keys(tx, [key])[key].id


def copy(shop, times: int) -> None:
    """Write the messages there are again, as if other steps had decided them at the same moment."""
    with shop.space.store.transaction() as tx:
        for number in range(times):
            tx.run(
                "INSERT INTO message (id, customer_id, enrollment_id, due_at, made_at, next_at, visit, journey_id,"
                " counts, kind, status, node, name, channel, topic) SELECT id || :more, customer_id, enrollment_id,"
                " due_at, made_at, next_at, visit + :number, journey_id, counts, kind, status, node, name, channel,"
                " topic FROM message WHERE length(id) = 32",
                more=f"-{number}",
                number=number + 1,
            )


def test_an_unsubscribe_between_the_decision_and_the_gate_holds(shop) -> None:
    shop.publish(one=news("shop/one"))
    decided(shop)
    way = shop.mail_by()
    with shop.space.store.transaction() as tx:
        consents.unsubscribe(tx, who(shop), "news", shop.now)
    shop.wave()
    assert (shop.said(), way.handed) == ([("shop/one", "cancelled")], [])


def test_a_suppression_between_the_decision_and_the_gate_holds(shop) -> None:
    shop.publish(one=news("shop/one"))
    decided(shop)
    with shop.space.store.transaction() as tx:
        consents.suppress(tx, [SuppressionRow("email", "ANA@example.com", "bounced", shop.now)])
    shop.wave()
    assert shop.said() == [("shop/one", "suppressed")]


def test_nothing_is_marked_after_a_halt_and_everything_goes_on_after_it(shop) -> None:
    shop.publish(one=news("shop/one"))
    decided(shop, "ana", "bo")
    with shop.space.store.transaction() as tx:
        journeys.halt(tx, "wrong prices", shop.now)
    wave = Wave(shop.space)
    shop.clock.set(shop.now + HOUR)
    way = shop.mail_by()
    shop.wave()
    assert ({status for _, status in shop.said()}, way.handed) == ({"ready"}, [])
    with shop.space.store.transaction() as tx:
        assert messages.halted(tx) == "wrong prices"
        journeys.release(tx)
    shop.wave()
    assert {status for _, status in shop.said()} == {"sent"}
    assert wave.halted is None


def test_a_wave_tells_why_nothing_leaves(shop) -> None:
    shop.publish(one=news("shop/one"))
    decided(shop)
    with shop.space.store.transaction() as tx:
        journeys.halt(tx, "wrong prices", shop.now)
    wave = Wave(shop.space)
    asyncio.run(wave.run())
    assert wave.halted == "wrong prices"


def test_a_pause_between_the_decision_and_the_gate_holds_and_a_resume_passes_the_gate_again(shop) -> None:
    shop.publish(one=news("shop/one"))
    decided(shop, "ana", "bo")
    with shop.space.store.transaction() as tx:
        journeys.pause(tx, ["one"], "", shop.now)
    shop.go(HOUR)
    assert {status for _, status in shop.said()} == {"ready"}
    with shop.space.store.transaction() as tx:
        journeys.resume(tx, ["one"])
        consents.unsubscribe(tx, who(shop, "bo"), "news", shop.now)
    shop.wave()
    assert (shop.said("ana"), shop.said("bo")) == ([("shop/one", "sent")], [("shop/one", "cancelled")])


def test_a_pause_that_the_claim_did_not_see_yet_marks_nothing(shop, monkeypatch) -> None:
    """The gate reads the pause itself, under lock: a claim from just before does not count."""
    shop.publish(one=news("shop/one"))
    decided(shop)
    with shop.space.store.transaction() as tx:
        ids = journeys.awake(tx, ["one"])
        journeys.pause(tx, ["one"], "", shop.now)
    monkeypatch.setattr(journeys, "awake", lambda _tx, _names: ids)
    gated = gating.pass_gate(shop.space, shop.now, limit=10)
    assert (gated.cleared, gated.claimed) == ((), 1)
    assert shop.said() == [("shop/one", "ready")]


def test_an_event_between_the_decision_and_the_gate_is_looked_at_first(shop) -> None:
    shop.publish(one="stop:\n  - order.paid happened\n" + news("shop/one") + "  - wait: 3 days\n  - send: shop/two\n")
    wave = decided(shop)
    shop.event("ana", "order.paid")
    asyncio.run(wave.deliver())
    assert shop.said() == [("shop/one", "ready")]
    shop.go(1)
    assert shop.said() == [("shop/one", "cancelled")]


def test_a_message_too_late_is_not_sent_and_the_engine_says_why(shop) -> None:
    shop.publish(one=news("shop/one"))
    decided(shop)
    shop.go(25 * HOUR)
    (message,) = shop.messages()
    assert (message.status, message.reason) == ("expired", "late: 25 hours late")


def test_what_a_rule_holds_is_never_late(shop) -> None:
    """Two decided at once, three days apart by rule: the second leaves in time, whatever ``late`` says."""
    shop.publish(one=news("shop/one", "topic: news, gap: 3 days"), two=news("shop/two", "topic: news, gap: 3 days"))
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    assert shop.said() == [("shop/one", "sent")]
    shop.go(3 * DAY)
    assert shop.said() == [("shop/one", "sent"), ("shop/two", "sent")]


def test_what_the_gate_itself_holds_is_never_late_either(shop) -> None:
    """What was reserved after the decision holds a message at the gate: its lateness is counted anew from there."""
    shop.publish(one=news("shop/one", "topic: news, gap: 3 days"), two=news("shop/two", "topic: news, gap: 1 minute"))
    shop.person()
    shop.event("ana", "order.placed")
    wave = Wave(shop.space, "one")
    wave.admit()
    assert shop.said() == [("shop/one", "ready")]
    with shop.space.store.transaction() as tx:
        tx.run("UPDATE message SET next_at = next_at + 120")
    shop.go(0, journey="two")
    shop.go(MINUTE, journey="two")
    assert sorted(shop.said()) == [("shop/one", "ready"), ("shop/two", "sent")]
    shop.go(MINUTE)
    (held,) = [one for one in shop.messages() if one.status == "ready"]
    assert (held.reason, held.next_at, held.due_at) == (
        "gap: two shop/two",
        shop.now - MINUTE + 3 * DAY,
        shop.now - MINUTE + 3 * DAY,
    )
    shop.go(3 * DAY)
    assert sorted(shop.said()) == [("shop/one", "sent"), ("shop/two", "sent")]


LIMITED = "topic: news, gap: 1 minute, limit: 2 per week"


def test_caps_hold_across_journeys_in_one_batch_and_in_two(shop) -> None:
    shop.publish(
        one=news("shop/one", LIMITED),
        two=news("shop/two", LIMITED),
        three=news("shop/three", LIMITED),
        important=news("shop/three", LIMITED).replace("order.placed", "order.paid"),
    )
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave()
    shop.go(MINUTE)
    assert [name for name, status in shop.said() if status == "sent"] == ["shop/one", "shop/three"]
    shop.event("ana", "order.paid")
    shop.go(HOUR)
    assert len([1 for _, status in shop.said() if status == "sent"]) == 2
    shop.go(7 * DAY)
    shop.go(MINUTE)
    assert len([1 for _, status in shop.said() if status == "sent"]) == 4


def test_the_projects_priority_speaks_first(shop) -> None:
    gap = "topic: news, gap: 1 day"
    shop.publish(aaa=news("shop/one", gap), important=news("shop/two", gap), zzz=news("shop/three", gap))
    shop.person()
    shop.event("ana", "order.placed")
    shop.wave(batch=1)
    assert [name for name, status in shop.said() if status == "sent"] == ["shop/two"]


def test_the_second_message_of_one_batch_counts_the_first(shop) -> None:
    """Three ready at once for one customer, and room for one."""
    shop.publish(one=news("shop/one", "topic: news, gap: 1 day"))
    decided(shop)
    copy(shop, 2)
    shop.wave()
    assert sorted(status for _, status in shop.said()) == ["ready", "ready", "sent"]
    assert [one.visit for one in shop.messages() if one.status == "sent"] == [min(one.visit for one in shop.messages())]


def test_many_gates_at_once_exceed_no_cap(shop) -> None:
    shop.publish(one=news("shop/one", LIMITED))
    keys = shop.people(20)
    shop.events(keys, "order.placed")
    Wave(shop.space).admit()
    copy(shop, 4)
    spaces = [shop.again() for _ in range(3)]
    gate = threading.Barrier(3)

    def work(space) -> None:
        gate.wait()
        for minute in range(5):
            while gating.pass_gate(space, shop.now + minute * MINUTE, limit=7).claimed:
                pass

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(work, space) for space in spaces]:
            future.result()
    # A gate skips who stands before another one, so the last ones may be left behind: never over, at the end not under.
    while gating.pass_gate(shop.space, shop.now + 5 * MINUTE, limit=100).claimed:
        pass
    with shop.space.store.reading() as tx:
        counts = [
            row.many for row in tx.ask("SELECT count(*) AS many FROM message WHERE sent_at > 0 GROUP BY customer_id")
        ]
    assert counts == [2] * 20


def test_a_message_the_gate_cannot_judge_is_held_alone(shop, monkeypatch, caplog) -> None:
    shop.publish(one=news("shop/one"))
    decided(shop, "ana", "bo")
    whole = gating.gate.decide

    def broken(policy, *, facts, **more):
        if facts.customer_id == "ana":
            raise ValueError(facts.customer["email"])
        return whole(policy, facts=facts, **more)

    monkeypatch.setattr(gating.gate, "decide", broken)
    shop.wave()
    assert (shop.said("ana"), shop.said("bo")) == ([("shop/one", "held")], [("shop/one", "sent")])
    assert "ana@example.com" not in caplog.text


def test_what_may_have_left_counts_as_said(shop) -> None:
    shop.publish(one=news("shop/one", "topic: news, gap: 1 day"), two=news("shop/two", "topic: news, gap: 1 day"))
    shop.person()
    shop.event("ana", "order.placed")
    wave = Wave(shop.space, "one")
    wave.admit()
    gated = gating.pass_gate(shop.space, shop.now, limit=9)
    assert len(gated.cleared) == 1
    way = shop.mail_by()
    shop.go(2 * shop.space.lease)  # the process that held it died; nobody will ever know whether it left
    (lost,) = [one for one in shop.messages() if one.name == "shop/one"]
    assert (lost.status, way.handed) == ("assumed_sent", [])
    assert [status for name, status in shop.said() if name == "shop/two"] == []
    assert shop.runs()[-1].state.status == "waiting"
    shop.go(DAY)
    assert ("shop/two", "sent") in shop.said()


def test_a_decision_as_of_another_moment_keeps_real_leases(shop) -> None:
    shop.publish(one=news("shop/one"))
    decided(shop)
    earlier = shop.now
    shop.clock.set(shop.now + HOUR)
    gated = gating.pass_gate(shop.space, earlier, limit=9)
    assert len(gated.cleared) == 1
    assert shop.messages()[0].lease_until == shop.now + shop.space.lease


def test_rank_is_the_same_on_every_machine(shop) -> None:
    shop.publish(one=news("shop/one", "topic: service") + "  - send: shop/two\n  - send: shop/three\n")
    decided(shop)
    gated = gating.pass_gate(shop.space, shop.now, limit=9)
    assert [one.message.name for one in gated.cleared] == ["shop/one", "shop/two", "shop/three"]
    assert all(isinstance(said, Sent) for one in gated.cleared for said in one.facts.sent)


def test_a_stop_for_lateness_ends_a_run_in_the_same_way_wherever_the_time_was_lost(shop) -> None:
    """Late before it was decided (ana), and after (bo): nothing is said after it, and what was said before stays."""
    start = "start: {event: order.placed}\nagain: always\ndelivery: {topic: service}\nsteps:\n  - wait: 1 hour\n"
    first = "  - send: shop/one\n    late: {after: 9 days, then: skip}\n"
    second = "  - send: shop/two\n    late: {after: 1 day, then: stop}\n"
    last = "  - send: shop/three\n  - wait: 5 days\n  - send: shop/one\n"
    settings = shop.root / "lifeloop.yaml"
    settings.write_text(settings.read_text() + "breakers: {duplicate: off}\n")
    shop.publish(one=start + second + last, two=start + first + second + last)
    for key in ("ana", "bo"):
        shop.person(key)
        shop.event(key, "order.placed")
    shop.wave()
    shop.clock.set(shop.now + HOUR)
    Wave(shop.space, customer="bo").move()
    shop.go(2 * DAY)

    def end(key: str, journey: str) -> list:
        (run,) = [run for run in shop.runs(key) if run.journey == journey]
        sent = [one.name for one in shop.messages(key) if (one.journey, one.status) == (journey, "sent")]
        return [sent, run.state.status, run.state.reason, run.state.node, run.state.due_at, shop.line(run)[-1]]

    assert end("bo", "one") == end("ana", "one") == [[], "stopped", "late", None, None, ("stopped", "late")]
    assert end("bo", "two") == [["shop/one"], "stopped", "late", None, None, ("stopped", "late")]
    told = [(one.name, one.status) for one in shop.messages("bo") if one.journey == "two"]
    assert told == [("shop/one", "sent"), ("shop/two", "expired"), ("shop/three", "cancelled")]
    before = shop.messages("bo")
    shop.go(10 * DAY)
    assert shop.messages("bo") == before
    shop.event("bo", "order.placed")  # its place is free again
    shop.wave()
    assert len(shop.runs("bo")) == 4
