"""Messages for which we come too late when people move: counted like those at the gate, and kept once they are many.

An outage lets go of most of its lateness there: people who waited through it come to their messages only after it. What
is kept leaves nothing behind: it stands in the outbox of a halted journey, and the gate judges it once it is released.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine import breaker
from lifeloop.engine.breaker import Key, Trip
from lifeloop.engine.values import Move, SendMessage, Visited
from lifeloop.store import halts
from lifeloop.store.transaction import Tx
from lifeloop.work.workspace import Workspace

LATE = "late"
"""What a message is counted as that is dropped because it has become too late, and how the reason for it begins."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of late messages: those of ``spared`` journeys are kept. ``trips``: journeys to be halted for it."""

    spared: frozenset[str] = frozenset()
    trips: tuple[Trip, ...] = ()


def figures_of(moves: Iterable[tuple[str, Move]]) -> Counter[Key]:
    """Return how many messages of each journey were decided, and how many dropped because they had become too late."""
    found: Counter[Key] = Counter()
    for journey, move in moves:
        for one in move.effects:
            if isinstance(one, SendMessage):
                found["journey", journey, "decided"] += 1
            elif isinstance(one, Visited) and one.what == "dropped" and one.data.get("rule") == LATE:
                found["journey", journey, LATE] += 1
    return found


def judge(space: Workspace, tx: Tx, figures: Mapping[Key, int], now: Instant) -> Verdict:
    """Look at how many messages a batch would drop. Nothing is asked where there are none."""
    late = {name for _, name, what in figures if what == LATE}
    if not late or not space.live:
        return Verdict()
    rows = [row for row in halts.read(tx, now) if row.scope == "journey"]
    halted = {row.name for row in rows if row.stands}
    trips = _trips(space, tx, figures, late - {row.name for row in rows}, now)
    return Verdict(frozenset(late & (halted | {trip.name for trip in trips})), trips)


def _trips(space: Workspace, tx: Tx, more: Mapping[Key, int], names: set[str], now: Instant) -> tuple[Trip, ...]:
    """Return the journeys that were late too often. One batch of a journey at a time looks, so that none is missed."""
    if not names:
        return ()
    halts.in_turn(tx, names)
    counts = {key: list(found) for key, found in halts.counts(tx, [("journey", name) for name in names], now).items()}
    for key, number in more.items():
        counts.setdefault(key, []).append((breaker.stretch_of(now), number))
    rule, breakers = breaker.STALE_DECIDED, space.catalogue.breakers
    found = [breaker.trips(rule, counts, name, breakers, now) for name in sorted(names)]
    return tuple(trip for trip in found if trip is not None)
