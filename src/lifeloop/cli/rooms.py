"""The project at work for one command: opened, and closed again; who is not found is said as commands say it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lifeloop.cli.database import open_rooms
from lifeloop.cli.errors import WrongUsage
from lifeloop.cli.here import Here
from lifeloop.work.finding import NotFoundError
from lifeloop.work.workspace import Workspace


@contextmanager
def rooms(here: Here) -> Iterator[Workspace]:
    """Open the project on its database for the block.

    Raises:
        WrongUsage: a customer or journey was named that is not there.
        Unreachable: the database does not answer.
    """
    space = open_rooms(here)
    try:
        yield space
    except NotFoundError as problem:
        raise WrongUsage(problem.sentence, hint=problem.hint) from problem
    finally:
        space.close()
