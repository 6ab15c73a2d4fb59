"""Who may enter, and from when: added, re-timed, claimed, and gone once decided."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import EVERYBODY, CandidateRow, NewCandidate, Shard


def add(tx: Tx, rows: Sequence[NewCandidate]) -> int:
    """Write candidates; those already known are ignored. Returns how many are new."""
    raise NotImplementedError


def retime(tx: Tx, rows: Sequence[NewCandidate]) -> None:
    """Write date starts: the moment of a known one is replaced."""
    raise NotImplementedError


def remove(tx: Tx, keys: Sequence[tuple[str, int, str, str]]) -> None:
    """Forget ``(journey, customer_id, trigger, subject)``."""
    raise NotImplementedError


def claim_due(
    tx: Tx, journeys: Sequence[str], now: Instant, limit: int, shard: Shard = EVERYBODY
) -> tuple[CandidateRow, ...]:
    """Take those whose moment has come, earliest first, with their customers' locks. Paused journeys have none."""
    raise NotImplementedError


def delete(tx: Tx, ids: Sequence[int]) -> None:
    """They were decided."""
    raise NotImplementedError
