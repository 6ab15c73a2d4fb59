"""What breakers judge by, in figures: what came of messages, and who could be moved. Written where it happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from lifeloop.clock import Instant
from lifeloop.engine.breaker import Key
from lifeloop.engine.retry import Outcome
from lifeloop.journey.ways import provider_of
from lifeloop.store import halts
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Message, Run
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work.following import way_of
from lifeloop.work.workspace import Workspace

UNWORDED = "unworded"
"""The class of an outcome when there was nothing to hand over, because the text could not be written."""


def figures_of(space: Workspace, messages: Mapping[str, Message], settled: Sequence[Settlement]) -> Counter[Key]:
    """Return which texts could be written, and what the providers that had the messages took."""
    found: Counter[Key] = Counter()
    for one in settled:
        row = messages[one.id]
        if row.kind != "mail":
            continue
        if one.outcome == UNWORDED:
            found["message", row.name, "unwritten"] += 1
        elif one.outcome in (Outcome.ACCEPTED, Outcome.REJECTED):
            found["message", row.name, "written"] += 1
            said = "taken" if one.outcome == Outcome.ACCEPTED else "refused"
            found["provider", provider_of(way_of(space, row), space.catalogue), said] += 1
    return found


def moves_of(runs: Iterable[Run], moved: Collection[int]) -> Counter[Key]:
    """Return who could be moved, by journey, and who could not."""
    return Counter(("journey", run.journey, "moved" if run.id in moved else "failed") for run in runs)


def count(space: Workspace, tx: Tx, figures: Mapping[Key, int], now: Instant) -> None:
    """Write figures down, where breakers watch: a transaction's last statement, for all workers write the same rows."""
    if space.live:
        halts.count(tx, figures, now)
