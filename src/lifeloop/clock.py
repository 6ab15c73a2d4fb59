"""The only place that asks what time it is. Everything else is told.

An *instant* is a whole number of seconds since 1970-01-01T00:00Z everywhere in Lifeloop: in the engine,
in the tables and between the rooms. It is small, ordered, has no zone to lose, and survives JSON.
"""

from __future__ import annotations

import time
from typing import Protocol

Instant = int
"""Seconds since 1970-01-01T00:00Z."""


class Clock(Protocol):
    """Something that knows the time."""

    def now(self) -> Instant:
        """Return the present instant."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> Instant:
        """Return the present instant, in whole seconds."""
        return int(time.time())


class SetClock:
    """A clock that stands still until it is told to move: for rehearsals, replays and tests."""

    def __init__(self, instant: Instant) -> None:
        self._instant = instant

    def now(self) -> Instant:
        """Return the instant it was last set to."""
        return self._instant

    def set(self, instant: Instant) -> None:
        """Move to an instant; going back is refused, because no engine may ever see time run backwards."""
        if instant < self._instant:
            raise ValueError("a clock does not run backwards")
        self._instant = instant
