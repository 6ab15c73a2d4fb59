"""Eight workers at one gate while customers say yes and no: no cap is exceeded, and nobody is written to after a no.

Judged from outside: by the rows of the ledger, and by what a sink that knows nothing was handed, never by what a worker
believes. The same watch over a gate without its lock must find violations: otherwise it would prove nothing.
"""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from tests.work.test_gating import news

from lifeloop.store import claims, consents, customers
from lifeloop.store.values import ConsentRow
from lifeloop.work import gating
from lifeloop.work.wave import Wave

pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("database", ["postgres"], indirect=True)]

CAP = 3
PEOPLE = 450
EACH = 20
"""Messages to each of them: more than 10,000 decisions, even by one worker after the other; most are a *not now*."""
WORKERS = 8
ROUNDS = 10
"""Seconds on the workers' clocks, and none waits for another to get to the next one."""
BATCH = 250
POLICY = f"topic: news, gap: 1 second, limit: {CAP} per week"
QUIET = "breakers: {volume: off, stale: off, duplicate: off, bounces: off, complaints: off, unsubscribes: off}\n"
"""Nothing but the gate's own rules may hold anything here."""


@dataclass
class Watch:
    """What is seen from outside."""

    shop: object
    sink: list[str] = field(default_factory=list)
    decisions: int = 0
    before: dict[int, frozenset[str]] = field(default_factory=dict)
    """Who said no, and what had left for them once that was acknowledged."""
    early: dict[int, frozenset[str]] = field(default_factory=dict)
    """Who said yes, and what had left for them before they did: nothing may have."""

    def left_for(self, customer: int) -> frozenset[str]:
        with self.shop.space.store.reading() as tx:
            rows = tx.ask("SELECT id FROM message WHERE customer_id = :who AND sent_at > 0", who=customer)
        return frozenset(row.id for row in rows)

    def over_the_cap(self) -> int:
        counted = Counter(row.customer_id for row in self._rows())
        return sum(count > CAP for count in counted.values())

    def after_a_no(self) -> int:
        """Count messages that left after their customer's no was committed."""
        return sum(len(self.left_for(who) - before) for who, before in self.before.items())

    def before_a_yes(self) -> int:
        return sum(map(len, self.early.values()))

    def lost_or_doubled(self) -> int:
        """Count what the sink and the ledger do not agree on."""
        ledger = sorted(row.id for row in self._rows())
        return len(set(ledger) ^ set(self.sink)) + len(self.sink) - len(set(self.sink))

    def _rows(self):
        with self.shop.space.store.reading() as tx:
            return tx.ask("SELECT id, customer_id FROM message WHERE sent_at > 0")


def prepared(shop, people: int = PEOPLE, each: int = EACH) -> list[int]:
    """Write what is ready for everybody, as if as many steps had decided it; return who they are."""
    with (shop.root / "lifeloop.yaml").open("a") as file:
        file.write(QUIET)
    shop.publish(one=news("shop/one", POLICY))
    keys = shop.people(people)
    shop.events(keys, "order.placed")
    Wave(shop.space).admit()
    with shop.space.store.transaction() as tx:
        tx.run(
            "INSERT INTO message (id, customer_id, enrollment_id, due_at, made_at, next_at, visit, journey_id, counts,"
            " kind, status, node, name, channel, topic) SELECT m.id || '-' || n, customer_id, enrollment_id, due_at,"
            " made_at, next_at + n % 4, visit + n, journey_id, counts, kind, status, node, name, channel, topic"
            " FROM message m, generate_series(1, :more) AS n",
            more=each - 1,
        )
    with shop.space.store.reading() as tx:
        return sorted(found.id for found in customers.find_keys(tx, keys).values())


def race(shop, people: list[int], *, rounds: int = ROUNDS) -> Watch:
    """Let workers empty the gate while a quarter of the customers says no, and another one no first and then yes."""
    watch, start, lock = Watch(shop), threading.Barrier(WORKERS + 2), threading.Lock()
    refusing, waiting = people[: len(people) // 4], people[-len(people) // 4 :]
    with shop.space.store.transaction() as tx:
        tx.run(
            "DELETE FROM permission WHERE customer_id >= :first", first=waiting[0]
        )  # nobody asked them yet: what is ready for them is dropped until they say yes
    spaces = [shop.again() for _ in range(WORKERS)]

    def work(space) -> None:
        start.wait()
        go_on(space, range(rounds))

    def go_on(space, seconds) -> None:
        for second in seconds:
            while (gated := gating.pass_gate(space, shop.now + second, limit=BATCH)).claimed:
                assert gated.tripped == ()
                with lock:
                    watch.decisions += gated.claimed
                    watch.sink += [one.message.id for one in gated.cleared]

    def say_no() -> None:
        start.wait()
        for who in reversed(refusing):
            with shop.space.store.transaction() as tx:
                consents.unsubscribe(tx, who, "news", shop.now)
            watch.before[who] = watch.left_for(who)

    def say_yes() -> None:
        start.wait()
        for who in waiting:
            watch.early[who] = watch.left_for(who)
            with shop.space.store.transaction() as tx:
                consents.record(tx, [ConsentRow(who, "news", True, shop.now)], shop.now)

    with ThreadPoolExecutor(WORKERS + 2) as pool:
        jobs = [*(pool.submit(work, space) for space in spaces), pool.submit(say_no), pool.submit(say_yes)]
        for job in jobs:
            job.result()
    # Who was locked whenever a worker passed by, and was written to by one whose clock was ahead, has more to come.
    go_on(shop.space, range(rounds, rounds + CAP))
    return watch


def test_ten_thousand_decisions_by_eight_workers(shop) -> None:
    people = prepared(shop)
    watch = race(shop, people)
    assert watch.decisions >= 10_000
    assert (watch.over_the_cap(), watch.after_a_no(), watch.before_a_yes(), watch.lost_or_doubled()) == (0, 0, 0, 0)
    counted = Counter(row.customer_id for row in watch._rows())
    undisturbed = people[len(people) // 4 : -len(people) // 4]
    assert [counted[who] for who in undisturbed] == [CAP] * len(undisturbed)
    assert any(watch.before.values())


def unlocked(_tx, ids) -> frozenset[int]:
    return frozenset(ids)


def test_without_the_customers_lock_the_same_watch_finds_caps_exceeded(shop, monkeypatch) -> None:
    people = prepared(shop, people=60, each=30)
    monkeypatch.setattr(claims.customers, "lock_free", unlocked)
    monkeypatch.setattr(customers, "lock", lambda _tx, _ids: None)
    assert race(shop, people, rounds=4).over_the_cap() > 0


def test_without_the_customers_lock_the_same_watch_finds_mail_after_a_no(shop, monkeypatch) -> None:
    """What is ready is cancelled together with the no, which would hide a gate that reads too early: so not here."""
    people = prepared(shop, people=200, each=10)
    monkeypatch.setattr(claims.customers, "lock_free", unlocked)
    monkeypatch.setattr(customers, "lock", lambda _tx, _ids: None)
    monkeypatch.setattr(consents, "_cancel", lambda _tx, _refused: 0)
    assert race(shop, people, rounds=4).after_a_no() > 0
