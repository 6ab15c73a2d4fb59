"""Who is in a segment is worked out only for those whose answer may have changed, and is right at every moment."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lifeloop.clock import SetClock
from lifeloop.store import customers, ledger, looks, segments
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Subject
from lifeloop.work.arriving import Item, Merger, Removal, take_items
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.knowing import Wanted, learn
from lifeloop.work.receipts import note_receipts
from lifeloop.work.segmenting import look_again
from lifeloop.work.tidying import tidy
from lifeloop.work.wave import Wave

from .conftest import DAY, HOUR, MINUTE, MONDAY, PROJECT

SEGMENTS = """
  in-rome:
    - customer.city is Rome
  no-order:
    - order.placed did not happen in the last 30 days
  two-orders:
    - order.placed happened at least 2 times in the last 5 hours
  paid:
    - order.paid happened in the last 1 month
  rated:
    - answer.given happened at least 2 times in the last 20 days where event.score is at least 5
  due-soon:
    - customer.due is within 45 days
  overdue:
    - customer.due is more than 3 days ago
  seen-lately:
    - customer.seen is less than 2 days ago
  ends-soon:
    - any contract is present where contract.ends is within 1 month
  unopened:
    - shop/one was sent
    - shop/one was not opened in the last 2 days
  roman-or-not:
    - customer is in in-rome
    - any:
      - customer is in due-soon
      - customer is not in paid
    - none:
      - customer is in overdue
"""
NAMES = tuple(line.strip(" :") for line in SEGMENTS.splitlines() if line.startswith("  ") and line[2] not in " -")
ZONES = ["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Nowhere/At-all", None]
DATES = ["2026-03-28", "2026-04-01", "2026-04-30", "2026-05-13", "2026-02-30", "2026-03-01", "soon", None]
STAMPS = ["2026-03-27T23:30", "2026-03-29T02:30", "2026-03-29T00:59:59Z", "2026-04-05T01:45", "2026-03-28", None]
BEGIN = MONDAY + 25 * DAY + 13 * HOUR  # Friday 27 March 2026: two days before the clocks change in Amsterdam
STEPS = [
    1,
    59 * MINUTE,
    5 * HOUR,
    5 * HOUR + 1,
    14 * HOUR,
    DAY - 1,
    DAY,
    2 * DAY,
    3 * DAY,
    17 * DAY,
    30 * DAY,
    31 * DAY,
]

whom = st.sampled_from("abcd")
actions = st.one_of(
    st.tuples(st.just("clock"), st.sampled_from(STEPS)),
    st.tuples(st.just("clock"), st.integers(1, 40 * DAY)),
    st.tuples(st.just("person"), whom, st.fixed_dictionaries({}, optional={
        "city": st.sampled_from(["Rome", "Paris", None]), "due": st.sampled_from(DATES),
        "seen": st.sampled_from(STAMPS), "timezone": st.sampled_from(ZONES),
    })),
    st.tuples(st.just("event"), whom, st.sampled_from(["order.placed", "order.paid", "answer.given"]),
              st.sampled_from([0, 0, -200, HOUR, 5 * HOUR, 29 * DAY, 90 * DAY]), st.integers(0, 10)),
    st.tuples(st.just("contract"), whom, st.sampled_from(DATES)),
    st.tuples(st.just("gone"), whom),
    st.tuples(st.just("merge"), whom, whom),
    st.tuples(st.just("wave")),
    st.tuples(st.just("open"), whom),
)  # fmt: skip


@pytest.fixture
def crowd(shop):
    said = PROJECT.replace("  in-rome:\n    - customer.city is Rome\n", SEGMENTS.removeprefix("\n"))
    (shop.root / "lifeloop.yaml").write_text(said.replace("seen: text?", "seen: datetime?"))
    joining = {
        name: f"""
        start: {{joins: {name}}}
        again: always
        steps:
          - set: {{customer.status: joined}}
        """
        for name in NAMES
    }
    everywhere = "\n".join(f"            - customer is in {name}" for name in NAMES)
    shop.clock.set(BEGIN)
    shop.publish(
        **joining,
        asks=f"""
        start: by hand
        audience:
          any:
{everywhere}
        steps:
          - set: {{customer.status: asked}}
        """,
        greets="""
        delivery: {topic: service}
        start: {event: order.placed}
        again: always
        steps:
          - send: shop/one
        """,
    )
    return shop


def do(shop, number: int, action: tuple, nth: int) -> None:
    what, *more = action
    key = f"{number}{more[0]}" if more else ""
    match what:
        case "clock":
            shop.clock.set(shop.now + more[0])
        case "person":
            shop.person(key, **more[1])
        case "event":
            data = {"score": more[3]} if more[1] == "answer.given" else {}
            ingest(shop.space, [], [Happening(key, more[1], shop.now - more[2], f"{number}:{nth}", data=data)])
        case "contract":
            fields = {"contract_id": f"{number}", "ends": more[1]}
            shop.person(key, things={"contract": ({name: one for name, one in fields.items() if one},)})
        case "gone" | "merge":
            fact = Removal(key, "contract", f"{number}") if what == "gone" else Merger(key, f"{number}{more[1]}")
            with shop.space.store.transaction() as tx:
                take_items(shop.space, tx, [Item(fact, "test")])
        case "wave":
            asyncio.run(Wave(shop.space).run())
        case "open":
            with shop.space.store.transaction() as tx:
                known = customers.find_keys(tx, [key])
                ids = [
                    row.id
                    for one in known.values()
                    for row in tx.ask("SELECT id FROM message WHERE customer_id = :id", id=one.id)
                ]
                note_receipts(
                    shop.space, tx, [(one, "opened", shop.now) for one in ledger.find(tx, ids).values()], shop.now
                )


def members(tx: Tx) -> dict[str, set[int]]:
    return {name: set(segments.members(tx, name)) for name in NAMES}


def asked_one_by_one(shop, tx: Tx, everybody: set[int]) -> dict[str, set[int]]:
    """What the engine says of each one, from the facts alone."""
    plan = shop.space.plans.live(tx)["asks"]
    known = learn(
        tx, [Wanted(Subject(one, None, None, None), plan) for one in everybody], shop.space.catalogue, shop.now
    )
    return {
        name: {who for who, facts in zip(everybody, known, strict=True) if name in facts.segments} for name in NAMES
    }


def test_looking_at_few_finds_what_asking_everybody_finds(crowd) -> None:
    count = iter(range(1_000_000))

    @settings(
        max_examples=8,
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(st.lists(actions, min_size=8, max_size=25))
    def check(done: list[tuple]) -> None:
        number = next(count)
        crowd.clock = crowd.space.clock = SetClock(BEGIN)
        ingest(crowd.space, [Person(f"{number}{name}") for name in "abcde"])  # e is never merged
        for nth, action in enumerate(done):
            do(crowd, number, action, nth)
            look_again(crowd.space, crowd.now)
            with crowd.space.store.reading() as tx:
                mine = {row.id for row in tx.ask("SELECT id FROM customer WHERE key LIKE :mine", mine=f"{number}_")}
                found, wanted = members(tx), asked_one_by_one(crowd, tx, mine)
            wrong = {name: (found[name] & mine, wanted[name]) for name in NAMES}
            wrong = {name: pair for name, pair in wrong.items() if pair[0] != pair[1]}
            assert not wrong, done[: nth + 1]

    check()


def settle_in(shop, count: int) -> None:
    """Let that many more customers be there, of whom time changes nobody for a while; everybody is asked once."""
    with shop.space.store.transaction() as tx:
        there = customers.count(tx)
        rows = [(f"r{there + one}", ZONES[one % 3], '{"city": "Rome"}', shop.now, shop.now) for one in range(count)]
        tx.insert("customer", ("key", "timezone", "data", "created_at", "updated_at"), rows)
        tx.run(
            'INSERT INTO event (source, message_id, customer_id, name, "at", received_at, digest, data)'
            " SELECT 's', key, id, 'order.placed', :now, :now, 0, data FROM customer c WHERE NOT EXISTS"
            " (SELECT 1 FROM event e WHERE e.customer_id = c.id)",
            now=shop.now,
        )
        segments.forget(tx, NAMES)
    tidy(shop.space)
    shop.clock.set(shop.now + DAY)
    tidy(shop.space)
    with shop.space.store.transaction() as tx:
        tx.run("DELETE FROM candidate")  # who was found in a segment now is not what is measured
    shop.space.store.analyze()


@contextmanager
def rows_read() -> Iterator[Counter[str]]:
    """Count what the database goes through: SQLite's steps, on PostgreSQL rows of tables that it read."""
    read: Counter[str] = Counter()
    run = Tx._execute

    def measured(tx: Tx, sql: str, *more: object) -> object:
        if tx.postgres:
            before = run(tx, READ, lambda cursor: cursor.execute(READ).fetchone()[0])
            done = run(tx, sql, *more)
            read[sql] += run(tx, READ, lambda cursor: cursor.execute(READ).fetchone()[0]) - before
            return done
        driver = tx.connection.connection.driver_connection
        driver.set_progress_handler(lambda: read.update([sql]), 50)
        try:
            return run(tx, sql, *more)
        finally:
            driver.set_progress_handler(None, 50)

    Tx._execute = measured
    try:
        yield read
    finally:
        Tx._execute = run


READ = "SELECT coalesce(sum(seq_tup_read + coalesce(idx_tup_fetch, 0)), 0)::bigint FROM pg_stat_xact_user_tables"


def test_a_tick_of_the_clock_costs_the_same_however_many_customers_rest(crowd) -> None:
    read = []
    for more in (150, 1350):
        settle_in(crowd, more)
        crowd.event("r7", "order.paid")
        crowd.clock.set(crowd.now + MINUTE)
        with rows_read() as few:
            crowd.event("r8", "order.paid")
            tidy(crowd.space)
            crowd.wave()
        read.append(few)
    assert read[1].total() < 2 * read[0].total(), (read[1] - read[0]).most_common(3)
    with crowd.space.store.transaction() as tx:
        segments.forget(tx, NAMES)
    with rows_read() as everybody:
        tidy(crowd.space)
    assert everybody.total() > 5 * read[1].total()  # the measure sees it when all are asked


def test_a_mark_that_is_set_while_somebody_is_looked_at_is_not_lost(crowd) -> None:
    store = crowd.space.store
    if not store.postgres:
        pytest.skip("SQLite has one writer")
    crowd.person("ana")
    with store.reading() as tx:
        ana = customers.find_keys(tx, ["ana"])["ana"].id

    def mark() -> None:
        with store.transaction() as tx:
            looks.soon(tx, [ana])

    def change() -> None:
        """A change that does not tell anybody but by its mark, as receipts do; it commits after the look began."""
        with store.transaction() as tx:
            tx.run('UPDATE customer SET data = \'{"city": "Rome"}\' WHERE id = :id', id=ana)
            looks.soon(tx, [ana])

    mark()
    with store.transaction() as tx:
        assert ana in looks.claim(tx, crowd.now, 100)["in-rome"]
        other = Thread(target=change)
        other.start()
        other.join(0.3)
        assert other.is_alive()  # it waits for the look to end
    other.join()
    look_again(crowd.space, crowd.now)
    with store.reading() as tx:
        assert ana in segments.members(tx, "in-rome")
