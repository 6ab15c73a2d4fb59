"""Calls to outside systems over HTTP: each request once, under its own key, signed, as one of the five outcomes."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx

from lifeloop.channel import answer
from lifeloop.channel.exchange import DEADLINE, USUAL_HEADERS, Exchange, Wire, read_address
from lifeloop.channel.guard import Forbidden, Guard, Resolve, resolve_by_system
from lifeloop.channel.secret import Secret, Unset, looked_up, secret
from lifeloop.channel.signature import BadSecret, signed
from lifeloop.channel.values import Abilities, Receipt, Request
from lifeloop.clock import Clock
from lifeloop.engine.retry import Outcome
from lifeloop.journey.catalogue import Action, Connection
from lifeloop.journey.plan import Json

AT_ONCE = 20
GONE = 410
NO_BODY = frozenset({"GET", "HEAD", "DELETE"})


class Misconfigured(Exception):  # noqa: N818  # nothing was tried; the text says what to set
    """A connection cannot be used as it is declared."""


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
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._connections = connections
        self._environ = environ
        self._clock = clock
        self._wire = Wire(guard=guard, resolve=resolve, deadline=deadline, verify=verify)

    async def send(self, batch: Sequence[Request], /) -> Sequence[Receipt]:
        """Make each request once, to each system some at a time: as many as the project says."""
        places = {name: asyncio.Semaphore(self._at_once(name)) for name in {one.connection for one in batch}}

        async def one(request: Request) -> Receipt:
            async with places[request.connection]:
                return await self._make(request)

        return await asyncio.gather(*(one(request) for request in batch))

    def _at_once(self, connection: str) -> int:
        known = self._connections.get(connection)
        return (known.pacing.concurrency if known else None) or AT_ONCE

    async def close(self) -> None:
        """Close the kept connections."""
        await self._wire.close()

    async def _make(self, request: Request) -> Receipt:
        try:
            got = await self._wire.exchange(request.connection, self._prepared(request))
        except (Misconfigured, Forbidden) as problem:
            return Receipt(id=request.id, outcome=Outcome.CONFIGURATION, detail=f"{request.connection}: {problem}")
        return self._judged(request, got)

    def _prepared(self, request: Request) -> httpx.Request:
        """Say the request in HTTP. The body is serialised once: what is signed is what is sent."""
        connection, action = self._action(request)
        try:
            base = looked_up(connection.base, self._environ)
            token = secret(connection.token, self._environ)
            both = (secret(setting, self._environ) for setting in (connection.secret, connection.former_secret))
            signing = [known for known in both if known is not None]
            body = b"" if action.method in NO_BODY else _serialised(request.body)
            headers = {
                **USUAL_HEADERS,
                "Idempotency-Key": request.id,
                **({"Content-Type": "application/json"} if body else {}),
                **({"Authorization": _bearer(token)} if token else {}),
                **(signed(request.id, body, self._clock.now(), signing) if signing else {}),
            }
            url = read_address(base.rstrip("/") + action.path)
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

    def _judged(self, request: Request, got: Exchange) -> Receipt:
        said = got.in_words(request.connection)
        receipt = Receipt(id=request.id, outcome=got.outcome, timed_out=got.timed_out, detail=said)
        if got.problem is not None:
            return receipt
        if receipt.outcome is Outcome.ACCEPTED:
            found = answer.parsed(got.body or b"")
            return replace(receipt, answer=found, provider_id=_id_in(found))
        known = self._connections[request.connection]
        gone = got.status == GONE and known.receives == "webhooks"
        wait, too_fast = answer.retry_after(got.headers, self._clock.now()), answer.is_too_fast(got.status, got.headers)
        return replace(receipt, gone=gone, retry_after=wait, slow_down=too_fast)


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
