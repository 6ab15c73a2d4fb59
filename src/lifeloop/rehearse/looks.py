"""When time alone may change who is in a segment: something becomes too long ago, or a day begins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from heapq import heappop, heappush
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.asked import parts_in
from lifeloop.engine.timing import add_length
from lifeloop.engine.zones import instant_of, local
from lifeloop.journey.condition import Compare, Condition, Happened, MessageWas
from lifeloop.journey.length import Length

MIDNIGHT = time()


@dataclass(frozen=True, slots=True)
class Looks:
    """What of time a set of conditions reads: how far back it asks, and whether it compares dates with today."""

    spans: tuple[Length, ...] = ()
    reads_dates: bool = False

    @classmethod
    def of(cls, names: Iterable[str], segments: Mapping[str, Condition]) -> Looks:
        """Read the conditions of these segments."""
        parts = [part for name in names if name in segments for part in parts_in(segments[name], segments)]
        spans = [part.span.length for part in parts if isinstance(part, Happened | MessageWas)]
        dates = any(isinstance(part, Compare) and part.as_kind in ("date", "datetime") for part in parts)
        return cls(tuple(dict.fromkeys(span for span in spans if span)), dates)


class Lapses:
    """When to look again at the segments of one person: each thing that happened is counted out once, not each time."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self._zone: ZoneInfo | None = None
        self._counted = 0
        self._ends: list[Instant] = []

    def next_after(self, now: Instant, times: Sequence[Instant], zone: ZoneInfo) -> Instant | None:
        """Return when to look again. ``times``: when things happened that may be asked about; it only ever grows."""
        if zone is not self._zone:
            self._zone, self._counted, self._ends = zone, 0, []
        for at in times[self._counted :]:
            for span in self._looks.spans:
                heappush(self._ends, add_length(at, span, zone))
        self._counted = len(times)
        while self._ends and self._ends[0] <= now:
            heappop(self._ends)
        soonest = self._ends[:1]
        if self._looks.reads_dates:
            soonest.append(instant_of(local(now, zone).date() + timedelta(days=1), MIDNIGHT, zone))
        return min(soonest, default=None)
