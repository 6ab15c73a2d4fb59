"""History by month on PostgreSQL: where rows lie, how months come, and how they go at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, suppress
from datetime import UTC, datetime

import pytest

from lifeloop.engine.values import State, Visited
from lifeloop.store import enrollments, hits, inbox, ledger, messages, month_ends, months, outgoing, visits
from lifeloop.store.opening import Store, StoreBusy, open_store
from lifeloop.store.values import Decision, Line, NewRun, Outcome, Rendered

DAY = 86_400
NOVEMBER = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp())
MADE = ["message_202611", "attempt_202611", "rendered_202611", "visit_202611"]


@pytest.fixture
def store(postgres_schemas: Callable[[], AbstractContextManager[str]]) -> Iterator[Store]:
    with postgres_schemas() as url, closing(open_store(url)) as store:
        store.migrate()
        yield store


def make_all(store: Store, now: int) -> list[str]:
    with store.reading() as tx:
        names = months.ahead(tx, now)
    for name in names:
        with suppress(StoreBusy), store.transaction() as tx:
            months.make(tx, name)
    with store.transaction() as tx:
        months.begin(tx, now)
    return names


def lies_in(store: Store, table: str) -> dict[str, int]:
    with store.reading() as tx:
        rows = tx.ask(f"SELECT CAST(tableoid::regclass AS text) AS part, count(*) AS n FROM {table} GROUP BY 1")  # noqa: S608
    return {row.part: row.n for row in rows}


def send(world, ids: dict[str, int], at: int) -> None:
    """Lets messages with these ids leave, each of a run of its own, to one customer each."""
    with world.store.transaction() as tx:
        state = State(node="wait-1", due_at=at, started_at=at)
        runs = enrollments.add(tx, [NewRun(who, "renewal", world.plan, state) for who in ids.values()])
        rows = [world.message(run, who, id=id_, due_at=at) for run, (id_, who) in zip(runs, ids.items(), strict=True)]
        messages.add(tx, rows, at)
        visits.add(tx, [Line(run, 1, 0, Visited("send-1", 1, at, "sent", "", {})) for run in runs])
    with world.store.transaction() as tx:
        assert len(messages.claim_ready(tx, at, 100)) == len(ids)
        fences = outgoing.mark(tx, [Decision(id_, "attempting") for id_ in ids], at, owner="me", lease_until=at + 9)
        outcomes = [Outcome(id_, fence, "sent", "accepted", provider_id=f"p-{id_}") for id_, fence in fences.items()]
        assert messages.settle(tx, outcomes, at, owner="me") == ()
        inbox.add(tx, [Rendered(id_, "c@example.com", "us", "Hi", "<p>Hi</p>", "Hi", {}) for id_ in ids], at)


def test_an_id_names_its_month_and_keeps_its_length() -> None:
    assert months.month_of(NOVEMBER) == 202611
    assert months.after(202611, 2) == 202701
    assert months.id_in(202611, "0123456789abcdef" * 2) == "ff2026110123456789abcdef01234567"


@pytest.mark.postgres
def test_months_are_made_ahead_while_others_write_and_rows_find_theirs(world) -> None:
    store: Store = world.store
    early, *people = world.customers(12)
    send(world, {months.id_in(202701, "e" * 32): early}, NOVEMBER)
    threads = [threading.Thread(target=make_all, args=(store, NOVEMBER)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number, who in enumerate(people[:8]):
        send(world, {months.id_in(202610, f"{number:024x}" + "0" * 8): who}, NOVEMBER + number)
    for thread in threads:
        thread.join()
    make_all(store, NOVEMBER)  # once more: whoever could not have a lock at once came away empty
    assert make_all(store, NOVEMBER) == [f"{table}_202701" for table in ("message", "attempt", "rendered")]

    one = months.id_in(202611, "1" * 32)
    send(world, {one: people[9]}, NOVEMBER + 100)
    for table in ("message", "attempt", "rendered"):
        assert lies_in(store, table) == {f"{table}_default": 9, f"{table}_202611": 1}
    assert sum(lies_in(store, "visit").values()) == 10
    with store.transaction() as tx:
        assert messages.add(tx, [world.message(None, people[9], id=one)], NOVEMBER) == 0, "nothing is written twice"
        assert ledger.by_provider(tx, [f"p-{one}"]) == {f"p-{one}": one}
        assert {ledger.named(tx, people[9], part) for part in (one[-12:], one[:12])} == {one}
        (step,) = visits.of_customer(tx, people[9], 10)
        assert step.run_id // months.RUNS == 202611
        months.begin(tx, NOVEMBER - 60 * DAY)
    with store.transaction() as tx:
        (run,) = enrollments.add(tx, [NewRun(people[10], "renewal", world.plan, State(node="wait-1", due_at=1))])
        assert run // months.RUNS == 202611, "a clock that goes back gives no number twice"


@pytest.mark.postgres
def test_a_month_goes_at_once_and_what_must_stay_is_kept(world) -> None:
    store: Store = world.store
    make_all(store, NOVEMBER)
    ids = {months.id_in(202611, f"{number:024x}" + "0" * 8): who for number, who in enumerate(world.customers(21))}
    last, *others = ids
    before = NOVEMBER + 60 * DAY
    send(world, {id_: ids[id_] for id_ in others}, NOVEMBER)
    send(world, {last: ids[last]}, before)
    with store.transaction() as tx:
        tx.run(
            "UPDATE enrollment SET status = 'completed', due_at = NULL, since = started_at WHERE due_at < :b", b=before
        )
        for id_ in (last, others[0]):
            hits.add(tx, id_, None, "opened", "person", NOVEMBER)
        assert [month_ends.over(tx, table, NOVEMBER) for table in month_ends.STAYS] == [[]] * 4

    for table in month_ends.STAYS:
        with store.reading() as tx:
            november, _ = month_ends.over(tx, table, before)
            tx.ask(f"SELECT 1 FROM {november}")  # noqa: S608
            with pytest.raises(StoreBusy), store.transaction() as writing:
                month_ends.let_go(writing, november, before)
        with store.transaction() as tx:
            assert month_ends.let_go(tx, november, before) == 20
            assert month_ends.let_go(tx, november, before) is None, "it is gone"
        assert lies_in(store, table) == {f"{table}_default": 1}
    with store.reading() as tx:
        assert list(messages.find(tx, list(ids))) == [last]
        assert inbox.find(tx, last) is not None
        assert len(messages.attempts(tx, last)) == 1
        assert {id_: len(found) for id_, found in hits.of_messages(tx, [last, others[0]]).items()} == {
            last: 1,
            others[0]: 0,
        }
        assert messages.attempts(tx, others[0]) == ()


@pytest.mark.postgres
def test_a_month_of_messages_goes_while_nobody_points_at_it_and_takes_its_tries_and_texts_along(world) -> None:
    store: Store = world.store
    make_all(store, NOVEMBER)
    one = months.id_in(202611, "1" * 32)
    send(world, {one: world.customers(1)[0]}, NOVEMBER)
    with store.transaction() as tx:
        tx.run("UPDATE enrollment SET status = 'completed', due_at = NULL")
    with store.transaction() as tx:
        hits.add(tx, one, None, "opened", "person", NOVEMBER)
        with pytest.raises(StoreBusy), store.transaction() as writing:
            month_ends.let_go(writing, "message_202611", NOVEMBER + 60 * DAY)
    with store.transaction() as tx:
        assert month_ends.let_go(tx, "message_202611", NOVEMBER + 60 * DAY) == 1
    for table in ("message", "attempt", "rendered", "hit"):
        assert lies_in(store, table) == {}
    with store.transaction() as tx:
        hits.add(tx, one, None, "clicked", "person", NOVEMBER)
    assert lies_in(store, "hit") == {}, "whoever clicks now finds nothing to note it with"
    with store.reading() as tx:
        assert months.ahead(tx, NOVEMBER) == [f"{table}_202611" for table in ("message", "attempt", "rendered")]
