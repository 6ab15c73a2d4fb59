"""How fast a project may use a way out, as declared: a rate, requests at a time, a day's quota, a warm-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A new domain begins slowly: ``first_day`` messages, each day ``growth`` per cent more, up to ``until``.

    Every domain that mail is from goes by these numbers on its own.
    """

    starts: date
    first_day: int
    growth: int
    until: int

    def allows(self, day: date) -> int | None:
        """Return how many messages of one domain may leave on a day; None: the warm-up is over."""
        allowed = self.first_day
        for _ in range((day - self.starts).days):
            if allowed >= self.until:
                return None
            allowed = max(allowed * (100 + self.growth) // 100, allowed + 1)
        return None if allowed >= self.until else allowed


@dataclass(frozen=True, slots=True)
class Pacing:
    """What is said of one way out. ``rate``: messages a second. None: what the provider is known to take."""

    rate: float | None = None
    concurrency: int | None = None
    """Requests that may be under way at the same time, of all workers together."""
    quota: int | None = None
    """Messages a day, by the project's clock."""
    warm_up: WarmUp | None = None
    fallback: str | None = None
    """The way out that is taken while this one cannot be."""
