"""Workers are struck at random moments while they write: nothing is lost, nothing is said twice.

A dozen strikes over 500 messages on every test run; ``make soak`` is the same with 450 over 10,800.
"""

from __future__ import annotations

import os
import signal

import pytest
from checker import verdict
from lab import MIXED

from lifeloop.channel.smtp import KEPT

pytestmark = pytest.mark.crash

STRIKES = int(os.environ.get("LIFELOOP_STRIKES", "12"))
PEOPLE = max(250, 12 * STRIKES)
PATIENCE = 180 + STRIKES


def report(capsys, line: str) -> None:
    with capsys.disabled():
        print(f"\n  {line}")  # the figures are what the test is for


def test_mail_over_smtp_where_nobody_recognises_a_second_try(labs, fresh_url, capsys) -> None:
    """The real command against a real mail server: what may have left is never sent again, and is not lost."""
    lab = labs(fresh_url(), seed=11)
    lab.feed(0, PEOPLE)
    lab.strike("run", STRIKES, least=0.1, most=0.2, shares=MIXED)
    lab.drain("run", PATIENCE)
    found = verdict(lab.space.store, lab.notes)
    report(capsys, found.line(f"smtp, {kind_of(lab)}", lab))
    assert (found.clean, found.wanted, lab.kills >= STRIKES) == (True, 2 * lab.fed, True)
    assert found.in_doubt <= KEPT * lab.kills  # no more than were under way at each strike
    assert lab.at_work >= STRIKES // 2


def test_a_sink_that_honours_keys(labs, fresh_url, capsys) -> None:
    """The same runner, two at a time on PostgreSQL, to somebody who knows a key again: all of it, and each once."""
    lab = labs(fresh_url(), seed=12)
    lab.feed(0, PEOPLE)
    workers = 2 if lab.space.store.postgres else 1
    lab.strike("keyed", STRIKES, least=0.1, most=0.2, workers=workers, shares=MIXED)
    lab.drain("keyed", PATIENCE)
    found = verdict(lab.space.store, lab.notes)
    report(capsys, found.line(f"keyed, {kind_of(lab)}", lab))
    assert (found.clean, found.wanted, found.arrived, found.in_doubt) == (True, 2 * lab.fed, 2 * lab.fed, 0)


def test_ctrl_c_at_any_moment_leaves_nothing_in_doubt(labs, tmp_path, capsys) -> None:
    """Asked to stop, a worker finishes what it holds: nothing is cut off, so nothing has to be assumed."""
    lab = labs(f"sqlite:///{tmp_path / 'asked.db'}", seed=13)
    lab.feed(0, 100)
    lab.strike("run", 6, least=0, most=0.2, shares={signal.SIGINT: 1}, at_work=1)
    lab.drain("run")
    found = verdict(lab.space.store, lab.notes)
    report(capsys, found.line("asked to stop, sqlite", lab))
    assert (found.clean, found.wanted, found.arrived, found.in_doubt) == (True, 2 * lab.fed, 2 * lab.fed, 0)


def test_the_control_a_worker_that_hopes_says_things_twice(labs, tmp_path, capsys) -> None:
    """The same kills, and one protection less: the checker must see it, or it proves nothing."""
    lab = labs(f"sqlite:///{tmp_path / 'hoping.db'}", seed=14, slowness=0.01)
    lab.feed(0, 100)
    lab.strike("resend", 12, least=0.3, most=0.5)
    lab.drain("resend")
    found = verdict(lab.space.store, lab.notes)
    report(capsys, found.line("control, sqlite", lab))
    assert found.twice
    assert not found.lost


def test_two_processes_write_to_one_file_while_a_third_is_killed(labs, tmp_path, capsys) -> None:
    """An import into SQLite beside a running worker: both wait for their turn, and neither fails."""
    lab = labs(f"sqlite:///{tmp_path / 'busy.db'}", seed=15)
    alive = [lab.start("keyed"), lab.start("keyed")]
    for batch in range(20):
        lab.feed(10 * batch, 10)
    lab.hit(alive.pop())
    lab.hit(alive.pop(), signal.SIGTERM)
    lab.drain("keyed")
    found = verdict(lab.space.store, lab.notes)
    report(capsys, found.line("import beside two workers, sqlite", lab))
    assert (found.clean, found.wanted, found.arrived) == (True, 400, 400)


def kind_of(lab) -> str:
    return "postgres" if lab.space.store.postgres else "sqlite"
