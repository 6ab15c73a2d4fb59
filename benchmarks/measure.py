"""How things are measured: medians of interleaved rounds, so that ours and the reference meet the same weather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

Round = Callable[[], float]
"""Does the work once and returns how many seconds the part that counts took."""


@dataclass(frozen=True)
class Figure:
    """One line of the table. ``ratio``: ours divided by the reference, both as speeds, measured in the same run.

    ``goal``: which line of ``goals.py`` it answers; that decides what is enough.
    """

    what: str
    store: str
    value: float
    unit: str
    reference: str = ""
    ratio: float | None = None
    goal: str = ""

    def document(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True)
class Size:
    """How much is measured: ``rounds`` of which the median counts, ``many`` people in each."""

    folder: Path
    rounds: int = 5
    many: int = 20_000
    millions: bool = False
    peers: bool = False
    customers: int = 10_000


def seconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def cpu_seconds(work: Callable[[], object]) -> float:
    """Seconds of CPU of this process: what others do on the machine hardly moves them."""
    began = process_time()
    work()
    return process_time() - began


def paired(rounds: int, ours: Round, reference: Round) -> tuple[float, float]:
    """Take turns; returns the median seconds of ours, and the median of the ratios of the pairs."""
    pairs = [(ours(), reference()) for _ in range(rounds)]
    return median(one for one, _ in pairs), median(other / one for one, other in pairs)


def alone(rounds: int, ours: Round) -> float:
    return median(ours() for _ in range(rounds))
