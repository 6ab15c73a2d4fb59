"""Whose database this is: the guard against a restored or copied one."""

from __future__ import annotations

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Instance


def open_guard(tx: Tx, host: str, now: Instant, *, stale_after: int = 3600, epoch: int | None = None) -> Instance:
    """Note that we run here. Held when the last heartbeat is old, the host is new, or the epoch went back."""
    raise NotImplementedError


def heartbeat(tx: Tx, now: Instant) -> None:
    """We are alive."""
    raise NotImplementedError


def accept(tx: Tx, host: str, now: Instant) -> Instance:
    """An operator decided: go on from here, in a new epoch."""
    raise NotImplementedError
