"""Segments that journeys start from: worked out in SQL, and who joined or left is told to the journeys."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lifeloop.clock import Instant
from lifeloop.engine.routing import Start, segment_candidate
from lifeloop.store import candidates, segments
from lifeloop.store.conditions import Reading
from lifeloop.store.transaction import Tx
from lifeloop.store.values import NewCandidate
from lifeloop.work.workspace import Workspace


def refresh_segments(
    space: Workspace,
    tx: Tx,
    now: Instant,
    *,
    customer_ids: Sequence[int] | None = None,
    quietly: Collection[str] | None = (),
) -> tuple[int, int]:
    """Work out the segments that live journeys start from, for some customers or for all.

    Returns how many joined and how many left. ``quietly``: segments (None: all) whose members are noted without
    anybody having joined: who is in one when its journey goes live, or when they are imported, was there before.
    """
    joined = left = 0
    catalogue = space.catalogue
    reading = Reading(now, catalogue.timezone, catalogue.segments)
    for name, starts in space.plans.routes(tx).segments.items():
        if name not in catalogue.segments:
            continue
        came, went = segments.refresh(tx, name, catalogue.segments[name], reading, customer_ids=customer_ids)
        if quietly is None or name in quietly:
            continue
        joined, left = joined + len(came), left + len(went)
        found = [*_candidates(starts, came, now, joined=True), *_candidates(starts, went, now, joined=False)]
        if found:
            candidates.add(tx, found)
    return joined, left


def _candidates(starts: Sequence[Start], ids: Sequence[int], now: Instant, *, joined: bool) -> list[NewCandidate]:
    made = [segment_candidate(start, now, joined=joined) for start in starts]
    return [NewCandidate(one, candidate, str(now)) for candidate in made if candidate for one in ids]
