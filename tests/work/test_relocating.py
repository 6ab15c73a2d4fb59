"""A move from one database to the other, both ways: every row, nobody who waits is lost, no way back to send."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, closing

import pytest

from lifeloop.engine.values import State
from lifeloop.store import copying, customers, enrollments, inbox, instance, journeys, messages, opening
from lifeloop.store.closing import why_closed
from lifeloop.store.opening import StoreBusy, StoreClosed, open_store
from lifeloop.store.transaction import load
from lifeloop.store.values import CustomerRow, NewMessage, NewRun, PlanRow, Rendered
from lifeloop.work.relocating import CannotMoveError, look, open_up, relocate

PEOPLE = 1200
"""More than are in memory at once."""
AWKWARD = {
    "name": "Zoë 🌞 'quoted'",
    "big": 12345678901234567890,
    "huge": 1e22,
    "small": 1e-7,
    "minus": -0.0,
    "of": [1.0, None],
}
NOW = 10_000
NOVEMBER = 1_795_305_600
OLDER, OF_NOVEMBER = "0f" * 16, "ff202611" + "0f" * 12


@pytest.fixture(params=["to postgres", pytest.param("to sqlite")])
def both(request, tmp_path, postgres_schemas):
    """A database with people in it, and an empty one of the other kind."""
    with ExitStack() as stack:
        urls = [f"sqlite:///{tmp_path / 'shop.db'}", stack.enter_context(postgres_schemas())]
        old, new = [
            stack.enter_context(closing(open_store(url))) for url in urls[:: 1 if "postgres" in request.param else -1]
        ]
        old.migrate()
        with old.transaction() as tx:
            live_through(tx)
        yield old, new


def live_through(tx):
    journeys.publish(tx, {"renewal": PlanRow("renewal", "plan-1", "{}")}, 0)
    rows = [CustomerRow(f"c{n}", {"email": f"c{n}@example.com", **AWKWARD}) for n in range(PEOPLE)]
    ids = list(customers.upsert(tx, rows, 0).ids.values())
    state = State(node="wait-1", due_at=NOW + 100, started_at=50)
    runs = enrollments.add(tx, [NewRun(who, "renewal", "plan-1", state) for who in ids])
    messages.add(tx, [mail(run, who) for run, who in zip(runs, ids, strict=True)][:20], 90)
    of_months = zip((OLDER, OF_NOVEMBER), runs[20:], ids[20:], strict=False)
    messages.add(tx, [mail(run, who)._replace(id=id_) for id_, run, who in of_months], NOVEMBER)
    inbox.add(tx, [Rendered("m-1", "c@example.com", "us", "Hi", "<p>Hi</p>", "Hi", {"X": "y"})], 95)
    instance.open_guard(tx, "here", NOW - 9000)
    tx.run("DELETE FROM message WHERE customer_id = :last", last=ids[-1])


def mail(run, who):
    return NewMessage(
        id=f"m-{who}", kind="mail", run_id=run, customer_id=who, journey="renewal", node="send-1", visit=1,
        name="renewal/offer", due_at=100, channel="email", topic="offers",
    )  # fmt: skip


def moved(old, new):
    new.migrate()
    return relocate(old, new, "there", NOW, lambda *_: None)


def test_every_row_arrives_and_the_next_key_is_a_new_one(both):
    old, new = both
    seen = look(old, new, NOW, stopped=False)
    assert (seen.rows["customer"], seen.waiting, seen.only_open) == (PEOPLE, PEOPLE, False)
    sums = moved(old, new)
    assert {name: found.rows for name, found in sums.items() if found.rows} == seen.rows
    with new.transaction() as tx:
        assert why_closed(tx) is None
        assert (instance.read(tx).epoch, instance.read(tx).host) == (2, "there")
        (row,) = tx.ask("SELECT id, data FROM customer WHERE key = 'c7'")
        assert load(row.data) == AWKWARD
        highest = tx.ask("SELECT max(id) AS n FROM customer")[0].n
        made = customers.upsert(tx, [CustomerRow("later", {})], NOW).ids
        assert made["later"] > highest
        claimed = enrollments.claim_due(tx, None, NOW + 100, PEOPLE * 2)
        assert len(claimed) == PEOPLE
        if new.postgres:
            lies = tx.ask("SELECT id, CAST(tableoid::regclass AS text) AS part FROM message WHERE made_at > 90")
            assert {row.id: row.part for row in lies} == {OLDER: "message_before", OF_NOVEMBER: "message_202611"}


def test_nobody_writes_into_the_old_one_again(both):
    old, new = both
    moved(old, new)
    for wish in ("UPDATE message SET status = status", "DELETE FROM message", "UPDATE instance SET heartbeat = 1"):
        with pytest.raises(StoreClosed, match="was moved to"), old.transaction() as tx:
            tx.run(wish)
    with old.reading() as tx:
        assert "was moved to" in journeys.halted(tx)
    with pytest.raises(CannotMoveError, match="not empty"):
        look(new, new, NOW, stopped=True)


def test_who_is_at_work_is_not_moved_away_from(both):
    old, new = both
    with old.transaction() as tx:
        instance.heartbeat(tx, NOW - 30)
    with pytest.raises(CannotMoveError, match="30 seconds ago"):
        look(old, new, NOW, stopped=False)
    assert look(old, new, NOW, stopped=True).waiting == PEOPLE
    lease = "UPDATE message SET status = 'attempting', owner = 'w1', lease_until = :until, next_at = NULL, sent_at = 5"
    with old.transaction() as tx:
        tx.run(f"{lease} WHERE id = 'm-1'", until=NOW + 60)
    with pytest.raises(CannotMoveError, match="w1 is handing over"):
        look(old, new, NOW, stopped=True)
    assert look(old, new, NOW + 61, stopped=True).leaving == 1


def test_what_differs_undoes_the_move(both, monkeypatch):
    old, new = both
    monkeypatch.setattr(copying, "sums", lambda *_: {"customer": copying.Sum(1, 1)})
    with pytest.raises(CannotMoveError, match="customer"):
        moved(old, new)
    monkeypatch.undo()
    with old.transaction() as tx:
        assert why_closed(tx) is None
        customers.upsert(tx, [CustomerRow("still here", {})], NOW)
    with new.reading() as tx:
        assert copying.counts(tx)["customer"] == 0


@pytest.mark.crash
@pytest.mark.parametrize("place", ["copying", "the first commit", "the second commit"])
def test_a_kill_anywhere_leaves_one_of_them_that_counts(both, place):
    old, new = both
    new.migrate()
    code = KILLED.format(old=old.engine.url.render_as_string(), new=new.engine.url.render_as_string(), place=place)
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    if place == "the second commit":
        assert look(old, new, NOW, stopped=True).only_open
        with pytest.raises(StoreClosed), new.transaction() as tx:
            tx.run("DELETE FROM rendered")
        open_up(new)
    else:
        with old.transaction() as tx:
            assert why_closed(tx) is None
            customers.upsert(tx, [CustomerRow("meanwhile", {})], NOW)
        moved(old, new)
    with new.transaction() as tx:
        assert len(enrollments.claim_due(tx, None, NOW + 100, PEOPLE * 2)) == PEOPLE
        assert copying.counts(tx)["customer"] == PEOPLE + (place != "the second commit")


KILLED = """
import os, signal
from lifeloop.store import closing
from lifeloop.store.opening import open_store
from lifeloop.work import relocating
old, new, place = open_store({old!r}), open_store({new!r}), {place!r}
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
told = die if place == "copying" else lambda *_: None
close = closing.close
def dying(tx, why, now):
    close(tx, why, now)
    if place == "the first commit" and "was moved" in why:
        die()
relocating.closing.close = dying
if place == "the second commit":
    relocating.open_up = die
relocating.relocate(old, new, "there", {now}, told)
""".replace("{now}", str(NOW))


def test_a_writer_who_does_not_end_stops_the_move(both, monkeypatch):
    old, new = both
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(opening, "LOCK_TIMEOUT", "200ms")
    new.migrate()
    with old.transaction() as busy, closing(open_store(old.engine.url.render_as_string())) as again:
        busy.run("UPDATE customer SET updated_at = 1")
        with pytest.raises(StoreBusy):
            moved(again, new)
