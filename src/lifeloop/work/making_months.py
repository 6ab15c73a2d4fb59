"""Months of history are made before they begin, a table at a time; what cannot be made now is made the next time."""

from __future__ import annotations

from contextlib import suppress

from lifeloop.clock import Instant
from lifeloop.store import months
from lifeloop.store.opening import StoreBusy
from lifeloop.work.workspace import Workspace


def make_months(space: Workspace, now: Instant) -> int:
    """Make the months that are wanted on PostgreSQL and not there; returns how many. Any number of processes may."""
    with space.store.reading() as tx:
        names = months.ahead(tx, now)
    made = sum(_make(space, name) for name in names)
    with space.store.transaction() as tx:
        months.begin(tx, now)
    _count(space)
    return made


def _count(space: Workspace) -> None:
    with space.store.reading() as tx:
        tables = months.uncounted(tx)
    if tables:
        with suppress(StoreBusy), space.store.transaction() as tx:
            months.count_rows(tx, tables)


def _make(space: Workspace, name: str) -> bool:
    try:
        with space.store.transaction() as tx:
            return months.make(tx, name)
    except StoreBusy:  # the lock was not to be had soon
        return False
