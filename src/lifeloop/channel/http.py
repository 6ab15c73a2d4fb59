"""Calls to outside systems over HTTP: one try, one overall deadline, and always one of the five outcomes.

Two things decide whether a second try is safe, and both are watched rather than guessed from an exception's name:
whether the first byte of the request was written, and whether the head of an answer was read. That is why this
stands on httpx's own transport: the one on aiohttp reports a connection that is cut *after* the body went out as
a connect timeout, and repeats some requests by itself. Using the transport without a client also leaves nothing
to switch off: no redirects, no cookies, no proxy from the environment, no addresses in the log.
"""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from lifeloop import __version__
from lifeloop.channel import answer
from lifeloop.channel.guard import Checked, Forbidden, Guard, IpAddress, Resolve, resolve_by_system
from lifeloop.channel.secret import Secret, Unset, looked_up, secret
from lifeloop.channel.signature import BadSecret, signed
from lifeloop.channel.values import Abilities, Receipt, Request
from lifeloop.clock import Clock
from lifeloop.engine.retry import Outcome
from lifeloop.journey.catalogue import Action, Connection
from lifeloop.journey.plan import Json

MOST_BYTES = 64 * 1024
DEADLINE = 20.0
AT_ONCE = 20
TIMEOUTS = {"connect": 5.0, "read": 15.0, "write": 10.0, "pool": 10.0}
NO_BODY = frozenset({"GET", "HEAD", "DELETE"})


class Misconfigured(Exception):  # noqa: N818  # nothing was tried; the text says what to set
    """A connection cannot be used as it is declared."""


@dataclass(slots=True)
class _Progress:
    """How far one exchange got."""

    written: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None

    async def watch(self, name: str, _info: Mapping[str, Any]) -> None:
        """Be told by the transport what it is about to do."""
        if name.endswith("send_request_headers.started"):
            self.written = True


class HttpConnections:
    """The project's connections. One pool per connection, so that no two hosts ever share a TLS session."""

    abilities = Abilities(batch=AT_ONCE)

    def __init__(
        self,
        connections: Mapping[str, Connection],
        environ: Mapping[str, str],
        clock: Clock,
        *,
        guard: Guard | None = None,
        resolve: Resolve = resolve_by_system,
        deadline: float = DEADLINE,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        self._connections = connections
        self._environ = environ
        self._clock = clock
        self._guard = guard or Guard()
        self._resolve = resolve
        self._deadline = deadline
        self._open: Callable[[], httpx.AsyncHTTPTransport] = lambda: httpx.AsyncHTTPTransport(
            verify=verify, trust_env=False, retries=0
        )
        self._transports: dict[str, httpx.AsyncHTTPTransport] = {}

    async def send(self, batch: Sequence[Request], /) -> Sequence[Receipt]:
        """Make each request once, some at a time."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(request: Request) -> Receipt:
            async with places:
                return await self._make(request)

        return await asyncio.gather(*(one(request) for request in batch))

    async def close(self) -> None:
        """Close the kept connections."""
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def _make(self, request: Request) -> Receipt:
        progress = _Progress()
        try:
            prepared = self._prepared(request)
            async with asyncio.timeout(self._deadline):
                checked = await self._guard.check(prepared.url, self._resolve)
                await self._exchange(request.connection, prepared, checked, progress)
        except (Misconfigured, Forbidden) as problem:
            return Receipt(id=request.id, outcome=Outcome.CONFIGURATION, detail=f"{request.connection}: {problem}")
        except (TimeoutError, OSError, httpx.HTTPError, httpx.StreamError) as problem:
            return _broken(request, progress, problem)
        return self._answered(request, progress)

    def _prepared(self, request: Request) -> httpx.Request:
        """Say the request in HTTP. The body is serialised once: what is signed is what is sent."""
        connection, action = self._action(request)
        try:
            base = looked_up(connection.base, self._environ)
            token = secret(connection.token, self._environ)
            signing = secret(connection.secret, self._environ)
            body = b"" if action.method in NO_BODY else _serialised(request.body)
            headers = {
                "User-Agent": f"lifeloop/{__version__}",
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Idempotency-Key": request.id,
                **({"Content-Type": "application/json"} if body else {}),
                **({"Authorization": _bearer(token)} if token else {}),
                **(signed(request.id, body, self._clock.now(), [signing]) if signing else {}),
            }
            url = httpx.URL(base.rstrip("/") + action.path)
            asked = {name: str(value) for name, value in request.body.items() if value is not None}
            url = url.copy_merge_params(asked) if action.method in NO_BODY and asked else url
            return httpx.Request(action.method, url, headers=headers, content=body)
        except Unset as problem:
            raise Misconfigured(f"{problem}; put it into the environment, and it goes on") from None
        except (BadSecret, httpx.InvalidURL) as problem:
            raise Misconfigured("its address, token or signing secret cannot be used as it stands") from problem

    def _action(self, request: Request) -> tuple[Connection, Action]:
        connection = self._connections.get(request.connection)
        action = connection.actions.get(request.action) if connection else None
        if connection is None or action is None:
            raise Misconfigured(f"lifeloop.yaml declares no action {request.connection}.{request.action}")
        return connection, action

    async def _exchange(self, name: str, request: httpx.Request, checked: Checked, progress: _Progress) -> None:
        """Try the checked addresses in turn, for as long as nothing has been written to any of them."""
        transport = self._transports.setdefault(name, self._open())
        for address in checked.addresses:
            try:
                response = await transport.handle_async_request(_addressed(request, address, progress))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if progress.written or address == checked.addresses[-1]:
                    raise
                continue
            await _read(response, progress)
            return

    def _answered(self, request: Request, progress: _Progress) -> Receipt:
        assert progress.status is not None  # noqa: S101  # _exchange returns only after a head was read
        wait = answer.retry_after(progress.headers, self._clock.now())
        receipt = Receipt(
            id=request.id,
            outcome=answer.outcome_of(progress.status, has_retry_after="retry-after" in progress.headers),
            detail=f"{request.connection} answered {progress.status}",
        )
        if receipt.outcome is Outcome.ACCEPTED:
            found = answer.parsed(progress.body or b"")
            return replace(receipt, answer=found, provider_id=_id_in(found))
        return replace(receipt, retry_after=wait)


def _addressed(request: httpx.Request, address: IpAddress, progress: _Progress) -> httpx.Request:
    """Point the request at exactly the checked address; name and certificate stay those of the host."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,  # holds Host already, from the URL with the name
        content=request.content,
        extensions={"timeout": TIMEOUTS, "sni_hostname": request.url.host.rstrip("."), "trace": progress.watch},
    )


async def _read(response: httpx.Response, progress: _Progress) -> None:
    """Take the head, then at most 64 KiB; a body that breaks off or never ends changes nothing any more."""
    progress.status = response.status_code
    progress.headers = response.headers
    found = bytearray()
    try:
        async for chunk in response.aiter_raw():
            found += chunk
            if len(found) > MOST_BYTES:
                return
        progress.body = bytes(found)
    finally:
        await response.aclose()


def _broken(request: Request, progress: _Progress, problem: Exception) -> Receipt:
    """Class an exchange that ended in an error, by how far it got."""
    if progress.status is not None:
        return Receipt(
            id=request.id,
            outcome=answer.outcome_of(progress.status, has_retry_after="retry-after" in progress.headers),
            detail=f"{request.connection} answered {progress.status}, but the answer broke off",
        )
    what = "took too long" if isinstance(problem, TimeoutError | httpx.TimeoutException) else "broke off"
    if progress.written:
        return Receipt(id=request.id, outcome=Outcome.UNCERTAIN, detail=f"{request.connection} {what}, unanswered")
    return Receipt(id=request.id, outcome=Outcome.NOT_ACCEPTED, detail=f"{request.connection} could not be reached")


def _bearer(token: Secret) -> str:
    text = token.reveal()
    if not text.isascii() or not text.isprintable():
        raise BadSecret("a token is printable ASCII")
    return f"Bearer {text}"


def _serialised(body: Mapping[str, Json]) -> bytes:
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def _id_in(found: Json) -> str | None:
    known = found.get("id") if isinstance(found, dict) else None
    return str(known) if isinstance(known, str | int) else None
