"""Links and pictures of mails: answered at once and the same for everybody, noted afterwards."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64decode

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response

from lifeloop.store import hits
from lifeloop.store.hits import What
from lifeloop.web.recipient_pages import Door, apart
from lifeloop.work.hits import SETTLE, coming, note, settle_hits
from lifeloop.work.tracking import safe_target
from lifeloop.work.trouble import kind_and_place

PICTURE = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
QUIET = {
    "Cache-Control": "no-store, no-cache, must-revalidate, private",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
SHOWN = {**QUIET, "Pragma": "no-cache", "Cross-Origin-Resource-Policy": "cross-origin"}

log = logging.getLogger(__name__)


class Clicks:
    """``/c/…`` and ``/o/…``. A link leads only where the database says; nothing in the address can change that."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._settling: asyncio.Task[None] | None = None

    async def follow(self, request: Request) -> Response:
        """Lead on. A link that is not ours leads to the company's own page, whoever asks."""
        said = self._door.links.clicked(request.path_params["token"])
        target = await apart(self._target, said[1]) if said else None
        if said is None or target is None:
            return self._elsewhere(request)
        answer = Response(status_code=302, headers={**QUIET, "Location": target})
        if request.method != "HEAD":
            answer.background = BackgroundTask(self._note, "clicked", said[0], said[1], request)
        return answer

    async def opened(self, request: Request) -> Response:
        """Show a picture of one pixel; the same one for an address that nobody was sent."""
        message = self._door.links.message(request.path_params["token"].removesuffix(".gif"))
        answer = Response(PICTURE, media_type="image/gif", headers=SHOWN)
        if message is None:
            self._door.missed(request)
        elif request.method != "HEAD":
            answer.background = BackgroundTask(self._note, "opened", message, None, request)
        return answer

    def _target(self, key: str) -> str | None:
        with self._door.space.store.reading() as tx:
            found = hits.target(tx, key)
        return safe_target(found) if found else None

    def _elsewhere(self, request: Request) -> Response:
        self._door.patient(request)
        problem = self._door.missed(request)
        home = safe_target(self._door.space.catalogue.company.get("website", ""))
        if home is None:
            raise problem
        return Response(status_code=302, headers={**QUIET, "Location": home})

    async def _note(self, what: What, message: str | None, link: str | None, request: Request) -> None:
        """Note it once the answer is out: a database that is away keeps nobody from reading."""
        try:
            noted = await apart(note, self._door.space, what, message, link, coming(request.headers))
        except Exception as problem:  # noqa: BLE001  # a hit that is lost is no reason for anything
            log.warning("a hit was not noted: %s", kind_and_place(problem))
            return
        if noted and (self._settling is None or self._settling.done()):
            self._settling = asyncio.get_running_loop().create_task(self._settle())

    async def _settle(self) -> None:
        """Judge hits when they are old enough; waves do so too, whoever comes first."""
        await asyncio.sleep(SETTLE + 1)
        try:
            await apart(settle_hits, self._door.space, self._door.space.clock.now())
        except Exception as problem:  # noqa: BLE001  # the next wave does it
            log.warning("hits were not judged: %s", kind_and_place(problem))
