"""Ctrl-C and SIGTERM for commands that run on: the first lets the work at hand finish, the second ends at once."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def gently(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` at the first signal; raise KeyboardInterrupt at the second."""
    seen: list[int] = []

    def heard(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        if len(seen) > 1:
            raise KeyboardInterrupt
        stop()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
