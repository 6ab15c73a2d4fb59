"""Connections that are kept for the next request to the same place: the last one used is the first one taken."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from lifeloop.channel.connection import Connection

IDLE = 4.0
"""Seconds without use after which many a server hangs up; a request that meets that is left in doubt for nothing."""
OLDEST = 60.0
"""Seconds after which a name is resolved, and its addresses are judged, anew."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection leads. ``pool`` keeps two users of one host apart."""

    pool: str
    scheme: str
    host: str
    port: int


class Pool:
    """Taking and giving back cost the same, however many are kept."""

    def __init__(self) -> None:
        self._kept: dict[Origin, deque[Connection]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def take(self, origin: Origin) -> Connection | None:
        """Return a connection that is open and young, if one is kept."""
        kept = self._of_this_loop().get(origin)
        while kept:
            found = kept.pop()
            if self._is_good(found) and found.is_quiet():
                return found
            found.close()
        return None

    def give_back(self, origin: Origin, connection: Connection) -> None:
        """Keep a connection, if it can be used again; let those go that nobody needed for a while."""
        if not connection.reusable:
            connection.close()
            return
        kept = self._of_this_loop().setdefault(origin, deque())
        kept.append(connection)
        while not self._is_good(kept[0]):
            kept.popleft().close()
            if not kept:
                break

    def close(self) -> None:
        """Let all of them go."""
        for kept in self._of_this_loop().values():
            for connection in kept:
                connection.close()
        self._kept.clear()

    def _of_this_loop(self) -> dict[Origin, deque[Connection]]:
        """Return what is kept. Connections of an event loop that has ended cannot be used any more, nor closed."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._kept = loop, {}
        return self._kept

    @staticmethod
    def _is_good(connection: Connection) -> bool:
        now = asyncio.get_running_loop().time()
        return now - connection.used < IDLE and now - connection.opened < OLDEST
