"""The inbox page as a web application: four addresses to read, none that changes anything."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from lifeloop.store.opening import Store
from lifeloop.web import landing, page
from lifeloop.web.mailbox import Mailbox, StoredMailbox
from lifeloop.web.query import Query
from lifeloop.web.shield import HOSTS, Shield, frame_policy
from lifeloop.web.year import Shop

ASSETS = Path(__file__).parent / "assets"


def create_app(
    mailbox: Mailbox | Store,
    *,
    company: str,
    timezone: str = "UTC",
    simulated: bool = False,
    first: date | None = None,
    last: date | None = None,
    hosts: frozenset[str] = HOSTS,
) -> Starlette:
    """Make the application. ``simulated``: these are messages that would have been sent. Days default to the mails'."""
    kept = StoredMailbox(mailbox) if isinstance(mailbox, Store) else mailbox
    pages = Pages(kept, Shop(company, ZoneInfo(timezone), simulated, first, last))
    return Starlette(
        routes=[
            Route("/", pages.landing),
            Route("/inbox", pages.inbox),
            Route("/mail/{id}/frame", pages.frame),
            Mount("/assets", StaticFiles(directory=ASSETS)),
        ],
        middleware=[Middleware(Shield, hosts=hosts)],
        exception_handlers={HTTPException: _said, Exception: _failed},
    )


class Pages:
    """The handlers. They are plain functions, so each runs in a thread and may wait for the store."""

    def __init__(self, mailbox: Mailbox, shop: Shop) -> None:
        self._mailbox = mailbox
        self._shop = shop
        self._templates = page.environment(shop.zone)

    def landing(self, _request: Request) -> Response:
        """Show what this is, and where to begin."""
        return self._html("landing.html", landing.landing(self._mailbox, self._shop))

    def inbox(self, request: Request) -> Response:
        """Show the page that the address describes; a slider sent as a form becomes the address of its day."""
        query = Query.read(request.query_params)
        if "n" in request.query_params:
            return RedirectResponse(page.slid(self._mailbox, self._shop, query, request.query_params), 303)
        if request.query_params.get("part") == "list":
            return self._html("list.html", page.listed(self._mailbox, self._shop, query))
        playing = request.query_params.get("play") == "on"
        return self._html("inbox.html", page.inbox(self._mailbox, self._shop, query, playing=playing))

    def frame(self, request: Request) -> Response:
        """Show one mail's own HTML, under a policy that lets it do nothing but look."""
        found = self._mailbox.find(request.path_params["id"])
        if found is None:
            raise HTTPException(404)
        images = request.query_params.get("images") == "on"
        return HTMLResponse(found[1].html, headers={"Content-Security-Policy": frame_policy(images=images)})

    def _html(self, template: str, values: dict[str, object]) -> Response:
        return HTMLResponse(
            self._templates.get_template(template).render(values), headers={"Cache-Control": "no-store"}
        )


def _said(_request: Request, problem: Exception) -> Response:
    status = problem.status_code if isinstance(problem, HTTPException) else 500
    return PlainTextResponse("There is nothing at this address.\n" if status == 404 else "Not possible.\n", status)  # noqa: PLR2004  # 404 is the word for it


def _failed(_request: Request, _problem: Exception) -> Response:
    return PlainTextResponse("Something went wrong here; the terminal says what.\n", 500)
