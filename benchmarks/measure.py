"""How things are measured: medians of interleaved rounds, so that ours and the reference meet the same weather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from time import perf_counter

Round = Callable[[], float]
"""Does the work once and returns how many seconds the part that counts took."""


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``ratio``: ours divided by the reference, both as speeds, measured in the same run."""

    what: str
    store: str
    speed: float
    unit: str
    reference: str = ""
    ratio: float | None = None
    floor: float | None = None

    def document(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def paired(rounds: int, ours: Round, reference: Round) -> tuple[float, float]:
    """Take turns; returns the median seconds of ours, and the median of the ratios of the pairs."""
    pairs = [(ours(), reference()) for _ in range(rounds)]
    return median(one for one, _ in pairs), median(other / one for one, other in pairs)


def alone(rounds: int, ours: Round) -> float:
    return median(ours() for _ in range(rounds))
