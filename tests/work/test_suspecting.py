"""I-18: whoever ends the process that looks at them ends nobody else's journey."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lifeloop.engine.values import Status
from lifeloop.store import claims, suspects
from lifeloop.store.suspects import ALONE, REASON, TOGETHER, Noted
from lifeloop.work.halting import releasing
from lifeloop.work.moving import Moved, Which, move_due
from lifeloop.work.suspecting import _is_gone, _ticket, carefully
from lifeloop.work.tidying import tidy

DAY = 86_400
TWO = """
start: {event: order.placed}
delivery: {topic: service}
steps:
  - send: shop/one
  - wait: 2 days
  - send: shop/two
"""
PEOPLE = 50
NOTED, SUSPECTED = "SELECT ticket FROM begun", "SELECT kind FROM suspect"


def processes(shop, where: str, whom: str) -> list[int]:
    """Run waves, each in a process of its own, until one comes to its end; returns by which signal each ended."""
    arguments = [str(shop.root), shop.url, str(shop.now), where, whom, str(2 * (TOGETHER + ALONE))]
    worker = [sys.executable, Path(__file__).parent / "deadly.py", *arguments]
    done = subprocess.run(worker, capture_output=True, text=True, check=True)
    return [int(word) for word in done.stdout.split()]


def rows(shop, question: str) -> list:
    with shop.space.store.reading() as tx:
        return list(tx.ask(question))


@pytest.mark.parametrize("where", ["admit", "move"])
def test_everybody_goes_on_but_who_ends_the_process(shop, where: str) -> None:
    shop.publish(two=TWO)
    keys = shop.people(PEOPLE)
    shop.events(keys, "order.placed")
    if where == "move":
        shop.wave()
        shop.clock.set(shop.now + 2 * DAY)
    poison, last = keys[17], "shop/two" if where == "move" else "shop/one"
    assert processes(shop, where, poison) == [signal.SIGKILL] * (TOGETHER + ALONE) + [0]
    assert [key for key in keys if (last, "sent") not in shop.said(key)] == [poison]
    (run,) = shop.runs(poison)
    assert (run.state.status, run.state.reason) == (Status.FAILED, REASON)
    assert rows(shop, NOTED) == []
    release(shop)
    shop.wave()
    shop.go(2 * DAY)
    assert shop.said(poison) == [("shop/one", "sent"), ("shop/two", "sent")]
    tidy(shop.space)
    assert rows(shop, SUSPECTED) == []


def release(shop) -> None:
    """Let go what is held in the journey, as an operator does."""
    target, rate = releasing.find_targets(shop.space, ["two"]), shop.space.catalogue.breakers.release
    assert releasing.outlook(shop.space, target, rate).aside == 1
    releasing.release(shop.space, target, rate)


def test_what_is_noted_goes_with_the_batch(shop) -> None:
    shop.publish(two=TWO)
    shop.events(shop.people(5), "order.placed")
    shop.wave()
    assert rows(shop, NOTED) == []


def test_a_batch_that_fails_takes_its_note_back(shop) -> None:
    def broken(_space, _now, _which) -> Moved:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        carefully(shop.space, "enrollment", shop.now, Which(), broken)
    assert rows(shop, NOTED) == []


def test_a_note_of_somewhere_else_is_dead_after_a_while(shop) -> None:
    note = Noted("elsewhere:7:0123456789abcdef:0", "enrollment", claims.Which(), 10)
    with shop.space.store.transaction() as tx:
        suspects.note(tx, note, shop.now)
    carefully(shop.space, "enrollment", shop.now, Which(), move_due)
    assert [row.ticket for row in rows(shop, NOTED)] == [note.ticket]
    shop.clock.set(shop.now + suspects.LOST_AFTER)
    carefully(shop.space, "enrollment", shop.now, Which(), move_due)
    assert rows(shop, NOTED) == []


def test_our_own_notes_are_alive_and_those_of_a_life_before_are_not() -> None:
    ours = _ticket()
    host, pid, _, number = ours.rsplit(":", 3)
    assert not _is_gone(ours)
    assert _is_gone(f"{host}:{pid}:0123456789abcdef:{number}")
    assert not _is_gone(f"elsewhere:{pid}:0123456789abcdef:{number}")


def test_who_moved_after_a_death_is_not_suspected_the_next_time(shop) -> None:
    shop.publish(two=TWO)
    shop.events(shop.people(3), "order.placed")
    shop.wave()
    shop.clock.set(shop.now + 2 * DAY)
    dead = Noted("elsewhere:7:0123456789abcdef:0", "enrollment", claims.Which(), 10)
    with shop.space.store.transaction() as tx:
        suspects.blame(tx, dead, shop.now)
        suspects.blame(tx, dead, shop.now)
        assert len(suspects.standing(tx, "enrollment").untried) == 3
    shop.wave()
    with shop.space.store.transaction() as tx:
        assert suspects.standing(tx, "enrollment").all == ()
