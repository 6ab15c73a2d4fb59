"""Everybody in the customer table through the next months: read in batches, lived in parallel, added up in order.

What comes out depends on the customers, the seed and the moment alone: not on how many processes share the work. No
process ever holds more than a few batches, however many customers there are.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.chance import fraction_of
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.plan import Plan
from lifeloop.rehearse.behaviour import Temper
from lifeloop.rehearse.population import Population
from lifeloop.rehearse.tally import Tally
from lifeloop.store import customers
from lifeloop.store.opening import Store, open_store
from lifeloop.store.transaction import Tx
from lifeloop.work.presenting import presents, stage

BATCH = 32
"""Customers who are read together; also how much is left to finish when somebody stops it."""
PAGE = 10_000
AHEAD = 2
"""Batches that wait for each process, so that none ever waits for us."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is asked: with which journeys, of which database, from when to when, on whose clock, with which seed.

    ``midnight``: when its first day begins. What people do is drawn from there, so that all day the same comes out.
    """

    catalogue: Catalogue
    plans: Mapping[str, Plan]
    url: str
    midnight: Instant
    begin: Instant
    end: Instant
    zone: ZoneInfo
    seed: int = 1


class Forecaster:
    """One process at it: the journeys as they are, read once."""

    def __init__(self, asked: Forecast) -> None:
        self._store, self._zone = open_store(asked.url, once=True), asked.zone
        with self._store.reading() as tx:
            self._stage = stage(tx, asked.catalogue, asked.plans, asked.begin)
        entering = self._stage.entering
        self._crowd = Population(
            entering, (), asked.catalogue, asked.begin, asked.end, asked.seed, drawn_from=asked.midnight
        )
        self._temper = Temper.of(asked.seed, asked.catalogue, entering)

    def tally(self, ids: Sequence[int]) -> Tally:
        """Let these customers live through the time, and return what it adds up to."""
        with self._store.reading() as tx:
            found = presents(tx, ids, self._stage)
        tally = Tally(self._zone)
        for present in found:
            tally.add(self._crowd.live(present, self._temper, self._stage.ground))
        return tally

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()


def tallies(asked: Forecast, batches: Iterator[Sequence[int]], processes: int) -> Generator[Tally]:
    """Yield what each batch adds up to, in the order of the batches.

    Raises:
        EndlessError: journeys start each other without end.
    """
    if processes > 1:
        yield from _in_processes(asked, batches, processes)
        return
    forecaster = Forecaster(asked)
    try:
        yield from map(forecaster.tally, batches)
    finally:
        forecaster.close()


def _in_processes(asked: Forecast, batches: Iterator[Sequence[int]], processes: int) -> Generator[Tally]:
    # Spawned, not forked: a fork would share our connection to the database.
    pool = ProcessPoolExecutor(processes, get_context("spawn"), initializer=_begin, initargs=(asked,))
    under_way: deque[Future[Tally]] = deque()
    try:
        while True:
            more = islice(batches, processes * (1 + AHEAD) - len(under_way))
            under_way.extend(pool.submit(_tally, ids) for ids in more)
            if not under_way:
                return
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


_here: list[Forecaster] = []
"""What a process of ours works with, from its beginning to its end."""


def _begin(asked: Forecast) -> None:
    # Ctrl-C reaches every process of the terminal; ours end when the one that was asked says so.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _here.append(Forecaster(asked))


def _tally(ids: Sequence[int]) -> Tally:
    return _here[-1].tally(ids)


@dataclass(frozen=True, slots=True)
class Everybody:
    """Whom a forecast is about: ``chosen`` of ``total`` customers, drawn by the seed, or all of them."""

    total: int
    chosen: int
    seed: int = 1

    @classmethod
    def of(cls, tx: Tx, sample: int | None, seed: int) -> Everybody:
        """Count the customers."""
        total = customers.count(tx)
        return cls(total, total if sample is None else min(sample, total), seed)

    @property
    def is_sample(self) -> bool:
        """Whether some are left out."""
        return self.chosen < self.total

    def batches(self, store: Store) -> Iterator[tuple[int, ...]]:
        """Yield the customers' numbers in batches; nobody is read yet."""
        chosen = self._chosen(store)
        while batch := tuple(islice(chosen, BATCH)):
            yield batch

    def _chosen(self, store: Store) -> Iterator[int]:
        """Draw exactly so many, each as likely as any other, going through them once (Knuth's Algorithm S)."""
        wanted, left = self.chosen, self.total
        for number in _numbers(store):
            if wanted and (wanted >= left or fraction_of(f"{self.seed}:sample:{number}") * left < wanted):
                wanted -= 1
                yield number
            left -= 1


def _numbers(store: Store) -> Iterator[int]:
    last = 0
    while True:
        with store.reading() as tx:
            page = customers.ids_after(tx, last, PAGE)
        if not page:
            return
        yield from page
        last = page[-1]
