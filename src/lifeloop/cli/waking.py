"""Telling Prefect that something happened, so that it is looked at now and not at the next safety wave."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterable, Mapping
from time import sleep
from typing import Self

from lifeloop.cli.output import Output
from lifeloop.clock import Instant
from lifeloop.work.trouble import kind_and_place
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace

API = "PREFECT_API_URL"
ENDS_WITHIN = 10
GATHERS = 0.5
"""Seconds in which wake-ups are gathered before Prefect is told: one call for all that a busy moment concerns."""


def wake_journeys(
    space: Workspace, journeys: Iterable[str], out: Output, environ: Mapping[str, str] = os.environ
) -> None:
    """Schedule a wave of these journeys for when they are due, if a Prefect server is named; otherwise nothing.

    Call it after the commit, with what ``ingest`` returned. Prefect is only imported when there is somebody to wake.
    A server that does not answer is no error: what was taken in is safe, and the next safety wave finds it.
    """
    if not environ.get(API):
        return
    dues = {name: due for name in journeys if (due := Wave(space, name).next_due()) is not None}
    if dues:
        _wake(dues, space.clock.now(), out)


def _wake(dues: Mapping[str, Instant], now: Instant, out: Output) -> None:
    from lifeloop.flows.waking import NotToldError, wake

    try:
        asyncio.run(wake(dues, now))
    except NotToldError as problem:
        out.note(f"Prefect could not be told ({problem}): its next safety wave will find it, within 15 minutes")


class Waker:
    """Tells Prefect beside the work, so that nobody who sends events waits for it."""

    def __init__(self, space: Workspace, out: Output, environ: Mapping[str, str] = os.environ) -> None:
        self._space = space
        self._out = out
        self._environ = environ
        self._named: set[str] = set()
        self._comes = threading.Event()
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="lifeloop-waker", daemon=True)

    def __enter__(self) -> Self:
        if self._environ.get(API):
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending = True
        self._comes.set()
        if self._thread.is_alive():
            self._thread.join(ENDS_WITHIN)

    def wake(self, journeys: Iterable[str]) -> None:
        """Let these be woken soon; returns at once."""
        self._named |= set(journeys)
        self._comes.set()

    def _run(self) -> None:
        while not self._ending:
            self._comes.wait()
            sleep(GATHERS)
            self._comes.clear()
            named, self._named = self._named, set()
            if named:
                self._tell(named)

    def _tell(self, named: set[str]) -> None:
        try:
            wake_journeys(self._space, sorted(named), self._out, self._environ)
        except Exception as problem:  # noqa: BLE001  # the next safety wave finds what nobody was told of
            self._out.note(f"journeys could not be woken: {kind_and_place(problem)}")
