"""How much a way out may be handed now: by its rate, its seats, its day's quota, and how it goes there.

The rate is a generic cell rate algorithm: one number, the moment until which everything handed out so far uses the
rate up, if it were spread evenly. Workers take blocks from it. A block that is lost is an undershoot, never more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

from lifeloop.clock import Instant

MILLION = 1_000_000
HAIR = 1e-6
"""What a fraction such as 10 in 60 seconds may be off by, as floating point numbers go."""
BURST = 1
"""Seconds of the rate that may leave at once: clocks here know whole seconds."""
AHEAD = 900
"""Seconds up to which turns are given out: later, more may be known, and a rate may have been changed."""
CROWDED = 1
"""Seconds until somebody who found every seat taken asks again."""
PROBE = 60
"""Seconds one message may take that tries again; if nothing is heard of it, another one does."""
PROBE_LOOK = 5

Circuit = Literal["closed", "open", "half-open"]
Why = Literal["rate", "quota", "warm-up", "concurrency", "asked", "open"]
OURS: frozenset[Why] = frozenset({"rate", "quota", "warm-up", "concurrency"})
"""Limits of our own: what waits for them is not late."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a way out takes. ``rate``: messages a second; ``concurrency``: requests at a time; ``quota``: of today."""

    rate: float | None = None
    concurrency: int | None = None
    quota: int | None = None
    per_request: int = 1

    @property
    def none(self) -> bool:
        """Whether nothing is counted at all."""
        return self.rate is None and self.concurrency is None and self.quota is None


@dataclass(frozen=True, slots=True)
class Pace:
    """Where one way out stands. ``next_free`` in millionths of a second; ``day`` as in ``2026-03-02``."""

    name: str
    next_free: int = 0
    booked: int = 0
    """As ``next_free``, if everybody who was given a turn comes for it."""
    day: str = ""
    used: int = 0
    closed_until: Instant | None = None
    slowed: int = 0
    state: Circuit = "closed"
    retry_at: Instant | None = None
    """When one message tries again; half-open: when it is taken for lost."""
    opened: int = 0
    since: Instant | None = None
    """When the failures began that ``tried``, ``failed`` and ``in_a_row`` count."""
    tried: int = 0
    failed: int = 0
    in_a_row: int = 0
    why: str | None = None

    @property
    def clean(self) -> bool:
        """Whether nothing bad is known of it."""
        return self.state == "closed" and self.closed_until is None and self.since is None and not self.slowed

    def used_on(self, day: str) -> int:
        """Return how many of a day's quota are used."""
        return self.used if day == self.day else 0

    def using(self, count: int, day: str) -> Pace:
        """Return it with so many more used of a day's quota."""
        return replace(self, day=day, used=self.used_on(day) + count)

    def given_back(self, count: int, day: str) -> Pace:
        """Return it with so many fewer used, if it still is the day of which they were taken."""
        return replace(self, used=max(self.used - count, 0)) if day == self.day else self


@dataclass(frozen=True, slots=True)
class Today:
    """The present moment, and the project's present day: its name, and when the next one begins."""

    now: Instant
    day: str
    next_day: Instant


@dataclass(frozen=True, slots=True)
class Grant:
    """How many may leave now, with how many requests at a time, and for each of the others why not and until when."""

    count: int
    seats: int | None = None
    why: Why | None = None
    turns: tuple[Instant, ...] = ()


def take(pace: Pace, limits: Limits, wanted: int, today: Today, *, free_seats: int = 0) -> tuple[Pace, Grant]:
    """Return what is granted of ``wanted`` messages, and the pace after it. ``free_seats``: for a concurrency."""
    now = today.now
    if (closed := _closed(pace, now)) is not None:
        why, until = closed
        return pace, Grant(0, why=why, turns=(until,) * wanted)
    probing = pace.state != "closed"
    count, why = _least(pace, limits, 1 if probing else wanted, today, free_seats)
    after = _used(pace, limits, count, today)
    if probing and count:
        after = replace(after, state="half-open", retry_at=now + PROBE)
    seats = None if limits.concurrency is None else min(free_seats, -(-count // limits.per_request))
    refused = wanted - count
    if not refused:
        return after, Grant(count, seats)
    if probing and count:
        return after, Grant(count, seats, "open", (now + PROBE_LOOK,) * refused)
    if why == "rate" and limits.rate is not None:
        after, turns = _in_turn(after, limits.rate, refused, now)
        return after, Grant(count, seats, why, turns)
    until = today.next_day if why == "quota" else now + CROWDED
    return after, Grant(count, seats, why, (until,) * refused)


def _closed(pace: Pace, now: Instant) -> tuple[Why, Instant] | None:
    if pace.closed_until is not None and pace.closed_until > now:
        return "asked", pace.closed_until
    if pace.retry_at is None or pace.retry_at <= now:
        return None
    return "open", pace.retry_at if pace.state == "open" else min(pace.retry_at, now + PROBE_LOOK)


def _least(pace: Pace, limits: Limits, wanted: int, today: Today, free_seats: int) -> tuple[int, Why]:
    """Return how many all limits let through, and which of them is the strictest."""
    found: list[tuple[int, Why]] = [(wanted, "rate")]
    if limits.quota is not None:
        found.append((max(limits.quota - pace.used_on(today.day), 0), "quota"))
    if limits.concurrency is not None and free_seats <= 0:
        found.append((0, "concurrency"))
    if limits.rate is not None:
        found.append((tokens(pace, limits.rate, today.now), "rate"))
    return min(found, key=lambda one: one[0])


def tokens(pace: Pace, rate: float, now: Instant) -> int:
    """Return how many messages the rate lets through at this moment."""
    burst = _burst(rate)
    left = _cost(burst, rate) - max(pace.next_free - now * MILLION, 0)
    return min(max(int(left * rate / MILLION + HAIR), 0), burst)


def _cost(count: int, rate: float) -> int:
    """Return the millionths of a second that messages use up, rounded up: so rounding lets nothing more through."""
    return ceil(count * MILLION / rate - HAIR)


def _used(pace: Pace, limits: Limits, count: int, today: Today) -> Pace:
    if limits.none:
        return pace
    start = max(pace.next_free, today.now * MILLION)
    free = pace.next_free if limits.rate is None or not count else start + _cost(count, limits.rate)
    return replace(pace, next_free=free).using(count, today.day)


def _in_turn(pace: Pace, rate: float, count: int, now: Instant) -> tuple[Pace, tuple[Instant, ...]]:
    """Give each a turn of its own, so that nobody is looked at again and again before it is theirs."""
    start, last = max(pace.booked, pace.next_free, now * MILLION), now + AHEAD
    early = _cost(_burst(rate), rate)
    turns = (-(-(start + _cost(nth, rate) - early) // MILLION) for nth in range(1, count + 1))
    booked = min(start + _cost(count, rate), last * MILLION + early)
    return replace(pace, booked=booked), tuple(max(min(turn, last), now + 1) for turn in turns)


def _burst(rate: float) -> int:
    return max(1, int(rate * BURST))
