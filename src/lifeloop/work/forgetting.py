"""History goes after as many days as the project says, in small batches, so that nobody waits for it.

On PostgreSQL whole months go first, at once.
"""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store import month_ends, reports, retention
from lifeloop.store.opening import StoreBusy
from lifeloop.work.knowing import at_most, longest_look
from lifeloop.work.watching import watched_topics
from lifeloop.work.workspace import Workspace

BATCH, MOST = 1000, 20
"""Rows in one commit, and commits of one kind in one go; the rest goes next time."""
DAY = 86_400
_BY_KIND = {
    "texts": retention.forget_texts,
    "events": retention.forget_events,
    "attempts": retention.forget_attempts,
    "visits": retention.forget_visits,
    "messages": retention.forget_messages,
}
_BY_MONTH = {"texts": "rendered", "attempts": "attempt", "visits": "visit", "messages": "message"}


def forget(space: Workspace, now: Instant, *, batch: int = BATCH, most: int = MOST) -> dict[str, int]:
    """Delete what is older than the project keeps it; returns how many rows of each kind went."""
    return {
        f"old_{kind}": _forget_months(space, kind, before) + _forget(space, kind, before, batch, most)
        for kind in _BY_KIND
        if (before := _before(space, kind, now)) is not None
    }


def _before(space: Workspace, kind: str, now: Instant) -> Instant | None:
    """Return before when things of a kind may go; None: they stay."""
    days: int | None = getattr(space.catalogue.retention, kind)
    if days is None:
        return None
    return now - (max(days * DAY, _asked_about(space)) if kind == "messages" else days * DAY)


def _asked_about(space: Workspace) -> int:
    """Return the seconds for which something may ask about a message that is over.

    Whoever decides about another one, a provider who reports late, and a way that would know it again.
    """
    with space.store.reading() as tx:
        space.plans.routes(tx)  # from here on every plan in use is known
    look = longest_look(list(space.plans.known.values()), space.catalogue)
    watched = (at_most(limit.per) for limit in watched_topics(space).values())
    return max(look, reports.KEPT, space.ways.longest_window, *watched)


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
