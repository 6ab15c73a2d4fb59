"""The import itself: rows in batches of a thousand, each batch one commit; running it again adds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from lifeloop.work.importing.problems import Rejected
from lifeloop.work.importing.reading import Taken
from lifeloop.work.importing.remarks import Remarks
from lifeloop.work.ingesting import Happening, Ingested, Person, ingest
from lifeloop.work.workspace import Workspace

BATCH = 1000
COUNTED = 16
"""Batches after which the database counts its rows, then after four times as many: it still plans for empty tables."""
FUTURE = 86_400
"""Seconds: what is said to happen later than this from now is a slip of the pen."""

Take = Callable[[list[Person], list[Happening]], Ingested]


@dataclass(slots=True)
class Imported:
    """What an import did so far. ``events`` are new ones, ``known`` those that were there before."""

    rows: int = 0
    taken: int = 0
    customers: int = 0
    new_customers: int = 0
    events: int = 0
    known: int = 0
    rejected: int = 0
    journeys: set[str] = field(default_factory=set)
    """Those that now have something to do."""
    remarks: Remarks = field(default_factory=Remarks)
    """What is odd about rows that were taken."""


def import_rows(
    space: Workspace,
    rows: Iterable[Taken | Rejected],
    *,
    reject: Callable[[Rejected], None],
    tell: Callable[[Imported], None] = lambda _done: None,
    take: Take | None = None,
    source: str = "import",
) -> Imported:
    """Take in all rows, a batch at a time. ``take`` says how, if not in a commit of its own (a dry run)."""
    done = Imported()
    counted = COUNTED
    latest = space.clock.now() + FUTURE
    for batch in _batches(rows):
        good = []
        for one in batch:
            problem = one if isinstance(one, Rejected) else _too_early(one, latest)
            if problem:
                done.rejected += 1
                reject(problem)
            elif isinstance(one, Taken):
                good.append(one)
        done.remarks.look_at(good)
        people, happenings = _people(good), [event for one in good for event in one.happenings]
        _add(done, (take or _take(space, source))(people, happenings), good, reject)
        done.rows += len(batch)
        tell(done)
        if take is None and done.rows >= counted * BATCH:
            space.store.analyze()
            counted *= 4
    return done


def _take(space: Workspace, source: str) -> Take:
    return lambda people, happenings: ingest(space, people, happenings, source=source, keep_refusals=True)


def _batches(rows: Iterable[Taken | Rejected]) -> Iterator[list[Taken | Rejected]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _people(taken: Iterable[Taken]) -> list[Person]:
    """Return each customer once where rows say the same about them."""
    people: list[Person] = []
    last: dict[str, Person] = {}
    for one in taken:
        if one.person is not None and last.get(one.person.key) != one.person:
            last[one.person.key] = one.person
            people.append(one.person)
    return people


def _too_early(taken: Taken, latest: int) -> Rejected | None:
    if all(event.at <= latest for event in taken.happenings):
        return None
    return Rejected(
        taken.row.number, "it lies in the future: nothing can have happened then", cells=tuple(taken.row.cells)
    )


def _add(done: Imported, what: Ingested, good: list[Taken], reject: Callable[[Rejected], None]) -> None:
    done.customers += what.customers
    done.new_customers += what.new_customers
    done.events += what.events
    done.known += what.duplicates
    done.journeys |= what.journeys
    conflicts = set(what.conflicts)
    done.taken += len(good) - len(conflicts)
    done.rejected += len(conflicts)
    for one in good if conflicts else ():
        _conflicts(one, conflicts, reject)


def _conflicts(taken: Taken, conflicts: set[str], reject: Callable[[Rejected], None]) -> None:
    for event in taken.happenings:
        if f"{event.source}/{event.id}" in conflicts:
            said = f'an event with the id "{event.id}" is known already and says something else; the first one stays'
            reject(Rejected(taken.row.number, said, value=event.id, cells=tuple(taken.row.cells)))
