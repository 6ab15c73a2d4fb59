"""The append-only history of runs."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.engine.values import Visited
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Line


def add(tx: Tx, rows: Sequence[Line]) -> None:
    """Write what happened in moves; the same line twice is refused by its key."""
    raise NotImplementedError


def of_run(tx: Tx, run_id: int) -> tuple[Visited, ...]:
    """One run's history in order."""
    raise NotImplementedError
