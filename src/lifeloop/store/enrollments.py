"""Runs: added once, claimed when due, saved against the fence."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import EVERYBODY, NewRun, PastRun, Run, Saved, Shard, Waiting


def add(tx: Tx, rows: Sequence[NewRun], now: Instant) -> tuple[int | None, ...]:
    """Write runs; per row its id, or None where that entry key was used or the subject has an active run."""
    raise NotImplementedError


def claim_due(tx: Tx, journeys: Sequence[str], now: Instant, limit: int, shard: Shard = EVERYBODY) -> tuple[Run, ...]:
    """Take due runs, earliest first, with their customers' locks; nobody else has them until this commit."""
    raise NotImplementedError


def claim_customer(tx: Tx, customer_id: int, journeys: Sequence[str] | None = None) -> tuple[Run, ...]:
    """Take all waiting runs of one customer, due or not."""
    raise NotImplementedError


def wake(tx: Tx, rows: Sequence[tuple[int, Collection[str]]], now: Instant) -> int:
    """Look at these customers' waiting runs now, in those journeys. The caller holds the customers' locks."""
    raise NotImplementedError


def wake_runs(tx: Tx, ids: Sequence[int], now: Instant) -> int:
    """Look at these runs now."""
    raise NotImplementedError


def save_moves(tx: Tx, rows: Sequence[Saved]) -> tuple[int, ...]:
    """Write new states where the fence still fits; returns the ids that were lost. Then roll back or skip them."""
    raise NotImplementedError


def fail(tx: Tx, ids: Sequence[int], reason: str, now: Instant) -> None:
    """These could not be moved on: an operator must look."""
    raise NotImplementedError


def past(tx: Tx, pairs: Sequence[tuple[int, str]]) -> dict[tuple[int, str], tuple[PastRun, ...]]:
    """Earlier and present runs per ``(customer_id, journey)``, oldest first."""
    raise NotImplementedError


def next_due(tx: Tx, journey: str) -> Instant | None:
    """The next moment anything of this journey falls due: a candidate, a run, a message."""
    raise NotImplementedError


def waiting(tx: Tx, journey: str | None, after: int, limit: int) -> tuple[Waiting, ...]:
    """Who waits where until when, paged by run id."""
    raise NotImplementedError


def find(tx: Tx, ids: Sequence[int]) -> dict[int, Run]:
    """Runs by id."""
    raise NotImplementedError


def of_customer(tx: Tx, customer_id: int) -> tuple[Run, ...]:
    """All runs of one customer, oldest first."""
    raise NotImplementedError
