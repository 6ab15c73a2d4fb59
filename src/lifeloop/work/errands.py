"""What is fetched from outside: lost answers from providers that can be asked, and mail that came back."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter

from lifeloop.work.collecting import collect
from lifeloop.work.looking_up import look_up
from lifeloop.work.trouble import kind_and_place
from lifeloop.work.workspace import Workspace

log = logging.getLogger(__name__)


async def run_errands(space: Workspace) -> dict[str, int]:
    """Ask and fetch once; returns what came of it. What fails is logged and tried the next time."""
    counts: Counter[str] = Counter()
    try:
        counts.update(await look_up(space))
    except Exception as problem:  # noqa: BLE001  # whatever it is, nothing else waits for it
        log.error("looking for lost answers failed: %s", kind_and_place(problem))  # noqa: TRY400  # no data in logs
    try:
        counts.update(await asyncio.to_thread(collect, space))
    except Exception as problem:  # noqa: BLE001  # the same
        log.error("the mailbox was not emptied: %s", kind_and_place(problem))  # noqa: TRY400  # no data in logs
    return dict(counts)


class Errands:
    """Errands beside the waves: at most one at a time, and no wave waits for it."""

    def __init__(self) -> None:
        self._task: asyncio.Task[dict[str, int]] | None = None

    def start(self, space: Workspace) -> None:
        """Set out, unless the last one is still on its way."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(run_errands(space))

    async def wait(self) -> None:
        """Wait for the one that is on its way."""
        if self._task is not None:
            await self._task
