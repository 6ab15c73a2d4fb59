"""Opening what runs: the project with its database. What does not answer ends the command with a sentence."""

from __future__ import annotations

from lifeloop.cli.errors import Unreachable
from lifeloop.cli.here import Here
from lifeloop.work.workspace import Workspace


def open_rooms(here: Here) -> Workspace:
    """Return the project at work on its database; ``Unreachable`` when that does not answer."""
    from lifeloop.store.opening import StoreUnreachable
    from lifeloop.work.workspace import DATABASE, open_workspace

    try:
        return open_workspace(here.root)
    except StoreUnreachable as problem:
        raise Unreachable(str(problem), hint=f"is it running? Which database is used says {DATABASE}") from problem
