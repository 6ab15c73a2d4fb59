"""What all of recipients' pages share: who comes, in which language, what is refused, and how an answer looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response

from lifeloop.clock import Instant
from lifeloop.store.values import Customer
from lifeloop.web.recipient_words import Speech, speech
from lifeloop.work.leaving import Visitor
from lifeloop.work.links import Links, Person, Purpose
from lifeloop.work.workspace import Workspace

T = TypeVar("T")
Wake = Callable[[Iterable[str]], None]
"""Hears of journeys that have something to do since the commit; returns at once."""
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
PRIVATE = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store, private",
    "X-Robots-Tag": "noindex, nofollow",
    "Referrer-Policy": "no-referrer",
}
SECURE = {"Strict-Transport-Security": "max-age=31536000"}
MOST_FORM = 16_384
MOST_MISSES, A_WHILE = 100, 60
"""So many wrong links from one place in so many seconds; then nothing but unsubscribing is answered there."""
FORM = "application/x-www-form-urlencoded"


class Pages:
    """The templates, filled."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._templates = Environment(
            loader=PackageLoader("lifeloop.web", "pages"), autoescape=True, undefined=StrictUndefined
        )

    def show(self, template: str, say: Speech, *, status: int = 200, **values: Any) -> Response:
        """Return one page."""
        company, links = self._space.catalogue.company, self._space.links
        path = urlsplit(links.address).path if links else ""
        html = self._templates.get_template(f"recipient/{template}.html").render(
            say=say, company=company.get("name", ""), address=company.get("address", ""), base=path, **values
        )
        secure = SECURE if links and links.is_secure else {}
        return HTMLResponse(html, status, headers={**PRIVATE, **secure})

    def say(
        self, title: str, lead: str, say: Speech, *, status: int = 200, good: bool = False, **more: Any
    ) -> Response:
        """Return a page that says something; ``title`` and ``lead`` by the name of their words."""
        values = {"topic": "", "points": (), "lines": (), "link": "", "link_text": "", **more}
        return self.show("said", say, status=status, title=say[title], lead=say[lead], good=good, **values)


@dataclass(slots=True)
class Misses:
    """How many wrong links came from where lately; forgotten every minute, so it never grows."""

    since: Instant = 0
    counts: dict[str, int] = field(default_factory=dict)

    def note(self, place: str, now: Instant) -> None:
        """Count one more."""
        self._forget(now)
        self.counts[place] = self.counts.get(place, 0) + 1

    def is_too_many(self, place: str, now: Instant) -> bool:
        """Tell whether somebody is trying links."""
        self._forget(now)
        return self.counts.get(place, 0) >= MOST_MISSES

    def _forget(self, now: Instant) -> None:
        if now - self.since >= A_WHILE:
            self.since = now
            self.counts.clear()


class Door:
    """Lets in who holds a link, and says the same to everybody else."""

    def __init__(self, space: Workspace, links: Links, pages: Pages, wake: Wake, *, behind_proxy: bool) -> None:
        self.space = space
        self.links = links
        self.pages = pages
        self.wake = wake
        self.misses = Misses()
        self._behind_proxy = behind_proxy

    def person(self, request: Request, purpose: Purpose) -> Person:
        """Return what the link says; without one of ours there is nothing here."""
        found = self.links.person(purpose, request.path_params["token"])
        if found is None:
            raise self.missed(request)
        return found

    def missed(self, request: Request) -> HTTPException:
        """Note a wrong link, and say that there is nothing."""
        self.misses.note(self.place(request), self.space.clock.now())
        return HTTPException(404)

    def patient(self, request: Request) -> None:
        """Refuse who tries links."""
        if self.misses.is_too_many(self.place(request), self.space.clock.now()):
            raise HTTPException(429)

    def visitor(self, request: Request) -> Visitor:
        """Return who comes, as far as it is kept: a fingerprint of where from, and their program."""
        return Visitor(self.links.fingerprint(self.place(request)), request.headers.get("user-agent", ""))

    def place(self, request: Request) -> str:
        """Return the neighbourhood of an address: what is left of it once the person is taken out."""
        told = request.headers.get("x-forwarded-for", "") if self._behind_proxy else ""
        host = told.rpartition(",")[2].strip() or (request.client.host if request.client else "")
        try:
            version = ip_address(host).version
        except ValueError:
            return ""
        return str(ip_network(f"{host}/{24 if version == 4 else 48}", strict=False).network_address)  # noqa: PLR2004

    def speech(self, request: Request, customer: Customer | None = None) -> Speech:
        """Return the language of this page: the customer's, their browser's, or the project's."""
        own = customer.data.get("locale") if customer else None
        browser = request.headers.get("accept-language", "").partition(",")[0].partition(";")[0]
        wanted = (own, self.space.catalogue.language) if customer else (browser, self.space.catalogue.language)
        return speech(*(text for text in wanted if isinstance(text, str)))

    def title(self, topic: str | None, say: Speech) -> str:
        """Return how a topic is called in that language; empty where nobody named it."""
        known = self.space.catalogue.topics.get(topic or "")
        titles = known.titles if known else {}
        return titles.get(say.language) or titles.get(self.space.catalogue.language) or ""

    def day(self, at: Instant, choices_zone: Any, say: Speech) -> str:
        """Return a day as the customer's calendar shows it."""
        return say.day(datetime.fromtimestamp(at, choices_zone))

    def said(self, request: Request, problem: Exception) -> Response:
        """Answer what cannot be done, without a hint."""
        status = problem.status_code if isinstance(problem, HTTPException) else 500
        return self.pages.say("gone_title", "gone_lead", self.speech(request), status=status)

    def failed(self, request: Request, _problem: Exception) -> Response:
        """Answer when something is wrong with us; whoever posted may post again."""
        answer = self.pages.say("busy_title", "busy_lead", self.speech(request), status=503)
        answer.headers["Retry-After"] = "60"
        return answer


async def form_of(request: Request) -> dict[str, list[str]]:
    """Return what a form said; empty when it is too long, cut short, or no form of ours."""
    body = b""
    try:
        async for part in request.stream():
            body += part
            if len(body) > MOST_FORM:
                return {}
    except ClientDisconnect:
        return {}
    if not request.headers.get("content-type", "").lower().startswith(FORM):
        return {}
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(body.decode("utf-8", "replace"), max_num_fields=200):
        found.setdefault(name, []).append(value)
    return found


async def apart(work: Callable[..., T], *given: Any) -> T:
    """Do what waits for the database beside the loop, so that others are answered meanwhile."""
    return await run_in_threadpool(work, *given)
