"""Writing what a batch decided, and passing it on: a changed date re-times, an emitted event wakes and starts."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from lifeloop.clock import Instant
from lifeloop.store import assigning, candidates, events, journeys, messages, visits
from lifeloop.store.transaction import Tx
from lifeloop.store.values import NewCandidate
from lifeloop.work.effects import Rows
from lifeloop.work.routing import route_changes, route_events
from lifeloop.work.segmenting import refresh_segments
from lifeloop.work.workspace import Workspace

log = logging.getLogger(__name__)


def write(space: Workspace, tx: Tx, rows: Rows, now: Instant, *, ended_early: Sequence[int] = ()) -> None:
    """Write the collected rows of one batch; the number of statements does not grow with the batch."""
    if ended_early:
        messages.cancel_runs(tx, ended_early, "the journey was stopped")
    if rows.lines:
        visits.add(tx, rows.lines)
    if rows.messages:
        messages.add(tx, rows.messages, now)
    if rows.candidates:
        candidates.add(tx, _published(tx, rows.candidates))
    if rows.assigns:
        route_changes(space, tx, assigning.set_data(tx, rows.assigns, now), now)
    if rows.events:
        route_events(space, tx, events.add(tx, rows.events, now).new, now)
    concerned = {one.customer_id for one in rows.assigns} | {one.customer_id for one in rows.events}
    if concerned:
        refresh_segments(space, tx, now, sorted(concerned))


def _published(tx: Tx, rows: Sequence[NewCandidate]) -> list[NewCandidate]:
    """Leave out who would enter a journey that was never published: the others are not held up by it."""
    known = {row.name for row in journeys.rows(tx)}
    unknown = {row.candidate.journey for row in rows} - known
    if unknown:
        log.error("nobody can enter %s: never published", ", ".join(sorted(unknown)))
    return [row for row in rows if row.candidate.journey in known]
