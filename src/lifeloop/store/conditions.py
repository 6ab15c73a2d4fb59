"""Conditions read as SQL, agreeing with ``lifeloop.engine.conditions``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lifeloop.clock import Instant
from lifeloop.journey.condition import Condition
from lifeloop.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class Reading:
    """What a condition is read with: the moment, the project's zone, and the segments by name."""

    now: Instant
    timezone: str = "UTC"
    segments: Mapping[str, Condition] = field(default_factory=dict)


def where(tx: Tx, condition: Condition, reading: Reading) -> tuple[str, dict[str, object]]:
    """A condition on ``customer`` rows (alias ``c``) as SQL with bound parameters."""
    raise NotImplementedError
