"""Fetching a certificate of Amazon's: the one thing that is fetched because a callback says so."""

from __future__ import annotations

import asyncio

import httpx

from lifeloop.channel.callbacks.values import Refused
from lifeloop.channel.exchange import USUAL_HEADERS, Wire
from lifeloop.channel.guard import Forbidden

FOUND = 200
PATIENCE = 5.0


class OutOfReach(Exception):  # noqa: N818  # said of a certificate, it is the word
    """Amazon did not answer; the provider should try again."""


def fetch(url: str) -> bytes:
    """Return the certificate at an address that was found to be one of Amazon's.

    Raises:
        Refused: there is none.
        OutOfReach: nobody answered.
    """
    return asyncio.run(_fetch(url))


async def _fetch(url: str) -> bytes:
    wire = Wire(deadline=PATIENCE)
    try:
        got = await wire.exchange("sns", httpx.Request("GET", url, headers=USUAL_HEADERS))
    except Forbidden as problem:
        raise Refused("the certificate is none of Amazon's") from problem
    finally:
        await wire.close()
    if got.status is None or got.status >= 500:  # noqa: PLR2004  # a fault of theirs
        raise OutOfReach
    if got.status != FOUND or got.body is None:
        raise Refused("there is no such certificate")
    return got.body
