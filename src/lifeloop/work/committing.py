"""Group commit: whatever waits is written in one transaction, and each is answered after the commit.

One thread writes. It gathers for a moment, so that many small requests share one commit and one wait for the disk;
while it writes, the next ones gather. Their order is the order in which they came.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

from lifeloop.store.customers import Merged
from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.work.arriving import Item, Taken, take_items
from lifeloop.work.trouble import kind_and_place
from lifeloop.work.workspace import Workspace

T = TypeVar("T")
WINDOW = 0.002
"""Seconds that the first of a group waits for others."""
MOST = 2500
"""Items of one commit; a single request may hold as many."""
WAITING = 20_000
"""Items that may wait; more are turned away, so that nobody waits for ever and memory has an end."""
TRIES = 5
"""Times that a group is tried while others find out who its customers really are."""
ENDS_WITHIN = 30

log = logging.getLogger(__name__)


class Full(Exception):  # noqa: N818  # it is what it says
    """More waits than can be written soon."""


class Done(NamedTuple, Generic[T]):
    """What became of one request. ``taken`` None: ``problem`` says why nothing of it was written."""

    ticket: T
    taken: Taken | None = None
    problem: Exception | None = None


@dataclass(slots=True)
class Waiting(Generic[T]):
    """One request and its ticket, by which it is answered."""

    items: Sequence[Item]
    ticket: T


@dataclass(slots=True)
class Writer(Generic[T]):
    """Writes what is put in. ``answer`` is called from the writer's thread after every commit, with all it settled.

    ``wake`` is told which journeys have something to do, after that.
    """

    space: Workspace
    answer: Callable[[Sequence[Done[T]]], None]
    wake: Callable[[Iterable[str]], None] = lambda _journeys: None
    window: float = WINDOW
    _queue: deque[Waiting[T]] = field(default_factory=deque)
    _count: int = 0
    _comes: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _thread: threading.Thread | None = None
    _ending: bool = False

    def put(self, items: Sequence[Item], ticket: T) -> None:
        """Let a request wait for the next commit.

        Raises:
            Full: too many wait already.
        """
        with self._lock:
            if self._ending or self._count + len(items) > WAITING:
                raise Full
            self._count += len(items)
            self._queue.append(Waiting(items, ticket))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="lifeloop-writer", daemon=True)
                self._thread.start()
            if not self._comes.is_set():
                self._comes.set()

    def close(self) -> None:
        """Write what waits, and end."""
        self._ending = True
        self._comes.set()
        if self._thread is not None:
            self._thread.join(ENDS_WITHIN)

    def _run(self) -> None:
        while True:
            self._comes.wait()
            if not self._ending:
                time.sleep(self.window)
            group = self._gather()
            if group:
                self._write(group)
            elif self._ending:
                return

    def _gather(self) -> list[Waiting[T]]:
        """Take what waits, in its order, up to what one commit holds."""
        group: list[Waiting[T]] = []
        count = 0
        with self._lock:
            while self._queue and (not group or count + len(self._queue[0].items) <= MOST):
                group.append(self._queue.popleft())
                count += len(group[-1].items)
            self._count -= count
            if not self._queue and not self._ending:
                self._comes.clear()
        return group

    def _write(self, group: Sequence[Waiting[T]]) -> None:
        journeys: Iterable[str] = ()
        try:
            taken = self._together([item for one in group for item in one.items])
            done, journeys = list(_shares(group, taken)), taken.journeys
        except (StoreBusy, StoreUnreachable) as problem:
            done = [Done(one.ticket, problem=problem) for one in group]
        except Exception as problem:  # noqa: BLE001  # one of them is bad, and the others are not to suffer for it
            if len(group) > 1:
                for one in group:
                    self._write([one])
                return
            log.error("a request could not be written: %s", kind_and_place(problem))  # noqa: TRY400  # no data in logs
            done = [Done(group[0].ticket, problem=problem)]
        self.answer(done)
        if journeys:
            self.wake(sorted(journeys))

    def _together(self, items: Sequence[Item]) -> Taken:
        for nth in range(TRIES):
            try:
                with self.space.store.transaction() as tx:
                    return take_items(self.space, tx, items)
            except Merged:
                if nth == TRIES - 1:
                    raise
        raise AssertionError("unreachable")


def _shares(group: Sequence[Waiting[T]], taken: Taken) -> Iterable[Done[T]]:
    start = 0
    for one in group:
        end = start + len(one.items)
        yield Done(one.ticket, Taken(taken.words[start:end], taken.journeys))
        start = end
