"""Two who act at once: real connections, real threads, and an order that can only come out right under locks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lifeloop.engine.values import Sent
from lifeloop.journey.condition import DataName
from lifeloop.store import assigning, consents, customers, enrollments, events, journeys, messages, objects
from lifeloop.store.values import (
    Assign,
    CustomerRow,
    Decision,
    EventRow,
    ObjectRow,
    Outcome,
    Saved,
    SuppressionRow,
)

CAP = 3


def together(*jobs: Callable[[], object]) -> list[object]:
    """Run jobs in threads that start at the same moment; what they raise is raised."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        gate.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


def test_nobody_is_over_the_cap_whoever_sends(world) -> None:
    people = world.customers(10)
    with world.store.transaction() as tx:
        rows = [world.message(None, who, id=f"m-{who}-{each}") for who in people for each in range(3 * CAP)]
        messages.add(tx, rows, 90)

    def send(owner: str) -> None:
        while True:
            with world.store.transaction() as tx:
                claimed = messages.claim_ready(tx, 100, 7)
                known = messages.load_gate_facts(tx, claimed, 0) if claimed else {}
                used = {message.customer_id: list(known[message.id].facts.sent) for message in claimed}
                decisions = []
                for message in claimed:
                    full = len(used[message.customer_id]) >= CAP
                    used[message.customer_id].append(Sent("x", "email", "offers", 100))
                    decisions.append(Decision(message.id, "capped" if full else "attempting", "limit"))
                messages.mark(tx, decisions, 100, owner=owner, lease_until=200)
            with world.store.reading() as tx:
                if not claimed and not messages.count_ready(tx, 100):
                    return

    together(*[lambda owner=f"w{number}": send(owner) for number in range(4)])
    with world.store.reading() as tx:
        counts = {row.who: row.many for row in tx.ask(
            "SELECT customer_id AS who, count(*) AS many FROM message WHERE sent_at IS NOT NULL GROUP BY 1"
        )}  # fmt: skip
    assert counts == dict.fromkeys(people, CAP)


def test_after_an_unsubscribe_is_acknowledged_nothing_is_marked(world) -> None:
    rows = world.ready(60)
    gone: set[int] = set()
    wrong: list[str] = []

    def send() -> None:
        while True:
            with world.store.transaction() as tx:
                claimed = messages.claim_ready(tx, 100, 3)
                refused = {message.customer_id for message in claimed} & set(gone)
                wrong.extend(str(who) for who in refused)
                known = messages.load_gate_facts(tx, claimed, 0) if claimed else {}
                allowed = [row for row in claimed if known[row.id].facts.consents.get("offers", True)]
                decisions = [Decision(message.id, "attempting") for message in allowed]
                messages.mark(tx, decisions, 100, owner="w", lease_until=200)
            with world.store.reading() as tx:
                if not messages.count_ready(tx, 100):
                    return

    def refuse() -> None:
        for row in reversed(rows):
            with world.store.transaction() as tx:
                consents.unsubscribe(tx, row.customer_id, "offers", 100)
            gone.add(row.customer_id)

    together(send, send, refuse)
    with world.store.reading() as tx:
        found = messages.find(tx, [row.id for row in rows])
    assert wrong == []
    assert {message.status for message in found.values()} <= {"attempting", "cancelled"}


def test_a_halt_waits_for_who_is_marking_and_then_holds(world) -> None:
    if not world.store.postgres:
        pytest.skip("SQLite has one writer")
    world.ready(1)
    marked, halted = threading.Event(), threading.Event()

    def send() -> bool:
        with world.store.transaction() as tx:
            claimed = messages.claim_ready(tx, 100, 1)
            assert messages.load_gate_facts(tx, claimed, 0)[claimed[0].id].halted is None
            marked.set()
            return halted.wait(0.3)

    def stop() -> None:
        assert marked.wait(60)
        with world.store.transaction() as tx:
            journeys.halt(tx, "stop", 100)
        halted.set()

    stopped_meanwhile, _ = together(send, stop)
    assert stopped_meanwhile is False
    with world.store.transaction() as tx:
        claimed = messages.claim_ready(tx, 100, 1)
        assert messages.load_gate_facts(tx, claimed, 0)[claimed[0].id].halted == "stop"


def test_runs_are_moved_once_by_many_workers(world) -> None:
    world.runs(world.customers(200))

    def work() -> int:
        moved, left = 0, True
        while left:  # whoever finds nothing may only have found it locked
            with world.store.transaction() as tx:
                runs = enrollments.claim_due(tx, None, 100, 9)
                saved = [Saved(run.id, run.fence, run.state._replace(due_at=900)) for run in runs]
                assert enrollments.save_moves(tx, saved) == 0
                moved += len(saved)
                left = bool(tx.ask("SELECT 1 FROM enrollment WHERE due_at <= 100 LIMIT 1"))
        return moved

    assert sum(together(work, work, work, work)) == 200
    with world.store.reading() as tx:
        assert {row.fence for row in tx.ask("SELECT fence FROM enrollment")} == {1}


def test_an_event_never_falls_between_a_look_and_its_wake(world) -> None:
    """A worker that did not see the event cannot leave the run asleep: the lock orders the two."""
    (ana,) = world.customers(1)
    (run,) = world.runs([ana])

    def learn(number: int) -> None:
        with world.store.transaction() as tx:
            events.add(tx, [EventRow("s", str(number), ana, "a.b", number)], 100)
            enrollments.wake(tx, [(ana, ["renewal"])], 100)

    def look() -> bool:
        with world.store.transaction() as tx:
            found = enrollments.claim_due(tx, None, 100, 1)
            seen = len(events.after(tx, 0, 99))
            for each in found:
                state = each.state._replace(due_at=900, since_seq=seen)
                assert enrollments.save_moves(tx, [Saved(each.id, each.fence, state)]) == 0
            return bool(found)

    for number in range(20):
        together(lambda number=number: learn(number), look)
    while look():
        pass
    with world.store.reading() as tx:
        assert enrollments.find(tx, [run])[run].state.since_seq == 20


WRITERS = {
    "event": lambda tx, who: events.add(tx, [EventRow("s", "1", who, "a.b", 1)], 1),
    "consent": lambda tx, who: consents.unsubscribe(tx, who, "offers", 1),
    "suppression": lambda tx, _who: consents.suppress(tx, [SuppressionRow("email", "c0@example.com", "bounced", 1)]),
    "customer": lambda tx, _who: customers.upsert(tx, [CustomerRow("c0", {"plan": "plus"})], 1),
    "object": lambda tx, who: objects.upsert(tx, [ObjectRow(who, "contract", "K1", {"a": 1})], 1),
    "set": lambda tx, who: assigning.set_data(tx, [Assign(who, DataName("customer", ("vip",)), True)], 1),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_whoever_writes_about_a_customer_waits_for_who_decides_about_them(world, writer: str) -> None:
    (ana,) = world.customers(1)
    world.runs([ana])
    claimed, written = threading.Event(), threading.Event()

    def decide() -> bool:
        with world.store.transaction() as tx:
            assert enrollments.claim_due(tx, None, 100, 1)
            claimed.set()
            return written.wait(0.2)

    def write() -> None:
        assert claimed.wait(60)
        with world.store.transaction() as tx:
            WRITERS[writer](tx, ana)
            written.set()

    assert together(decide, write)[0] is False
    assert written.is_set()


def test_the_same_customers_written_by_many_are_written_once(world) -> None:
    rows = [CustomerRow(f"new-{number}", {"plan": "free"}) for number in range(50)]

    def write() -> int:
        with world.store.transaction() as tx:
            return len(customers.upsert(tx, rows, 1).new)

    assert sum(together(write, write, write)) == 50


def test_a_stale_owner_on_another_connection_settles_nothing(world) -> None:
    (row,) = world.ready(1)
    mark = Decision(row.id, "attempting")
    with world.store.transaction() as tx:
        old = messages.mark(tx, [mark], 100, owner="stale", lease_until=150)[row.id]
    with world.store.transaction() as tx:
        messages.sweep(tx, 151)
        messages.resolve(tx, [(row.id, "ready", "")], 151)
        new = messages.mark(tx, [mark], 151, owner="fresh", lease_until=300)[row.id]

    def settle(owner: str, fence: int) -> tuple[str, ...]:
        with world.store.transaction() as tx:
            return messages.settle(
                tx, [Outcome(row.id, fence, "sent", "accepted", provider_id=owner)], 160, owner=owner
            )

    (lost,) = together(lambda: settle("stale", old))
    (kept,) = together(lambda: settle("fresh", new))
    assert (lost, kept) == ((row.id,), ())
    with world.store.reading() as tx:
        assert messages.find(tx, [row.id])[row.id].provider_id == "fresh"
