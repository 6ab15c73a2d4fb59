"""Telling Prefect that something happened, so that it is looked at now and not at the next safety wave."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping

from lifeloop.cli.output import Output
from lifeloop.clock import Instant
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace

API = "PREFECT_API_URL"


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
