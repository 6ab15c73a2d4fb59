"""``lifeloop up``: everything on one machine."""

from __future__ import annotations

import asyncio
import os
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated, NoReturn

from cyclopts import Parameter

from lifeloop.cli.asking import typed
from lifeloop.cli.database import open_rooms
from lifeloop.cli.errors import Exit, Refused, Unreachable
from lifeloop.cli.here import Here
from lifeloop.cli.stopping import gently
from lifeloop.cli.taking_in import INGEST_PORT, taking_in

if TYPE_CHECKING:
    from lifeloop.flows.resident import Resident
    from lifeloop.work.workspace import Workspace

PORT = 8025
PREFECT_PORT = 4200
LINKS_PORT = 8030
API = "PREFECT_API_URL"
CONSOLE = "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"


def up(
    *,
    port: int = PORT,
    prefect_port: int = PREFECT_PORT,
    no_browser: Annotated[bool, Parameter(negative=())] = False,
    yes: bool = False,
    here: Here,
) -> int:
    """Start everything on this machine: Prefect, the inbox page, a door for events, a runner.

    Makes the journeys live, and runs until you press Ctrl-C. With PREFECT_API_URL set it uses that Prefect server and
    starts none. All pages can only be reached from this machine. Prefect's asks for no password: where others use
    the machine too, set PREFECT_SERVER_API_AUTH_STRING and PREFECT_API_AUTH_STRING to the same name:password.

    Parameters
    ----------
    port
        Where the inbox page is.
    prefect_port
        Where Prefect is, or the next free port after it.
    no_browser
        Do not open the inbox page.
    yes
        Do not ask, also where real customers are reached.
    """
    space = open_rooms(here)
    try:
        _ask(space, here, yes=yes)
        with ExitStack() as stack:
            inbox = stack.enter_context(_inbox(space, port))
            pages = stack.enter_context(_pages(space))
            stack.enter_context(_prefect(space, prefect_port, here))
            told = _live(space, inbox, pages, here, browser=not no_browser)
    except KeyboardInterrupt:
        here.out.note("stopped at once")
        _leave(Exit.INTERRUPTED)
    finally:
        space.close()
    if not told:
        _leave(Exit.FINE)
    return Exit.FINE


def _leave(code: Exit) -> NoReturn:
    """End without waiting: Prefect's threads would hold this process up for a server that does not answer any more."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _ask(space: Workspace, here: Here, *, yes: bool) -> None:
    catalogue = space.catalogue
    if catalogue.environment == "local" or yes:
        return
    if not typed(here.out, catalogue.project, f"This reaches real customers ({catalogue.environment})."):
        raise Refused("nothing is started: it was not confirmed", hint="say --yes, or type the project's name")


@contextmanager
def _inbox(space: Workspace, port: int) -> Iterator[str]:
    from lifeloop.web.app import create_app
    from lifeloop.web.beside import served_beside

    catalogue = space.catalogue
    app = create_app(space.store, company=catalogue.company.get("name", catalogue.project), timezone=catalogue.timezone)
    with served_beside(app, port=port) as address:
        yield address


@contextmanager
def _pages(space: Workspace) -> Iterator[str | None]:
    """Serve customers' own pages too, where the project has any."""
    if space.links is None:
        yield None
        return
    from lifeloop.web.beside import served_beside
    from lifeloop.web.recipient import create_public_app

    with served_beside(create_public_app(space), port=LINKS_PORT) as address:
        yield address


@contextmanager
def _prefect(space: Workspace, port: int, here: Here) -> Iterator[None]:
    # Prefect reads its settings when it is imported, so they are set before that.
    os.environ.setdefault(CONSOLE, "WARNING")
    if os.environ.get(API):
        yield
        return
    from lifeloop.flows.hosting import NotStartedError, hosted

    try:
        with here.out.progress(None, "Prefect's server starts; the first time takes half a minute"):
            stack = ExitStack()
            settings = stack.enter_context(hosted(space.root / ".lifeloop" / "prefect", _free(port), os.environ))
    except NotStartedError as problem:
        raise Unreachable(str(problem), hint="what is wrong with it says:  lifeloop doctor") from problem
    with stack:
        os.environ.update(settings)
        yield


def _free(port: int) -> int:
    from lifeloop.web.server import listen

    with listen(port) as taken:
        return int(taken.getsockname()[1])


def _live(space: Workspace, inbox: str, pages: str | None, here: Here, *, browser: bool) -> bool:
    from lifeloop.flows.deploying import NotOursError
    from lifeloop.flows.draining import tell_the_rest
    from lifeloop.flows.going_live import go_live
    from lifeloop.flows.manifest import POOL
    from lifeloop.flows.resident import Resident
    from lifeloop.flows.server import ServerUnreachable, server_url

    try:
        asyncio.run(go_live(space, POOL))
    except ServerUnreachable as problem:
        raise Unreachable(str(problem)) from problem
    except NotOursError as problem:
        raise Refused(str(problem), hint="rename the journey, or give this project a server of its own") from problem
    for name in sorted(space.project.journeys.keys() - space.project.plans.keys()):
        here.out.note(f"{name} has mistakes; what was live of it goes on:  lifeloop validate", style="yellow")
    here.out.print(f"  Inbox    {inbox}", f"  Prefect  {(server_url() or '').removesuffix('/api')}", wrap=False)
    if pages:
        here.out.print(f"  Links    {pages}", wrap=False)
    if browser:
        webbrowser.open(inbox)
    resident = Resident(space, lambda name, state: here.out.print(f"  {state:<10} {name}", wrap=False))
    space.store.stir = lambda _journeys: resident.look()  # what the pages write is looked at at once, too
    with taking_in(space, INGEST_PORT, resident.look) as events, gently(lambda: _stop(resident, here)):
        here.out.print(f"  Events   {events}", wrap=False)
        here.out.note("Ctrl-C stops everything.")
        asyncio.run(resident.run_forever())
        return tell_the_rest()


def _stop(resident: Resident, here: Here) -> None:
    resident.stopping = True
    here.out.note("stopping; press Ctrl-C again to stop at once")
