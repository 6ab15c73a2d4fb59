"""The flow that tidies up: lost answers, segments that time has changed, journeys that no flow moves, the heartbeat."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from time import monotonic
from typing import Any

from prefect import Flow, flow
from prefect.runtime import deployment, flow_run

from lifeloop.flows.discreet import discreet
from lifeloop.flows.manifest import UPKEEP
from lifeloop.flows.waking import Waking
from lifeloop.work.errands import run_errands
from lifeloop.work.guarding import open_guard
from lifeloop.work.left_behind import left_behind
from lifeloop.work.tidying import tidy
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace, open_workspace

BUDGET = 240
"""Seconds after which it ends; what is left, the next one does."""


def upkeep_flow(root: Path, *, module: str) -> Flow[..., Any]:
    """Return the upkeep flow of the project in a folder. ``module``: the ``__name__`` of the file that shows it."""

    async def upkeep() -> dict[str, int]:
        """Settle what was left open, refresh segments, move those whose journey has no file any more.

        Safe at any time, any number of times.
        """
        with discreet("upkeep"):
            return await _keep_up(root)

    upkeep.__qualname__ = upkeep.__name__
    upkeep.__module__ = module
    made: Flow[..., Any] = flow(name=UPKEEP, version="1", retries=0, persist_result=False)(upkeep)
    return made


async def _keep_up(root: Path) -> dict[str, int]:
    space = open_workspace(root)
    try:
        open_guard(space)
        done = Counter(tidy(space))
        done.update(await run_errands(space))
        ends = monotonic() + BUDGET
        names = left_behind(space)
        for name in names:
            done.update(await Wave(space, name, enough=lambda: monotonic() > ends).run())
        await _again(space, names)
        return dict(done)
    finally:
        space.close()


async def _again(space: Workspace, names: tuple[str, ...]) -> None:
    moments = [due for name in names if (due := Wave(space, name).next_due()) is not None]
    if moments and deployment.id:
        async with Waking.open(space.clock.now()) as waking:
            await waking.again(deployment.id, UPKEEP, min(moments), own=flow_run.id)
