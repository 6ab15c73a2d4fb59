"""Facts: everything one decision may read, a query per table."""

from __future__ import annotations

from lifeloop.engine.values import Answer, Event, Sent
from lifeloop.store import consents, events, facts, messages, objects
from lifeloop.store.values import ConsentRow, Decision, EventRow, Needs, ObjectRow, Outcome, Subject, SuppressionRow


def test_facts_hold_what_was_asked_for_and_only_this_customers(world) -> None:
    ana, bo = world.customers(2)
    run_ana, run_bo = world.runs([ana, bo])
    with world.store.transaction() as tx:
        objects.upsert(
            tx, [ObjectRow(who, kind, "K1", {"of": who}) for who in (ana, bo) for kind in ("contract", "order")], 1
        )
        rows = [
            EventRow("s", f"{who}{name}", who, name, 5, {"of": who}) for who in (ana, bo) for name in ("a.b", "c.d")
        ]
        added = events.add(tx, rows, 6).new
        consents.record(tx, [ConsentRow(ana, "offers", True, 1)], 1)
        consents.suppress(tx, [SuppressionRow("*", "c1@example.com", "asked", 1)])
        tx.run("INSERT INTO segment_member (segment, customer_id) VALUES ('vip', :a), ('other', :a)", a=ana)
        needs = Needs(frozenset({"a.b"}), frozenset({"order"}), frozenset({"vip"}))
        subjects = [
            Subject(bo, run_bo),
            Subject(ana, run_ana, "contract", "K1"),
            Subject(ana, None, "contract", "gone"),
        ]
        of_bo, of_ana, candidate = facts.load(tx, subjects, needs)
    assert of_ana.customer == {"id": "c0", "email": "c0@example.com"}
    assert (of_ana.object, candidate.object, of_bo.object) == ({"of": ana}, None, None)
    assert of_ana.things == {"order": ({"of": ana},)}
    assert of_ana.events == (Event(added[0].seq, "a.b", 5, {"of": ana}),)
    assert (of_ana.consents, of_bo.consents) == ({"offers": True}, {})
    assert (of_ana.suppressed, of_bo.suppressed) == (frozenset(), {"*"})
    assert (of_ana.segments, of_bo.segments) == ({"vip"}, frozenset())


def test_said_messages_count_and_know_whose_they_are(world) -> None:
    (ana,) = world.customers(1)
    (run,) = world.runs([ana])
    with world.store.transaction() as tx:
        own = world.message(run, ana, id="own", name="renewal/offer")
        old = world.message(None, ana, id="old", name="welcome/hello", counts=False)
        gone = world.message(None, ana, id="gone", name="welcome/dropped")
        messages.add(tx, [own], 90)
        messages.add(tx, [old, gone], 10)
        messages.mark(tx, [Decision("gone", "suppressed", "")], 11, owner="w", lease_until=99)
        messages.receipt(tx, [("old", "clicked", 50)])
        (both,) = facts.load(tx, [Subject(ana, run)], Needs(sent_since=0))
        (late,) = facts.load(tx, [Subject(ana, run)], Needs(sent_since=95))
        (none,) = facts.load(tx, [Subject(ana, run)], Needs(sent_since=None))
    row = {"journey": "renewal", "pending": True}
    offer = Sent("renewal/offer", "email", "offers", 90, own=True, id="own", **row)
    assert both.sent == (Sent("welcome/hello", "email", "offers", 10, False, clicked_at=50, id="old", **row), offer)
    assert late.sent == (offer,)
    assert none.sent == ()


def test_answers_come_with_their_run_only(world) -> None:
    (ana,) = world.customers(1)
    (run,) = world.runs([ana])
    call = world.message(run, ana, kind="call", node="call-crm", visit=4)
    with world.store.transaction() as tx:
        messages.add(tx, [call], 90)
        fences = messages.mark(tx, [Decision(call.id, "attempting")], 91, owner="w", lease_until=99)
        done = Outcome(call.id, fences[call.id], "sent", "accepted", answer={"id": 7})
        messages.settle(tx, [done], 92, owner="w")
        mine, nobodys = facts.load(tx, [Subject(ana, run), Subject(ana)], Needs())
    assert mine.answers == (Answer("call-crm", 4, {"id": 7}, 92),)
    assert nobodys.answers == ()
    assert mine.sent == ()  # a call says nothing


def test_facts_of_a_thousand_take_as_many_statements_as_of_ten(world, counted) -> None:
    people = world.customers(1010)
    runs = world.runs(people)
    needs = Needs(frozenset({"a.b"}), frozenset({"order"}), frozenset({"vip"}))
    taken = []
    for part in (slice(0, 10), slice(10, 1010)):
        subjects = [Subject(who, run) for who, run in zip(people[part], runs[part], strict=True)]
        with counted(world.store) as seen, world.store.reading() as tx:
            assert len(facts.load(tx, subjects, needs)) == len(subjects)
        taken.append(len(seen))
    assert taken[0] == taken[1]
