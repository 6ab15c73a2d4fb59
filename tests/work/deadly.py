"""Workers that die of one customer, as of a crash in somebody else's code: no exception, no farewell."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from lifeloop.clock import SetClock
from lifeloop.engine import machine
from lifeloop.engine.values import Facts, Move, State, Wake
from lifeloop.journey.plan import Plan
from lifeloop.work import admitting, moving
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import open_workspace

AT = {"admit": admitting, "move": moving}


def main(root: str, url: str, now: str, where: str, whom: str, most: str) -> None:
    """Let one process after the other run a wave, until one comes to its end; print how each ended."""
    AT[where].advance = _deadly(whom)
    ended = [0]
    while len(ended) <= int(most) and (len(ended) == 1 or ended[-1]):
        child = os.fork()
        if not child:
            _wave(Path(root), url, int(now))
            os._exit(0)
        ended.append(os.waitpid(child, 0)[1])
    print(*ended[1:])


def _deadly(whom: str) -> Callable[..., Move]:
    def advance(plan: Plan, state: State, wake: Wake, *, facts: Facts, now: int) -> Move:
        if facts.customer_id == whom:
            os.kill(os.getpid(), signal.SIGKILL)
        return machine.advance(plan, state, wake, facts=facts, now=now)

    return advance


def _wave(root: Path, url: str, now: int) -> None:
    space = open_workspace(root, url=url, clock=SetClock(now), environ={})
    asyncio.run(Wave(space, batch=20).run())
    space.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
