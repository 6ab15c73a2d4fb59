"""A dry run: everything is read, and what it would start is tried out in a transaction that is taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from lifeloop.store import timeline
from lifeloop.store.transaction import Tx
from lifeloop.work.admitting import admit_in
from lifeloop.work.importing.problems import Rejected
from lifeloop.work.importing.reading import Taken
from lifeloop.work.importing.running import Imported, import_rows
from lifeloop.work.ingesting import Happening, Ingested, Person, take_in
from lifeloop.work.moving import Which
from lifeloop.work.publishing import publish_in
from lifeloop.work.workspace import Workspace

TRIED = 20_000
"""Rows that are tried out: meanwhile nobody else can write, so it must not take long. The rest is only read."""
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What an import would do. ``entering``: how many would enter which journey at once, by the ``tried`` rows."""

    done: Imported
    entering: dict[str, int]
    tried: int


class _TakeBack(Exception):  # noqa: N818  # not an error: it takes a transaction back
    pass


def rehearse_rows(
    space: Workspace,
    rows: Iterable[Taken | Rejected],
    *,
    reject: Callable[[Rejected], None],
    tell: Callable[[Imported], None] = lambda _done: None,
) -> Rehearsed:
    """Return what an import of these rows would do. The journeys count as the files have them now."""
    waiting = iter(rows)
    tried, entering = _try(space, islice(waiting, TRIED), reject, tell)
    rest = import_rows(space, waiting, reject=reject, take=_nothing, tell=lambda more: tell(_sum(tried, more)))
    return Rehearsed(_sum(tried, rest), entering, tried.rows)


def _try(
    space: Workspace,
    rows: Iterator[Taken | Rejected],
    reject: Callable[[Rejected], None],
    tell: Callable[[Imported], None],
) -> tuple[Imported, dict[str, int]]:
    done, entering = Imported(), dict[str, int]()
    try:
        with space.store.transaction() as tx:
            publish_in(space, tx, space.clock.now())
            _admit_all(space, tx)  # who would enter without the file
            before = _runs(tx)
            done = import_rows(space, rows, reject=reject, tell=tell, take=_within(space, tx))
            _admit_all(space, tx)
            after = _runs(tx)
            entering = {name: after[name] - before.get(name, 0) for name in after}
            raise _TakeBack  # noqa: TRY301  # the way to leave a transaction unwritten
    except _TakeBack:
        return done, {name: count for name, count in entering.items() if count}


def _within(space: Workspace, tx: Tx) -> Callable[[list[Person], list[Happening]], Ingested]:
    return lambda people, happenings: take_in(space, tx, people, happenings, keep_refusals=True)


def _admit_all(space: Workspace, tx: Tx) -> None:
    while admit_in(space, tx, space.clock.now(), Which(limit=AT_ONCE)).claimed:
        pass


def _runs(tx: Tx) -> dict[str, int]:
    return {one.journey: sum(one.runs.values()) for one in timeline.counts(tx)}


def _nothing(people: list[Person], _happenings: list[Happening]) -> Ingested:
    return Ingested(customers=len(people))


def _sum(first: Imported, more: Imported) -> Imported:
    return Imported(
        rows=first.rows + more.rows,
        taken=first.taken + more.taken,
        customers=first.customers + more.customers,
        new_customers=first.new_customers,
        events=first.events + more.events,
        known=first.known,
        rejected=first.rejected + more.rejected,
        journeys=first.journeys | more.journeys,
        remarks=first.remarks.and_then(more.remarks),
    )
