"""The Prefect server that this process talks to: which it is, and whether it answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError
from prefect.settings import PREFECT_API_URL

FAILURES = (httpx.HTTPError, PrefectHTTPStatusError, RuntimeError)
"""What Prefect's client raises when its server does not answer or refuses."""


class ServerUnreachable(ConnectionError):  # noqa: N818  # named for what it says
    """No Prefect server is named, or it does not answer. ``url`` is None when none is named."""

    def __init__(self, url: str | None, reason: str = "") -> None:
        super().__init__(
            "no Prefect server is named" if url is None else f"the Prefect server {url} does not answer: {reason}"
        )
        self.url = url


def server_url() -> str | None:
    """Return which server this process is to talk to, from ``PREFECT_API_URL`` or the Prefect profile."""
    found = PREFECT_API_URL.value()
    return None if found is None else str(found)


@asynccontextmanager
async def connected() -> AsyncIterator[PrefectClient]:
    """Open a connection to a server that answers; never one that Prefect starts by itself.

    Raises:
        ServerUnreachable: there is none.
    """
    url = server_url()
    if url is None:
        raise ServerUnreachable(None)
    async with get_client() as client:
        problem = await client.api_healthcheck()
        if problem is not None:
            raise ServerUnreachable(url, str(problem) or type(problem).__name__)
        yield client


async def answering() -> str:
    """Return the address of the server, once it has answered.

    Raises:
        ServerUnreachable: there is none.
    """
    async with connected() as client:
        return str(client.api_url.copy_with(userinfo=b"")).rstrip("/")
