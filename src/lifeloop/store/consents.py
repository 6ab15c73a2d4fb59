"""Permission given and taken, and addresses never to write to."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import ConsentRow, SuppressionRow


def record(tx: Tx, rows: Sequence[ConsentRow], now: Instant) -> None:
    """Write permission; taking it cancels ready messages of that topic in the same commit."""
    raise NotImplementedError


def unsubscribe(tx: Tx, customer_id: int, topic: str, now: Instant, *, channel: str = "*", source: str = "") -> int:
    """Take permission; returns how many ready messages were cancelled."""
    raise NotImplementedError


def of_customer(tx: Tx, customer_id: int) -> dict[str, bool]:
    """Present permission by topic, or ``channel/topic``."""
    raise NotImplementedError


def history(tx: Tx, customer_id: int) -> tuple[ConsentRow, ...]:
    """Everything ever said, oldest first."""
    raise NotImplementedError


def suppress(tx: Tx, rows: Sequence[SuppressionRow]) -> None:
    """Never write to these addresses again."""
    raise NotImplementedError


def unsuppress(tx: Tx, channel: str, address: str) -> None:
    """They asked for it themselves."""
    raise NotImplementedError
