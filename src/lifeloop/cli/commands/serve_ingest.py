"""``lifeloop serve-ingest``: the door for events, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lifeloop.cli.database import open_rooms
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.reach import check_reach
from lifeloop.cli.taking_in import INGEST_PORT

if TYPE_CHECKING:
    from lifeloop.work.workspace import Workspace

HOST = "127.0.0.1"


def serve_ingest(
    *,
    port: int = INGEST_PORT,
    host: str = HOST,
    behind_proxy: Annotated[bool, Parameter(negative=())] = False,
    here: Here,
) -> int:
    """Take in events and customers over HTTP, from your shop, app or CDP.

    Speaks the calls of Segment and CloudEvents. Whoever sends needs a key: lifeloop keys add. What is taken is
    answered after it is written. The address itself shows what can be sent. Any number may run beside each other.

    Parameters
    ----------
    port
        Where it listens, or the next free port after it.
    host
        Which address of this machine to listen at; another than 127.0.0.1 only behind your own web server.
    behind_proxy
        Your web server stands in front, and speaks https.
    """
    check_reach(host, behind_proxy=behind_proxy)
    space = open_rooms(here)
    try:
        _serve(space, port, host, here)
    finally:
        space.close()
    return Exit.FINE


def _serve(space: Workspace, port: int, host: str, here: Here) -> None:
    from lifeloop.cli.waking import Waker
    from lifeloop.web.ingest import Ingest
    from lifeloop.web.server import serve

    def told(address: str) -> None:
        here.out.print(f"Events are taken in at {address}", wrap=False)
        here.out.note("Ctrl-C stops.")

    with Waker(space, here.out) as waker:
        app = Ingest(space, wake=waker.wake)
        try:
            serve(app, port=port, host=host, open_browser=False, announce=told)
        finally:
            app.close()
