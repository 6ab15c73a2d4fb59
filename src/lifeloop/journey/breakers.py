"""What stops messages by itself when something looks wrong: the thresholds, and what they are unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True)
class Rate:
    """So many within so many seconds."""

    count: int
    within: int = HOUR


@dataclass(frozen=True, slots=True)
class Breakers:
    """The thresholds of a project. None: that breaker is off. Shares are exact fractions."""

    volume: bool = True
    """A journey that declares no ``volume`` of its own may send what fits the people inside, and no more."""
    stale: Fraction | None = Fraction(1, 100)
    """Of what comes to leave, the share that has become too late."""
    duplicate: int | None = DAY
    """For how many seconds nobody gets the same words again."""
    bounces: Fraction | None = Fraction(5, 100)
    complaints: Fraction | None = Fraction(1, 1000)
    unsubscribes: Fraction | None = Fraction(2, 100)
    texts: Fraction | None = Fraction(1, 100)
    """Of one message, the share whose text cannot be written."""
    refusals: Fraction | None = Fraction(20, 100)
    """Of what one provider is handed, the share that it refuses."""
    failures: Fraction | None = Fraction(5, 100)
    """Of the people of a journey who come to move, the share that cannot."""
    release: Rate = Rate(1000)
    """How fast what had gathered leaves, once it is released."""
