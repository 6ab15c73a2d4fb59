"""The engine's ``SetData`` effects, on customers and on their things."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.clock import Instant
from lifeloop.store import customers, objects
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Assign, Change


def set_data(tx: Tx, assigns: Sequence[Assign], now: Instant) -> tuple[Change, ...]:
    """Carry them out in a batch, and tell what changed."""
    own = [assign for assign in assigns if assign.name.root == "customer"]
    things = [assign for assign in assigns if assign.name.root != "customer"]
    changes = customers.assign(tx, own, now) if own else ()
    return (*changes, *objects.assign(tx, things, now)) if things else changes
