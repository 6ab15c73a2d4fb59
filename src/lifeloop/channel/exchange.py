"""One HTTP exchange: one try under one overall deadline, and how far it got.

Two things decide whether a second try is safe, and both are watched rather than guessed from an exception's name:
whether the first byte of the request was written, and whether the head of an answer was read. That is why this
stands on connections of our own: the usual clients repeat some requests by themselves, report a connection that is
cut *after* the body went out as one that was never made, and take ten times as long.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from functools import cached_property, lru_cache

import httpx

from lifeloop import __version__
from lifeloop.channel import answer
from lifeloop.channel.connection import Connection, Progress, in_bytes
from lifeloop.channel.guard import Guard, IpAddress, Resolve, resolve_by_system, well_formed
from lifeloop.channel.pool import Origin, Pool
from lifeloop.engine.retry import Outcome

DEADLINE, CONNECTING, ANSWERING = 20.0, 5.0, 15.0
"""Seconds: for the whole; until a connection to one address stands; from the first byte to the head of the answer."""
USUAL_HEADERS = {
    "User-Agent": f"lifeloop/{__version__}",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


@dataclass(slots=True)
class Exchange(Progress):
    """How one exchange ended. ``problem``: what cut it short."""

    problem: Exception | None = None

    @property
    def outcome(self) -> Outcome:
        """The class of it: by the status if there is one, else by how far the request got."""
        if self.status is not None:
            return answer.outcome_of(self.status, has_retry_after="retry-after" in self.headers)
        return Outcome.UNCERTAIN if self.written else Outcome.NOT_ACCEPTED

    @property
    def timed_out(self) -> bool:
        """Whether nobody answered within the time limit."""
        return self.status is None and isinstance(self.problem, TimeoutError)

    def in_words(self, who: str) -> str:
        """Say what happened; ``who``: the name of the other side in the project."""
        if self.status is not None:
            return f"{who} answered {self.status}" + (", but the answer broke off" if self.problem else "")
        if not self.written:
            return f"{who} could not be reached"
        return f"{who} {'took too long' if self.timed_out else 'broke off'}, unanswered"


class Wire:
    """Makes exchanges. Connections are kept per name and host, so that no two hosts ever share a TLS session."""

    def __init__(
        self,
        *,
        guard: Guard | None = None,
        resolve: Resolve = resolve_by_system,
        deadline: float = DEADLINE,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._guard = guard or Guard()
        self._resolve = resolve
        self._deadline = deadline
        self._verify = verify
        self._pool = Pool()

    async def exchange(self, pool: str, request: httpx.Request) -> Exchange:
        """Make the request once.

        Raises:
            Forbidden: the request would go where requests may not go; nothing was tried.
        """
        got = Exchange()
        try:
            async with asyncio.timeout(self._deadline):
                await self._make(pool, request, got)
        except (OSError, httpx.HTTPError, httpx.StreamError) as problem:  # a TimeoutError is an OSError
            got.problem = problem
        return got

    async def knock(self, pool: str, address: str) -> None:
        """Connect to where requests to this address go, and hang up.

        Raises:
            Forbidden: no request may go there.
            OSError: nobody answers.
        """
        url = read_address(address)
        well_formed(url)
        (await self._connected(_origin(pool, url), url)).close()

    async def close(self) -> None:
        """Close the kept connections."""
        self._pool.close()
        await asyncio.sleep(0)  # the event loop closes their sockets in its next turn

    async def _make(self, pool: str, request: httpx.Request, got: Exchange) -> None:
        """Send over a kept connection, or over one to an address that is judged now, and is exactly the one taken."""
        well_formed(request.url)
        wanted = in_bytes(request)
        origin = _origin(pool, request.url)
        connection = self._pool.take(origin) or await self._connected(origin, request.url)
        try:
            await connection.exchange(wanted, got, patience=ANSWERING, bodiless=request.method == "HEAD")
        finally:
            self._pool.give_back(origin, connection)

    async def _connected(self, origin: Origin, url: httpx.URL) -> Connection:
        """Try the checked addresses in turn: nothing has been written to any of them."""
        *others, last = (await self._guard.check(url, self._resolve)).addresses
        for address in others:
            try:
                return await self._connected_to(address, origin)
            except OSError:
                continue
        return await self._connected_to(last, origin)

    async def _connected_to(self, address: IpAddress, origin: Origin) -> Connection:
        """Connect to one address; name and certificate stay those of the host."""
        tls, name = (self._tls, origin.host) if origin.scheme == "https" else (None, None)
        loop, port = asyncio.get_running_loop(), origin.port
        async with asyncio.timeout(CONNECTING):
            _, found = await loop.create_connection(Connection, str(address), port, ssl=tls, server_hostname=name)
        return found

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        if self._verify is not None:
            return self._verify
        context = httpx.create_ssl_context(trust_env=False)
        context.set_alpn_protocols(["http/1.1"])
        return context


@lru_cache(maxsize=256)
def read_address(url: str) -> httpx.URL:
    """Read an address once: to one system it is always the same, and reading it takes as long as sending.

    Raises:
        httpx.InvalidURL: it is none.
    """
    return httpx.URL(url)


def _origin(pool: str, url: httpx.URL) -> Origin:
    return Origin(pool, url.scheme, url.host.rstrip("."), url.port or (443 if url.scheme == "https" else 80))
