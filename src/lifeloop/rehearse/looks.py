"""When time alone may change who is in a segment: something becomes too long ago, or a day begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.timing import add_length
from lifeloop.engine.zones import instant_of, local
from lifeloop.journey.condition import AllOf, AnyObject, AnyOf, Compare, Condition, Happened, InSegment, MessageWas, Not
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
        parts = [part for name in names if name in segments for part in _parts(segments[name], segments)]
        spans = [part.span.length for part in parts if isinstance(part, Happened | MessageWas)]
        dates = any(isinstance(part, Compare) and part.as_kind in ("date", "datetime") for part in parts)
        return cls(tuple(dict.fromkeys(span for span in spans if span)), dates)

    def next_after(self, now: Instant, times: Iterable[Instant], zone: ZoneInfo) -> Instant | None:
        """Return when to look again. ``times``: when things happened that a condition may ask about."""
        looks = [end for at in times for span in self.spans if (end := add_length(at, span, zone)) > now]
        if self.reads_dates:
            looks.append(instant_of(local(now, zone).date() + timedelta(days=1), MIDNIGHT, zone))
        return min(looks, default=None)


def _parts(tree: Condition, segments: Mapping[str, Condition]) -> Iterator[Condition]:
    yield tree
    match tree:
        case AllOf(parts=inner) | AnyOf(parts=inner):
            pass
        case Not(part=part):
            inner = (part,)
        case Happened(where=where) | AnyObject(where=where) if where is not None:
            inner = (where,)
        case InSegment(segment=name) if name in segments:
            inner = (segments[name],)
        case _:
            inner = ()
    for part in inner:
        yield from _parts(part, segments)
