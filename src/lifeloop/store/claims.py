"""Taking due rows so that nobody else has them, together with their customers' locks.

On PostgreSQL rows and customers are taken with SKIP LOCKED: a claim never waits, so two claims cannot tie a knot,
and a customer that somebody is writing about is left for the next wave. On SQLite the transaction is alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from lifeloop.clock import Instant
from lifeloop.store import customers
from lifeloop.store.transaction import Rows, Tx
from lifeloop.store.values import Shard

Due = Literal["candidate", "enrollment", "message"]
_MOMENT = {"candidate": "due_at", "enrollment": "due_at", "message": "next_at"}


def claim(tx: Tx, table: Due, journeys: Sequence[int], now: Instant, *, limit: int, shard: Shard) -> list[Any]:
    """Take due rows of these journeys, those of the first journey first, earliest first; returns their ids.

    One statement per journey, so that each reads only the front of its own index, whatever else is waiting.
    """
    taken: list[tuple[Any, int]] = []
    for journey in journeys:
        if len(taken) < limit:
            found = _due(tx, table, journey, now, limit=limit - len(taken), shard=shard)
            taken += [(row.id, row.customer_id) for row in found]
    free = customers.lock_free(tx, [customer for _, customer in taken]) if taken else frozenset()
    return [id_ for id_, customer in taken if customer in free]


def _due(tx: Tx, table: Due, journey: int, now: Instant, *, limit: int, shard: Shard) -> Rows:
    moment = _MOMENT[table]
    part = " AND customer_id % :count = :index" if shard.count > 1 else ""
    return tx.ask(
        f"SELECT id, customer_id FROM {table} WHERE journey_id = :journey AND {moment} <= :now{part}"
        f" ORDER BY {moment}, id LIMIT :limit {tx.locked('FOR UPDATE SKIP LOCKED')}",
        journey=journey,
        now=now,
        limit=limit,
        **({"count": shard.count, "index": shard.index} if part else {}),
    )
