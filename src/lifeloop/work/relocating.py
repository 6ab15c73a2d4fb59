"""From one database to another, SQLite or PostgreSQL, so that nobody who waits is lost and nothing is said twice.

Both databases are held against writers while rows are copied. Three commits follow one another, and after a crash
between any two of them the same command goes on from there:

1. everything is in the new database, which is closed as yet: what runs is still the old one;
2. the old one is closed for good: nobody can send from it, whoever still runs;
3. the new one is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.store import closing, copying, health, instance, months
from lifeloop.store.copying import Sum, Told
from lifeloop.store.opening import Store
from lifeloop.store.transaction import Tx

SIGNS_OF_LIFE = 150
"""Seconds for which a heartbeat counts: workers write one every minute."""


class CannotMoveError(Exception):
    """It would not be safe, or not be a move. ``hint``: what to do about it."""

    def __init__(self, sentence: str, hint: str) -> None:
        super().__init__(sentence)
        self.sentence, self.hint = sentence, hint


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a move would take along. ``only_open``: everything is there, and only has to be opened."""

    rows: Mapping[str, int]
    waiting: int
    leaving: int
    """Messages that were being handed over when their process ended: settled by their own rules, never sent blindly."""
    only_open: bool = False


def look(old: Store, new: Store, now: Instant, *, stopped: bool) -> Outlook:
    """Return what a move would do, and change nothing. ``stopped``: somebody says that no worker runs.

    Raises:
        CannotMoveError: somebody is at work, or one of the two is not what it should be.
    """
    with old.reading() as tx:
        why = closing.why_closed(tx)
        if why is None:
            _nobody_works(tx, now, stopped=stopped)
        found = Outlook(
            {name: rows for name, rows in copying.counts(tx).items() if rows},
            *health.in_motion(tx),
            only_open=why == moved_to(new),
        )
    if why is not None and not found.only_open:
        raise CannotMoveError(why, "move from where it is now: name that database in LIFELOOP_DATABASE")
    if new.is_there():
        with new.reading() as tx:
            _takes(tx, old, only_open=found.only_open)
    return found


def relocate(old: Store, new: Store, host: str, now: Instant, told: Told) -> Mapping[str, Sum]:
    """Move everything, and return the sums of all tables. ``host``: where the new database says that it lives.

    Both have their tables already. All or nothing: when it fails, the old database is as it was, and goes on.

    Raises:
        CannotMoveError: the new one is not empty, or does not hold what was written into it.
        StoreBusy: somebody writes, and did not end in time.
    """
    with old.transaction() as source:
        copying.lock(source)
        with new.transaction() as target:
            copying.lock(target)
            _takes(target, old, only_open=False)
            sums = _fill(source, target, told)
            instance.relocated(target, host, now)
            closing.close(target, coming_from(old), now)
        closing.close(source, moved_to(new), now)
    open_up(new)
    return sums


def open_up(new: Store) -> None:
    """Let the new database take writes: the last step of a move."""
    with new.transaction() as tx:
        closing.reopen(tx)
    new.analyze()


def moved_to(new: Store) -> str:
    """Return why a database is closed that was moved."""
    return f"everything was moved to {new.url}"


def coming_from(old: Store) -> str:
    """Return why a database is closed that a move has just filled."""
    return f"everything is being moved here from {old.url}; say lifeloop move-store again, and it goes on"


def _fill(source: Tx, target: Tx, told: Told) -> Mapping[str, Sum]:
    closing.reopen(target)
    copying.empty(target)
    months.make_room(source, target)
    sums = copying.copy(source, target, told)
    differing = [name for name, found in copying.sums(target, told).items() if found != sums[name]]
    if differing:
        raise CannotMoveError(
            f"what arrived is not what was sent: {', '.join(differing)}", "nothing was changed; please report this"
        )
    return sums


def _takes(tx: Tx, old: Store, *, only_open: bool) -> None:
    """Refuse a database that holds something else."""
    if copying.is_bare(tx):
        return
    held = {name: rows for name, rows in copying.counts(tx).items() if rows and name != "switch"}
    if only_open or not held or closing.why_closed(tx) == coming_from(old):
        return
    raise CannotMoveError(
        f"the new database is not empty: {sum(held.values()):,} rows, in {', '.join(held)}",
        "name an empty one; nothing is ever mixed or written over",
    )


def _nobody_works(tx: Tx, now: Instant, *, stopped: bool) -> None:
    held = health.handing_over(tx, now)
    if held:
        raise CannotMoveError(
            f"{', '.join(held)} is handing over messages at this moment",
            "stop every worker, and wait until what it holds has left",
        )
    known = instance.read(tx)
    if known and not stopped and now - known.heartbeat < SIGNS_OF_LIFE:
        raise CannotMoveError(
            f"somebody was at work {now - known.heartbeat} seconds ago",
            "stop every worker and every lifeloop run, then say it again with --stopped",
        )
