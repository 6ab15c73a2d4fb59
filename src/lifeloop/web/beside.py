"""The pages beside something else in the same process: in a thread of their own, until that is over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from lifeloop.web.server import PORT, address_of, listen, quietly
from lifeloop.work.settling import passed_over

ENDS_WITHIN = 5


@contextmanager
def served_beside(app: ASGIApp, *, port: int = PORT) -> Iterator[str]:
    """Serve while the block works; yields the address."""
    taken = listen(port)
    server = quietly(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]}, daemon=True)
    thread.start()
    try:
        with passed_over():
            yield address_of(taken)
    finally:
        server.should_exit = True
        thread.join(ENDS_WITHIN)
        taken.close()
