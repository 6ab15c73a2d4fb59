"""One HTTP exchange: one try under one overall deadline, and how far it got.

Two things decide whether a second try is safe, and both are watched rather than guessed from an exception's name:
whether the first byte of the request was written, and whether the head of an answer was read. That is why this
stands on httpx's own transport: the one on aiohttp reports a connection that is cut *after* the body went out as
a connect timeout, and repeats some requests by itself. Using the transport without a client also leaves nothing
to switch off: no redirects, no cookies, no proxy from the environment, no addresses in the log.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from lifeloop import __version__
from lifeloop.channel import answer
from lifeloop.channel.guard import Checked, Guard, IpAddress, Resolve, resolve_by_system
from lifeloop.engine.retry import Outcome

MOST_BYTES = 64 * 1024
DEADLINE = 20.0
TIMEOUTS = {"connect": 5.0, "read": 15.0, "write": 10.0, "pool": 10.0}
USUAL_HEADERS = {
    "User-Agent": f"lifeloop/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


@dataclass(slots=True)
class Exchange:
    """How far one exchange got, and what came back. A ``body`` of None broke off or was too long to be kept."""

    written: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    problem: Exception | None = None

    @property
    def outcome(self) -> Outcome:
        """The class of it: by the status if there is one, else by how far the request got."""
        if self.status is not None:
            return answer.outcome_of(self.status, has_retry_after="retry-after" in self.headers)
        return Outcome.UNCERTAIN if self.written else Outcome.NOT_ACCEPTED

    def in_words(self, who: str) -> str:
        """Say what happened; ``who``: the name of the other side in the project."""
        if self.status is not None:
            return f"{who} answered {self.status}" + (", but the answer broke off" if self.problem else "")
        if not self.written:
            return f"{who} could not be reached"
        late = isinstance(self.problem, TimeoutError | httpx.TimeoutException)
        return f"{who} {'took too long' if late else 'broke off'}, unanswered"

    async def watch(self, name: str, _info: Mapping[str, Any]) -> None:
        """Be told by the transport what it is about to do."""
        if name.endswith("send_request_headers.started"):
            self.written = True


class Wire:
    """Makes exchanges. One pool per name, so that no two hosts ever share a TLS session."""

    def __init__(
        self,
        *,
        guard: Guard | None = None,
        resolve: Resolve = resolve_by_system,
        deadline: float = DEADLINE,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._guard = guard or Guard()
        self._resolve = resolve
        self._deadline = deadline
        self._open: Callable[[], httpx.AsyncHTTPTransport] = lambda: httpx.AsyncHTTPTransport(
            verify=verify, trust_env=False, retries=0
        )
        self._transports: dict[str, httpx.AsyncHTTPTransport] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    async def exchange(self, pool: str, request: httpx.Request) -> Exchange:
        """Make the request once.

        Raises:
            Forbidden: the request would go where requests may not go; nothing was tried.
        """
        got = Exchange()
        try:
            async with asyncio.timeout(self._deadline):
                checked = await self._guard.check(request.url, self._resolve)
                await self._try_each(pool, request, checked, got)
        except (TimeoutError, OSError, httpx.HTTPError, httpx.StreamError) as problem:
            got.problem = problem
        return got

    async def close(self) -> None:
        """Close the kept connections."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    def _transport(self, pool: str) -> httpx.AsyncHTTPTransport:
        """Return the kept connections of a pool. Those of an event loop that has ended cannot be used any more."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            self._transports = {}
        if pool not in self._transports:
            self._transports[pool] = self._open()
        return self._transports[pool]

    async def _try_each(self, pool: str, request: httpx.Request, checked: Checked, got: Exchange) -> None:
        """Try the checked addresses in turn, for as long as nothing has been written to any of them."""
        transport = self._transport(pool)
        for address in checked.addresses:
            try:
                response = await transport.handle_async_request(_addressed(request, address, got))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if got.written or address == checked.addresses[-1]:
                    raise
                continue
            await _read(response, got)
            return


def _addressed(request: httpx.Request, address: IpAddress, got: Exchange) -> httpx.Request:
    """Point the request at exactly the checked address; name and certificate stay those of the host."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,  # holds Host already, from the URL with the name
        content=request.content,
        extensions={"timeout": TIMEOUTS, "sni_hostname": request.url.host.rstrip("."), "trace": got.watch},
    )


async def _read(response: httpx.Response, got: Exchange) -> None:
    """Take the head, then at most 64 KiB; a body that breaks off or never ends changes nothing any more."""
    got.status = response.status_code
    got.headers = response.headers
    found = bytearray()
    try:
        async for chunk in response.aiter_raw():
            found += chunk
            if len(found) > MOST_BYTES:
                return
        got.body = bytes(found)
    finally:
        await response.aclose()
