"""The same waves in one process, without any Prefect server: for a laptop, a demo, a small shop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from lifeloop.clock import Instant
from lifeloop.engine.breaker import Trip
from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.work.errands import Errands
from lifeloop.work.guarding import open_guard
from lifeloop.work.settling import settled
from lifeloop.work.tidying import tidy
from lifeloop.work.trouble import kind_and_place
from lifeloop.work.under_way import UnderWay
from lifeloop.work.wave import BATCH, Wave
from lifeloop.work.workspace import Workspace

LOOK_AGAIN = 1.0
"""Seconds between two looks at the database: what another process wrote is noticed within this."""
TIDY_EVERY = 60
PATIENCE = (0.5, 8.0)
"""Seconds until a database that went away is tried again: at first, and at most. Once it is back, people wait."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one wave did: counts by word, seconds, and when something is due next."""

    at: Instant
    counts: dict[str, int]
    seconds: float
    next_due: Instant | None
    halted: str | None = None
    tripped: tuple[Trip, ...] = ()
    """What breakers halted in it."""

    @property
    def did_something(self) -> bool:
        """Whether it is worth a line."""
        return any(self.counts.values())


@dataclass(slots=True)
class Runner:
    """Waves until told to stop: set ``stopping``, and the batch at hand is finished, nothing new is begun.

    ``tell`` hears of every wave that did something, ``trouble`` of a database that is away.
    """

    space: Workspace
    batch: int = BATCH
    tell: Callable[[Told], None] = lambda _: None
    trouble: Callable[[str], None] = lambda _: None
    stopping: bool = False
    _guarded: bool = False
    _tidied_at: Instant = 0
    _errands: Errands = field(default_factory=Errands)
    _under_way: UnderWay = field(default_factory=UnderWay)
    _away: list[str] = field(default_factory=list)

    async def run_once(self, beside: UnderWay | None = None) -> Told:
        """Do everything that is due now. ``beside``: what is under way, and need not come back before this returns."""
        began, now = monotonic(), self.space.clock.now()
        if not self._guarded:
            open_guard(self.space)
            self._guarded = True
        self._tidy(now)
        wave = Wave(self.space, batch=self.batch, enough=lambda: self.stopping)
        counts = await wave.run(beside)
        told = Told(now, counts, monotonic() - began, wave.next_due(), wave.halted, tuple(wave.tripped))
        if told.did_something or told.tripped:
            self.tell(told)
        return told

    async def finish(self) -> None:
        """Wait for what was sent for beside the waves: answers of providers, mail that came back."""
        await self._errands.wait()

    async def run_forever(self) -> None:
        """Go on until ``stopping``; a database that goes away or is busy is waited for, not given up on.

        So is a mistake of our own: what one wave could not do, the next may.
        """
        with settled():
            await self._go_on()
            await self._settle()
        await self.finish()

    async def _go_on(self) -> None:
        patience = PATIENCE[0]
        while not self.stopping:
            try:
                told = await self.run_once(self._under_way)
            except (StoreUnreachable, StoreBusy) as problem:
                self._say_away(str(problem))
            except Exception as problem:  # noqa: BLE001  # whoever watches is told, and the others are not given up
                self._say_away(f"a wave failed: {kind_and_place(problem)}")
            else:
                self._say_back()
                patience = PATIENCE[0]
                await self._rest(told)
                continue
            await self._sleep(patience)
            patience = min(patience * 2, PATIENCE[1])

    async def _settle(self) -> None:
        """Wait for what is under way: no longer than providers may take to answer."""
        began, now = monotonic(), self.space.clock.now()
        try:
            counts = await self._under_way.all_back()
        except (StoreUnreachable, StoreBusy) as problem:
            self.trouble(f"{problem}; what was under way is settled later")
            return
        if counts:
            self.tell(Told(now, dict(counts), monotonic() - began, Wave(self.space).next_due()))

    async def _rest(self, told: Told) -> None:
        """Sleep until the next thing is due, but look again soon: somebody else may have written."""
        ahead = LOOK_AGAIN if told.next_due is None else told.next_due - self.space.clock.now()
        # What is due and could not be taken is in other hands: do not spin around it.
        await self._sleep(LOOK_AGAIN if ahead <= 0 else min(LOOK_AGAIN, ahead))

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but not through a wish to stop, nor when a way out can be handed more."""
        ends = monotonic() + seconds
        while not self.stopping and (left := ends - monotonic()) > 0:  # a signal cannot set an Event
            if await self._under_way.rest(min(left, LOOK_AGAIN)):
                return

    def _say_away(self, reason: str) -> None:
        if not self._away:
            self._away.append(reason)
            self.trouble(f"{reason}; trying again")

    def _say_back(self) -> None:
        if self._away:
            self._away.clear()
            self.trouble("it goes on")

    def _tidy(self, now: Instant) -> None:
        if now - self._tidied_at >= TIDY_EVERY:
            tidy(self.space)
            self._tidied_at = now
            self._errands.start(self.space)
