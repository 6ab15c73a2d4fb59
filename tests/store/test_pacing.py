"""The shared pace under many workers at once: what is granted together never exceeds what one alone would get."""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import sleep

from lifeloop.engine.pacing import Limits, Pace, Today, take
from lifeloop.store import pacing
from lifeloop.store.opening import Store

NOW, DAY = 1_780_000_000, 86_400
TODAY = Today(NOW, "monday", NOW + DAY)
WORKERS, ROUNDS = 8, 12
A_MOMENT = 0.002
"""Between reading and writing, as the gate has it: long enough for others to read the same."""


def together(work: Callable[[int], None]) -> None:
    gate = threading.Barrier(WORKERS)

    def one(nth: int) -> None:
        gate.wait()
        for _ in range(ROUNDS):
            work(nth)

    threads = [threading.Thread(target=one, args=(nth,)) for nth in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def granted_together(store: Store, limits: Limits) -> int:
    granted: list[int] = []

    def work(_nth: int) -> None:
        with store.transaction() as tx:
            pace, grant = take(pacing.lock(tx, ["way"])["way"], limits, 3, TODAY)
            sleep(A_MOMENT)
            pacing.write(tx, [pace])
        granted.append(grant.count)

    together(work)
    return sum(granted)


def test_many_workers_share_one_rate(store: Store) -> None:
    assert granted_together(store, Limits(rate=50)) == 50


def test_many_workers_share_one_quota(store: Store) -> None:
    assert granted_together(store, Limits(quota=70)) == 70


def test_many_workers_share_the_seats(store: Store) -> None:
    limits, most, served = Limits(concurrency=3), 0, 0
    busy: set[int] = set()
    guard = threading.Lock()

    def work(nth: int) -> None:
        nonlocal most, served
        ticket = f"ticket{nth}"
        with store.transaction() as tx:
            pace = pacing.lock(tx, ["way"])["way"]
            free = 3 - pacing.seats_taken(tx, ["way"], NOW).get("way", 0)
            _, grant = take(pace, limits, 1, TODAY, free_seats=free)
            sleep(A_MOMENT)
            if grant.count:
                pacing.sit(tx, ticket, {"way": grant.seats or 0}, until=NOW + 300, now=NOW)
        if not grant.count:
            return
        with guard:
            busy.add(nth)
            most, served = max(most, len(busy)), served + 1
        sleep(A_MOMENT)
        with guard:
            busy.discard(nth)
        with store.transaction() as tx:
            pacing.leave(tx, ticket, "way")

    together(work)
    assert 1 <= most <= 3
    assert served >= ROUNDS
    with store.reading() as tx:
        assert pacing.seats_taken(tx, ["way"], NOW) == {}


def test_a_pace_is_read_as_it_was_written(store: Store) -> None:
    known = Pace("way", 1_780_000_000_123_456, 7, "2026-03-02", 5, NOW, 2, "half-open", NOW + 1, 3, NOW, 9, 8, 4, "why")
    with store.transaction() as tx:
        pacing.lock(tx, ["way", "other"])
        pacing.write(tx, [known])
    with store.reading() as tx:
        assert pacing.look(tx) == {"way": known, "other": Pace("other")}
        assert pacing.look(tx, ["other", "unknown"]) == {"other": Pace("other")}


def test_seats_end_by_themselves(store: Store) -> None:
    with store.transaction() as tx:
        pacing.sit(tx, "dead", {"way": 2}, until=NOW + 300, now=NOW)
        pacing.sit(tx, "alive", {"way": 1, "other": 1}, until=NOW + 600, now=NOW)
        assert pacing.seats_taken(tx, ["way", "other"], NOW) == {"way": 3, "other": 1}
        assert pacing.seats_taken(tx, ["way"], NOW + 300) == {"way": 1}
        pacing.leave(tx, "alive", "other")
        assert pacing.seats_taken(tx, ["way", "other"], NOW) == {"way": 3}
        pacing.leave(tx, "alive", "way")
        assert pacing.seats_taken(tx, ["way", "other"], NOW) == {"way": 2}
