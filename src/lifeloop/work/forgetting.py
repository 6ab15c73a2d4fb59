"""History goes after as many days as the project says, in small batches, so that nobody waits for it.

On PostgreSQL whole months go first, at once.
"""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store import month_ends, retention
from lifeloop.store.opening import StoreBusy
from lifeloop.work.workspace import Workspace

BATCH, MOST = 1000, 20
"""Rows in one commit, and commits of one kind in one go; the rest goes next time."""
DAY = 86_400
_BY_KIND = {
    "texts": retention.forget_texts,
    "events": retention.forget_events,
    "attempts": retention.forget_attempts,
    "visits": retention.forget_visits,
}
_BY_MONTH = {"texts": "rendered", "attempts": "attempt", "visits": "visit"}


def forget(space: Workspace, now: Instant, *, batch: int = BATCH, most: int = MOST) -> dict[str, int]:
    """Delete what is older than the project keeps it; returns how many rows of each kind went."""
    return {
        f"old_{kind}": _forget_months(space, kind, now - days * DAY)
        + _forget(space, kind, now - days * DAY, batch, most)
        for kind in _BY_KIND
        if (days := getattr(space.catalogue.retention, kind)) is not None
    }


def _forget_months(space: Workspace, kind: str, before: Instant) -> int:
    if kind not in _BY_MONTH:
        return 0
    with space.store.reading() as tx:
        names = month_ends.over(tx, _BY_MONTH[kind], before)
    return sum(_forget_month(space, name, before) for name in names)


def _forget_month(space: Workspace, name: str, before: Instant) -> int:
    try:
        with space.store.transaction() as tx:
            return month_ends.let_go(tx, name, before) or 0
    except StoreBusy:  # somebody reads for long: another time
        return 0


def _forget(space: Workspace, kind: str, before: Instant, batch: int, most: int) -> int:
    gone = 0
    for _ in range(most):
        with space.store.transaction() as tx:
            number = _BY_KIND[kind](tx, before, batch)
        gone += number
        if number < batch:
            break
    return gone
