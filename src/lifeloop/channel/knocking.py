"""Is the other side there? A connection is made and ended, nothing is sent; what is wrong is said in a sentence."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping

import httpx

from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Forbidden, Guard
from lifeloop.channel.providers.known import CLASSES, takes
from lifeloop.channel.secret import Unset, looked_up
from lifeloop.channel.ways import Ways
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.ways import provider_of


def addresses(catalogue: Catalogue, ways: Ways, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the web addresses that messages and calls go to, by way out or connection, as far as they are set."""
    said = {name: known.base for name, known in catalogue.connections.items()}
    for way in ways.names:
        if base := _base(way, catalogue):
            said[way] = base
    return {name: found for name, base in said.items() if (found := _set(base, environ))}


ANYWHERE = Guard.allowing(["0.0.0.0/0", "::/0"])
"""For addresses that others call, and no request of ours goes to."""


async def knock(name: str, address: str, guard: Guard, within: float) -> str | None:
    """Connect to an address as requests do; returns what is wrong, None: nothing is."""
    wire = Wire(guard=guard)
    try:
        async with asyncio.timeout(within):
            await wire.knock(name, address)
    except (Forbidden, ssl.SSLCertVerificationError) as problem:
        return str(problem) if isinstance(problem, Forbidden) else "its certificate is not accepted"
    except httpx.InvalidURL:
        return "that is not an address of the web"
    except TimeoutError:
        return f"nobody answers within {within:g} seconds"
    except OSError:
        return "nobody answers there"
    return None


def _base(way: str, catalogue: Catalogue) -> str | None:
    provider = provider_of(way, catalogue)
    usual = takes(provider).get("base") if provider in CLASSES else None
    return catalogue.channels.get(way, {}).get("base") or usual


def _set(setting: str, environ: Mapping[str, str]) -> str | None:
    """Return what a setting holds; one whose variable is not set is told of elsewhere."""
    try:
        return looked_up(setting, environ)
    except Unset:
        return None
