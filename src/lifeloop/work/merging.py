"""Somebody turned out to be a customer we know: both become one, with everything they have, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.store import aliases, customers, enrollments, journeys
from lifeloop.store import merging as rows
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer, CustomerRow
from lifeloop.work.routing import route_changes
from lifeloop.work.segmenting import refresh_segments
from lifeloop.work.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of it. ``taken``: the former id belongs to somebody else by now, and nothing was changed."""

    taken: bool = False
    journeys: frozenset[str] = frozenset()
    """Journeys that now have something to do."""


def merge(space: Workspace, tx: Tx, former: str, key: str, now: Instant) -> Merged:
    """Make one customer of two: what is under ``former`` goes under ``key``, and comes under ``key`` from now on.

    The same again changes nothing. A former id that belongs to a third customer stays with them: whoever uses a
    device after somebody else is not that somebody.
    """
    journeys.hold(tx)
    called = aliases.now_called(tx, [former, key])
    winner = called.get(key, key)
    if former in called or former == winner:
        return Merged(taken=called.get(former, winner) != winner)
    known = _both(tx, former, winner, now)
    changes = rows.merge(tx, known[former], known[winner], now)
    woken = route_changes(space, tx, changes, now)
    refresh_segments(space, tx, now, [known[winner].id])
    return Merged(journeys=woken | _on_the_way(tx, known[winner]))


def _both(tx: Tx, former: str, winner: str, now: Instant) -> dict[str, Customer]:
    """Return both under their locks; who is not known yet is, from now on."""
    customers.upsert(tx, [CustomerRow(former), CustomerRow(winner)], now)
    return customers.find_keys(tx, [former, winner])


def _on_the_way(tx: Tx, winner: Customer) -> frozenset[str]:
    return frozenset(run.journey for run in enrollments.of_customer(tx, winner.id) if run.state.due_at is not None)
