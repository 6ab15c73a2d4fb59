"""The door for events beside something else that runs in the same process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lifeloop.work.workspace import Workspace

INGEST_PORT = 8040


@contextmanager
def taking_in(space: Workspace, port: int, look: Callable[[], None] = lambda: None) -> Iterator[str]:
    """Take in events while the block works; yields the address. ``look`` hears that there is something to do."""
    from lifeloop.web.beside import served_beside
    from lifeloop.web.ingest import Ingest

    app = Ingest(space, wake=lambda _journeys: look())
    try:
        with served_beside(app, port=port) as address:
            yield address
    finally:
        app.close()
