"""What is being handed over, beside everything else: at each way out one batch at a time, and none waits for another.

A provider that hangs holds its own batch until its time limit. Meanwhile people move, other ways out are handed more,
and of its own messages none is marked: so no more is under way than could be in doubt if this process died.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass

from lifeloop.channel.ways import Ways
from lifeloop.store.values import Outcome as Settlement


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What one way out is handed. ``probing``: one message tries for all whether the way works again."""

    way: str
    task: asyncio.Task[Sequence[Settlement]]
    probing: bool = False


class UnderWay:
    """The batches on their way out, of one event loop."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []

    def __bool__(self) -> bool:
        """Tell whether anything is on its way."""
        return bool(self._batches)

    @property
    def busy(self) -> frozenset[str]:
        """The ways that are handed nothing more for now."""
        return frozenset(one.way for one in self._batches)

    def waits(self, ways: Ways) -> frozenset[str]:
        """Return the ways whose messages wait: where one of them tries, the others may take the fallback."""
        trying = {one.way for one in self._batches if one.probing and ways.instead_of(one.way) is not None}
        return self.busy - trying

    def set_out(self, way: str, handing: Coroutine[None, None, Sequence[Settlement]], *, probing: bool = False) -> None:
        """Let a batch set out."""
        self._batches.append(Batch(way, asyncio.create_task(handing), probing))

    async def come_back(self, within: float | None = None) -> Counter[str]:
        """Wait until a batch is through, at most so many seconds; returns what came of those that are, by word.

        Raises:
            StoreUnreachable: the database was away for so long that what came of a batch could not be written.
        """
        if self._batches:
            await self._wait(within)
        done = [one for one in self._batches if one.task.done()]
        self._batches = [one for one in self._batches if one not in done]
        failed = [problem for one in done if (problem := one.task.exception()) is not None]
        if failed:
            raise failed[0]
        return Counter(settlement.to for one in done for settlement in one.task.result())

    async def all_back(self) -> Counter[str]:
        """Wait for all of them."""
        if self._batches:
            await asyncio.wait([one.task for one in self._batches])
        return await self.come_back()

    async def rest(self, seconds: float) -> bool:
        """Sleep, but no longer than until a batch is through; returns whether one is."""
        if not self._batches:
            await asyncio.sleep(seconds)
            return False
        return await self._wait(seconds)

    async def _wait(self, seconds: float | None) -> bool:
        tasks = [one.task for one in self._batches]
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
