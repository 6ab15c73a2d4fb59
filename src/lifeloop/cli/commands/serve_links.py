"""``lifeloop serve-links``: the pages that customers may reach, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from lifeloop.cli.database import open_rooms
from lifeloop.cli.errors import Exit, Refused, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.reach import check_reach

if TYPE_CHECKING:
    from lifeloop.work.workspace import Workspace

PORT = 8030
HOST = "127.0.0.1"


def serve_links(
    *,
    port: int = PORT,
    host: str = HOST,
    behind_proxy: Annotated[bool, Parameter(negative=())] = False,
    here: Here,
) -> int:
    """Serve your customers' own pages: unsubscribe, preferences, confirmation, clicks.

    The address in lifeloop.yaml (web: address) must lead here, through a web server of yours that speaks https. Only
    these pages can be reached; the inbox page is another program on another port.

    Parameters
    ----------
    port
        Where the pages are.
    host
        Which address of this machine to listen at; another than 127.0.0.1 only behind your own web server.
    behind_proxy
        Your web server stands in front, and what it says of where a visit comes from is true (X-Forwarded-For).
    """
    check_reach(host, behind_proxy=behind_proxy)
    space = open_rooms(here)
    try:
        _serve(space, port, host, behind_proxy=behind_proxy, here=here)
    finally:
        space.close()
    return Exit.FINE


def _serve(space: Workspace, port: int, host: str, *, behind_proxy: bool, here: Here) -> None:
    from lifeloop.cli.waking import Waker
    from lifeloop.web.recipient import NoPages, create_public_app
    from lifeloop.web.server import serve

    waker = Waker(space, here.out)
    space.store.stir = waker.wake
    try:
        app = create_public_app(space, behind_proxy=behind_proxy, wake=waker.wake)
    except NoPages as problem:
        hint = "add to lifeloop.yaml:  web: {address: https://mail.example.com, secret: env.LIFELOOP_LINK_SECRET}"
        raise WrongUsage("this project says nowhere where its pages are", hint=hint) from problem
    if space.links is not None and space.links.problem:
        raise Refused(space.links.problem, hint="docs/unsubscribing.md says how to make one")

    def told(address: str) -> None:
        here.out.print(f"Pages for {space.catalogue.web.address} at {address}", wrap=False)
        here.out.note("Ctrl-C stops.")

    with waker:
        serve(app, port=port, host=host, open_browser=False, announce=told)
