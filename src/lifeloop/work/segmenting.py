"""Segments that journeys start from: worked out in SQL for those who need it, and who joined or left is told.

Nobody is looked at because time goes by. Who changed is worked out with the change, in the same transaction; whom the
clock may change has a moment in ``looks``; everybody is asked once, when a segment gets a meaning that is new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import blake2b

from lifeloop.clock import Instant
from lifeloop.engine.asked import parts_in
from lifeloop.engine.routing import Start, segment_candidate
from lifeloop.journey.condition import InSegment, MessageWas
from lifeloop.store import candidates, customers, journeys, looks, segments
from lifeloop.store.conditions import Reading
from lifeloop.store.transaction import Tx
from lifeloop.store.values import NewCandidate
from lifeloop.work.workspace import Workspace

SLICE = 2000
"""Customers in one transaction, where it is not those of one batch of facts."""
Moved = tuple[int, int]
"""How many joined, and how many left."""
Step = Callable[[], Moved | None]


def refresh_segments(
    space: Workspace, tx: Tx, now: Instant, customer_ids: Sequence[int], *, quietly: bool = False
) -> None:
    """Work out whether these customers are in the segments that live journeys start from, and tell the journeys.

    The caller holds their locks. ``quietly``: it is noted without anybody having joined; who is imported as they are
    was in it before.
    """
    for name in _watched(space, tx):
        _work_out(space, tx, name, customer_ids, now, quietly=quietly)


def fill_segments(space: Workspace, tx: Tx, now: Instant) -> None:
    """Ask everybody, a slice at a time, about segments that are new or mean something else than they did.

    Who is in a segment when the first journey starts from it was there before, and has joined nothing.
    """
    known = segments.known(tx)
    for name in _begin_new(space, tx):
        while _fill_slice(space, tx, name, now, quietly=name not in known) is not None:
            pass


def look_again(space: Workspace, now: Instant, *, enough: Callable[[], bool] = lambda: False) -> Moved:
    """Work out whom time or a mark has made due, each slice in a transaction of its own; returns who joined and left.

    A segment whose meaning was changed in the project without publishing is asked of everybody, in slices too.
    """
    joined = left = 0
    with space.store.transaction() as tx:
        journeys.hold(tx)
        _begin_new(space, tx)
        unfinished = [name for name, one in segments.known(tx).items() if one.after is not None]
    steps: list[Step] = [partial(_fill_next, space, name, now) for name in unfinished]
    steps.append(partial(_look_slice, space, now))
    for step in steps:
        while (done := step()) is not None:
            joined, left = joined + done[0], left + done[1]
            if enough():
                return joined, left
    return joined, left


def _watched(space: Workspace, tx: Tx) -> tuple[str, ...]:
    """Return the segments that live journeys start from, in an order that all workers keep."""
    routes = space.plans.routes(tx)
    return tuple(sorted(name for name in routes.segments if name in space.catalogue.segments))


def _begin_new(space: Workspace, tx: Tx) -> list[str]:
    """Note which segments must be asked of everybody, and forget those that no journey starts from any more."""
    known, watched = segments.known(tx), _watched(space, tx)
    new = [name for name in watched if name not in known or known[name].digest != _digest(space, name)]
    for name in new:
        segments.begin(tx, name, _digest(space, name), asks_messages=_asks_messages(space, name))
    if gone := known.keys() - watched:
        segments.forget(tx, gone)
    return new


def _digest(space: Workspace, name: str) -> str:
    """Return what makes a segment's meaning another one: its condition, those inside it, and the project's clock."""
    defined = space.catalogue.segments
    named = [part.segment for part in parts_in(defined[name], defined) if isinstance(part, InSegment)]
    said = [space.catalogue.timezone, *(repr((one, defined.get(one))) for one in (name, *named))]
    return blake2b("\n".join(said).encode(), digest_size=8).hexdigest()


def _asks_messages(space: Workspace, name: str) -> bool:
    defined = space.catalogue.segments
    return any(isinstance(part, MessageWas) for part in parts_in(defined[name], defined))


def _fill_next(space: Workspace, name: str, now: Instant) -> Moved | None:
    with space.store.transaction() as tx:
        journeys.hold(tx)
        return _fill_slice(space, tx, name, now, quietly=False)


def _fill_slice(space: Workspace, tx: Tx, name: str, now: Instant, *, quietly: bool) -> Moved | None:
    """Ask the next customers about a segment; None when everybody was asked."""
    one = segments.known(tx).get(name)
    if one is None or one.after is None:
        return None
    ids = customers.ids_after(tx, one.after, SLICE)
    segments.proceed(tx, name, ids[-1] if ids else None)
    if not ids:
        return None
    customers.lock(tx, ids)
    return _work_out(space, tx, name, ids, now, quietly=quietly)


def _look_slice(space: Workspace, now: Instant) -> Moved | None:
    """Look at the next ones who are due; None when nobody is left."""
    joined = left = 0
    with space.store.transaction() as tx:
        journeys.hold(tx)
        claimed = looks.claim(tx, now, SLICE)
        watched = _watched(space, tx)
        for name, ids in claimed.items():
            if name in watched:
                came, went = _work_out(space, tx, name, ids, now)
                joined, left = joined + came, left + went
    return (joined, left) if claimed else None


def _work_out(space: Workspace, tx: Tx, name: str, ids: Sequence[int], now: Instant, *, quietly: bool = False) -> Moved:
    catalogue = space.catalogue
    reading = Reading(now, catalogue.timezone, catalogue.segments)
    came, went = segments.refresh(tx, name, catalogue.segments[name], reading, ids)
    if quietly or not (came or went):
        return 0, 0
    starts = space.plans.routes(tx).segments[name]
    found = [*_candidates(starts, came, now, joined=True), *_candidates(starts, went, now, joined=False)]
    if found:
        candidates.add(tx, found)
        tx.stirred |= {one.candidate.journey for one in found}
    return len(came), len(went)


def _candidates(starts: Sequence[Start], ids: Sequence[int], now: Instant, *, joined: bool) -> list[NewCandidate]:
    made = [segment_candidate(start, now, joined=joined) for start in starts]
    return [NewCandidate(one, candidate, str(now)) for candidate in made if candidate for one in ids]
