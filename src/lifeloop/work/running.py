"""The same waves in one process, without any Prefect server: for a laptop, a demo, a small shop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.work.tidying import tidy
from lifeloop.work.wave import BATCH, Wave
from lifeloop.work.workspace import Workspace

log = logging.getLogger(__name__)

LOOK_AGAIN = 1.0
"""Seconds between two looks at the database: what another process wrote is noticed within this."""
TIDY_EVERY = 60


@dataclass(slots=True)
class Runner:
    """Waves until told to stop. ``tell`` hears the counts of every wave that did something."""

    space: Workspace
    batch: int = BATCH
    tell: Callable[[dict[str, int]], None] | None = None
    stopping: bool = False
    _tidied_at: Instant = 0

    async def run_once(self) -> dict[str, int]:
        """Do everything that is due now."""
        self._tidy()
        counts = await Wave(self.space, batch=self.batch).run()
        if self.tell and any(counts.values()):
            self.tell(counts)
        return counts

    async def run_forever(self) -> None:
        """Go on until ``stopping``; an unreachable database is waited for, not given up on."""
        while not self.stopping:
            await self.run_once()
            await self._rest()

    async def _rest(self) -> None:
        """Sleep until the next thing is due, but look again soon: somebody else may have written."""
        due = Wave(self.space).next_due()
        ahead = LOOK_AGAIN if due is None else min(LOOK_AGAIN, max(0.0, due - self.space.clock.now()))
        await asyncio.sleep(ahead)

    def _tidy(self) -> None:
        now = self.space.clock.now()
        if now - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = now
            tidy(self.space)
