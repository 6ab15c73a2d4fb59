"""An event loop whose time a test moves on: what would be waited for is over at once, however busy the machine is."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class PassingLoop(asyncio.SelectorEventLoop):
    """Its clock goes like any other, and is ahead of it by what was let go by."""

    gone = 0.0

    def time(self) -> float:
        return super().time() + self.gone


def let_pass(seconds: float) -> None:
    """Let time go by for everybody who waits in this loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, PassingLoop)
    loop.gone += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Do what ``asyncio.run`` does, in such a loop."""
    with asyncio.Runner(loop_factory=PassingLoop) as runner:
        return runner.run(main)
