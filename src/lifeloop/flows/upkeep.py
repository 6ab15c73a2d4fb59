"""The flow that tidies up: lost answers, segments that time has changed, the heartbeat."""

from __future__ import annotations

from pathlib import Path

from prefect import flow

from lifeloop.work.tidying import tidy
from lifeloop.work.workspace import open_workspace


@flow(name="upkeep", version="1", retries=0, persist_result=False)
async def upkeep() -> dict[str, int]:
    """Settle what was left open, refresh segments, note that we are alive. Safe at any time, any number of times."""
    space = open_workspace(Path.cwd())
    try:
        return tidy(space)
    finally:
        space.close()
