"""Errors inside a run, without anybody's data: Prefect keeps what it is told for weeks, in clear, in several tables."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class WaveFailedError(RuntimeError):
    """Something went wrong in a wave. What exactly is in the worker's own log, not on Prefect."""


@contextmanager
def discreet(doing: str) -> Iterator[None]:
    """Let an error through as its kind only; its words, which may quote a record, stay on this machine."""
    try:
        yield
    except WaveFailedError:
        raise
    except Exception as problem:
        log.exception("%s failed", doing)
        kind = type(problem).__name__
        raise WaveFailedError(f"{doing} failed ({kind}). The log of the worker that ran it says more.") from None
