"""What the world may reach: recipients' own pages, questions to colleagues, links of mails, reports of providers.

Nothing else is there.

Whoever holds a link may use it: there is no login, no cookie and no session, so there is nothing another site could
misuse. Looking at a page never changes anything; only its button does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from lifeloop.web.asks import Asks
from lifeloop.web.asks_api import AsksApi
from lifeloop.web.callbacks import Callbacks
from lifeloop.web.keys import Keys
from lifeloop.web.recipient_clicks import Clicks
from lifeloop.web.recipient_confirm import Confirming
from lifeloop.web.recipient_leave import Leaving
from lifeloop.web.recipient_pages import Door, Pages, Wake
from lifeloop.web.recipient_preferences import Preferring
from lifeloop.web.shield import HOSTS, Shield
from lifeloop.work.workspace import Workspace

REPORTS = ("/cb/{way}", "/cb/{way}/{word}")
"""Where providers report what became of messages."""
STYLE = Path(__file__).parent / "assets" / "recipient.css"


class NoPages(Exception):  # noqa: N818  # it is what there is: no pages
    """The project says nowhere that it has pages for its customers."""


def create_public_app(
    space: Workspace,
    *,
    behind_proxy: bool = False,
    environ: Mapping[str, str] = os.environ,
    wake: Wake = lambda _journeys: None,
) -> Starlette:
    """Make the application that customers and providers may reach.

    ``behind_proxy``: believe it where a request came from. ``environ``: where the secrets of callbacks are. ``wake``
    hears of journeys whose question was answered.

    Raises:
        NoPages: the project has no ``web`` with an address.
    """
    if space.links is None:
        raise NoPages
    door = Door(space, space.links, Pages(space), wake, behind_proxy=behind_proxy)
    leaving, preferring, confirming, clicks = Leaving(door), Preferring(door), Confirming(door), Clicks(door)
    asks, callbacks = Asks(door), Callbacks(door, environ)
    return Starlette(
        routes=[
            Route("/u/{token}", leaving.page, methods=["GET"]),
            Route("/u/{token}", leaving.leave, methods=["POST"]),
            Route("/p/{token}", preferring.page, methods=["GET"]),
            Route("/p/{token}", preferring.save, methods=["POST"]),
            Route("/k/{token}", confirming.page, methods=["GET"]),
            Route("/k/{token}", confirming.confirm, methods=["POST"]),
            Route("/a/{token}", asks.page, methods=["GET"]),
            Route("/a/{token}", asks.answer, methods=["POST"]),
            Route("/c/{token}", clicks.follow, methods=["GET"]),
            Route("/o/{token}", clicks.opened, methods=["GET"]),
            *AsksApi(space, Keys(space, environ), wake).routes(),
            *(Route(path, callbacks.look, methods=["GET"]) for path in REPORTS),
            *(Route(path, callbacks.take, methods=["POST"]) for path in REPORTS),
            Route("/assets/recipient.css", _style, methods=["GET"]),
            Route("/robots.txt", _robots, methods=["GET"]),
        ],
        middleware=[Middleware(Shield, hosts=HOSTS | {urlsplit(space.links.address).hostname or ""})],
        exception_handlers={HTTPException: door.said, Exception: door.failed},
    )


def _style(_request: Request) -> Response:
    return FileResponse(STYLE, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


def _robots(_request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")
