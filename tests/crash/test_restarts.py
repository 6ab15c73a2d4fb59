"""The database goes away, the API and the workers are killed: every order that was taken counts once.

Four times on every test run; ``make soak`` does it twenty times.
"""

from __future__ import annotations

import os
import signal
import time

import pytest
from checker import verdict

from lifeloop.channel.smtp import KEPT
from lifeloop.engine.chance import fraction_of

pytestmark = pytest.mark.crash

RESTARTS = int(os.environ.get("LIFELOOP_RESTARTS", "4"))
PATIENCE = 180
WORKERS = 2


def test_postgresql_restarts_under_workers_and_the_api(labs, cluster, capsys) -> None:
    """Every other time it crashes and has to recover. Nobody is started again by hand."""
    lab = labs(cluster.url, seed=21, lease=20)
    for kind in ("run", "run", "api"):
        lab.start(kind)
    sender = lab.sender()
    sender.begin(0.01)
    until_all_are_up(lab, sender)
    for number in range(RESTARTS):
        time.sleep(0.3 + fraction_of(f"restart {number}") / 2)
        cluster.restart("immediate" if number % 2 else "fast", fraction_of(f"down {number}") / 2)
    until_taken(sender, more=20)
    sender.end()
    settled(lab)
    said = said_by_all(lab)
    report(capsys, lab, sender, f"postgres restarted {RESTARTS} times")
    judge(lab, sender, RESTARTS)
    assert said.count("; trying again") == said.count("it goes on") >= 3  # each of the three noticed, and came back
    assert "wave failed" not in said


def test_workers_and_the_api_are_killed_while_orders_come_in(labs, fresh_url, capsys) -> None:
    """Whoever gets no answer sends the same order again: it counts once, whatever had become of the first."""
    lab = labs(fresh_url(), seed=22)
    alive = {kind: lab.start(kind) for kind in ("api", "run")}
    sender = lab.sender()
    sender.begin(0.002)
    for number in range(RESTARTS):
        until_taken(sender, more=5)
        time.sleep(fraction_of(f"kill {number}") / 5)
        kind = "run" if number % 3 == 2 else "api"
        lab.hit(alive[kind])
        alive[kind] = lab.start(kind)
    until_taken(sender, more=5)
    sender.end()
    lab.hit(alive["run"], signal.SIGTERM)
    lab.drain("run", PATIENCE)
    report(capsys, lab, sender, "api and workers killed")
    judge(lab, sender, RESTARTS)
    assert sender.unanswered  # or no kill came at a bad moment


def judge(lab, sender, times: int) -> None:
    """Compare what senders know was taken with what the database holds and with what arrived outside."""
    with lab.space.store.reading() as tx:
        counted = tx.ask(
            "SELECT c.key FROM event e JOIN customer c ON c.id = e.customer_id WHERE name = 'order.placed'"
        )
        seconds = tx.ask(
            "SELECT m.id, c.key FROM message m JOIN customer c ON c.id = m.customer_id WHERE name = 'shop/two'"
        )
    assert sorted(row.key for row in counted) == sorted(sender.taken)
    found = verdict(lab.space.store, lab.notes)
    assert (found.clean, found.wanted) == (True, 2 * len(sender.taken)), found
    assert found.in_doubt <= KEPT * WORKERS * times  # no more than were under way each time
    arrived = {key: int(at) for _, key, at in map(str.split, lab.notes.read_text().splitlines())}
    early = [row.key for row in seconds if row.id in arrived and arrived[row.id] <= sender.taken[row.key]]
    assert not early, "the second mail is a second after the order, at the earliest"


def until_all_are_up(lab, sender) -> None:
    ends = time.monotonic() + PATIENCE
    while lab.log().count("Running on") < 2 and time.monotonic() < ends:
        time.sleep(0.05)
    until_taken(sender, more=5)


def until_taken(sender, *, more: int) -> None:
    """Wait for so many orders more."""
    wanted, ends = len(sender.taken) + more, time.monotonic() + PATIENCE
    while len(sender.taken) < wanted and time.monotonic() < ends:
        time.sleep(0.01)
    assert len(sender.taken) >= wanted, sender.refused[-1:]


def settled(lab) -> None:
    """Let those who are at work finish."""
    ends = time.monotonic() + PATIENCE
    while lab.left() and time.monotonic() < ends:
        time.sleep(0.2)


def said_by_all(lab) -> str:
    """Return what was said once everybody is back: who finds nothing to do looks again a little later."""
    ends = time.monotonic() + PATIENCE
    while (said := lab.log()).count("; trying again") != said.count("it goes on") and time.monotonic() < ends:
        time.sleep(0.2)
    return said


def report(capsys, lab, sender, what: str) -> None:
    found = verdict(lab.space.store, lab.notes)
    with capsys.disabled():
        print(
            f"\n  {what}, {'postgres' if lab.space.store.postgres else 'sqlite'}: {len(sender.taken)} orders taken in"
            f" {sender.tries} requests ({sender.unanswered} without an answer, {len(sender.refused)} asked to wait);"
            f" {found.line('messages', lab)}"
        )
