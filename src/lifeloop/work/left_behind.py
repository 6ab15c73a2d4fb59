"""Journeys whose people no flow moves: the file is gone, or has mistakes. Who is on the way still goes on."""

from __future__ import annotations

from lifeloop.store import journeys
from lifeloop.work.workspace import Workspace


def left_behind(space: Workspace) -> tuple[str, ...]:
    """Return the published journeys without a valid file. They have no flow of their own, or one that only fails."""
    with space.store.reading() as tx:
        known = [row.name for row in journeys.rows(tx)]
    return tuple(name for name in known if name not in space.project.plans)
