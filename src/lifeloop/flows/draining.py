"""Letting go of Prefect: what its background threads still have to tell is told while the server is there."""

from __future__ import annotations

from typing import Any

from prefect.events.worker import EventsWorker
from prefect.logging.handlers import APILogWorker

PATIENCE = 10.0
"""Seconds. Prefect itself would wait for ever at the end of the process, also for a server that is gone."""


def tell_the_rest() -> bool:
    """Send events and log lines that wait; False when that was not possible in time."""
    left: list[Any] = []
    for worker in (EventsWorker, APILogWorker):
        told: Any = worker.drain_all(timeout=PATIENCE)
        left += told[1]
    return not left
