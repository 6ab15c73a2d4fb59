"""When do figures look so wrong that messages stop by themselves? Counts and thresholds in, what trips out.

Counts come in stretches of ten minutes. A share trips when it is **above** its threshold, and only once so many bad
ones came together that chance does not explain them: a small shop is not halted by one bounce. What a journey may send
is a ceiling: the message that would pass it stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.journey.breakers import DAY, HOUR, Breakers, Rate

Scope = Literal["journey", "message", "provider"]
Key = tuple[Scope, str, str]
"""What is counted: ``("journey", "renewal", "left")``."""
Counts = Mapping[Key, Sequence[tuple[int, int]]]
"""Stretch and number, in any order."""

STRETCH = 600
"""Seconds that are counted together."""
LONGEST = 7 * DAY
"""The longest time, in seconds, over which anything is judged."""
FEW = 500
"""A journey that declares no volume may always send so many a day."""
EACH = 3
"""And so many to each person who is inside, or was within the day."""
REPEATS = Fraction(5, 100)
"""The share of one message that may be blocked as a repetition before the message itself is halted."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One share: how many ``bad`` among ``base`` within ``window`` seconds. Fewer than ``least`` bad ones never trip.

    ``most``: so many bad ones trip whatever the share. ``says``: what the bad ones are, after their number.
    """

    name: str
    scope: Scope
    bad: str
    base: tuple[str, ...]
    window: int
    least: int
    says: str
    most: int | None = None


STALE = Rule("stale", "journey", "late", ("left", "late"), STRETCH, 50, "had become too late", 1000)
STALE_DECIDED = Rule("stale", "journey", "late", ("decided", "late"), STRETCH, 50, "had become too late", 1000)
"""The same, judged when people move: before anything of it has left."""
FAILURES = Rule("failures", "journey", "failed", ("moved", "failed"), DAY, 10, "could not be moved")
RULES = (
    STALE,
    Rule("bounces", "journey", "bounced", ("left",), 3 * DAY, 10, "came back"),
    Rule("complaints", "journey", "complained", ("left",), 3 * DAY, 3, "were called spam"),
    Rule("unsubscribes", "journey", "unsubscribed", ("left",), 3 * DAY, 10, "made people unsubscribe"),
    Rule("texts", "message", "unwritten", ("written", "unwritten"), HOUR, 10, "could not be written"),
    Rule("duplicate", "message", "repeated", ("written", "repeated"), HOUR, 20, "would have repeated themselves"),
    Rule("refusals", "provider", "refused", ("taken", "refused"), HOUR, 20, "were refused"),
)
"""Every share that is judged before messages leave; the other two are judged when people move."""


@dataclass(frozen=True, slots=True)
class Trip:
    """Something is to be halted: what, by which breaker, why in a sentence, and the figures behind it."""

    scope: Scope
    name: str
    by: str
    reason: str
    figures: Mapping[str, int | str] = field(default_factory=dict)


def stretch_of(moment: Instant) -> int:
    """Return the stretch of ten minutes that a moment lies in."""
    return moment // STRETCH


def within(counts: Counts, key: Key, now: Instant, seconds: int) -> int:
    """Return how many were counted within so many seconds, and at most one stretch more."""
    first = stretch_of(now - seconds)
    return sum(number for stretch, number in counts.get(key, ()) if stretch >= first)


def judge(counts: Counts, breakers: Breakers, now: Instant, *, calm: Iterable[str] = ()) -> tuple[Trip, ...]:
    """Return what trips. ``calm``: journeys whose backlog a person has released: what is late there is known."""
    patient = frozenset(calm)
    found = []
    for scope, name in dict.fromkeys((scope, name) for scope, name, _ in counts):
        rules = [rule for rule in RULES if rule.scope == scope and not (rule is STALE and name in patient)]
        found += [trip for rule in rules if (trip := trips(rule, counts, name, breakers, now))]
    return tuple(found)


def trips(rule: Rule, counts: Counts, name: str, breakers: Breakers, now: Instant) -> Trip | None:
    """Return the trip of one share; None while it is fine, or switched off."""
    share = _share(rule, breakers)
    if share is None:
        return None
    bad = within(counts, (rule.scope, name, rule.bad), now, rule.window)
    base = sum(within(counts, (rule.scope, name, what), now, rule.window) for what in rule.base)
    many = rule.most is not None and bad >= rule.most
    if not many and (bad < rule.least or bad <= share * base):
        return None
    things = "people" if rule is FAILURES else "messages"
    reason = f"{bad:,} of {base:,} {things} {rule.says} within {_span(rule.window)}: more than {percent(share)}"
    figures: dict[str, int | str] = {rule.bad: bad, "of": base, "seconds": rule.window, "threshold": percent(share)}
    return Trip(rule.scope, name, rule.name, reason, figures)


def usual_most(people: int) -> Rate:
    """Return what a journey may send within a day that says nothing of it, for so many people inside."""
    return Rate(max(FEW, EACH * people), DAY)


def room(counts: Counts, journey: str, most: Rate, now: Instant) -> int:
    """Return how many messages a journey may still send."""
    return max(0, most.count - within(counts, ("journey", journey, "left"), now, most.within))


def too_many(journey: str, left: int, waiting: int, most: Rate) -> Trip:
    """Return the trip of a journey that has reached its volume, with more to come."""
    reason = f"{left:,} messages left within {_span(most.within)} and more wanted to: the most is {most.count:,}"
    return Trip("journey", journey, "volume", reason, {"left": left, "waiting": waiting, "most": most.count})


def percent(share: Fraction) -> str:
    """Return ``5%``, ``0.1%``."""
    return f"{float(share * 100):g}%"


def _share(rule: Rule, breakers: Breakers) -> Fraction | None:
    if rule.name == "duplicate":
        return REPEATS if breakers.duplicate is not None else None
    share: Fraction | None = getattr(breakers, rule.name)
    return share


def _span(seconds: int) -> str:
    for unit, word in ((DAY, "day"), (HOUR, "hour"), (60, "minute")):
        if seconds % unit == 0:
            count = seconds // unit
            return f"{'an' if word == 'hour' else 'a'} {word}" if count == 1 else f"{count} {word}s"
    return f"{seconds} seconds"
