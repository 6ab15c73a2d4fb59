"""Taking due rows so that nobody else has them, together with their customers' locks.

On PostgreSQL rows and customers are taken with SKIP LOCKED: a claim never waits, so two claims cannot tie a knot,
and a customer that somebody is writing about is left for the next wave. On SQLite the transaction is alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lifeloop.clock import Instant
from lifeloop.store import customers, journeys
from lifeloop.store.transaction import Rows, Tx
from lifeloop.store.values import EVERYBODY, Shard

Due = Literal["candidate", "enrollment", "message"]
_MOMENT = {"candidate": "due_at", "enrollment": "due_at", "message": "next_at"}


@dataclass(frozen=True, slots=True)
class Picked:
    """Rows that are taken alone, or left to others: their ids. ``only`` None: any."""

    only: Collection[int] | None = None
    without: Collection[int] = ()


ANY = Picked()


@dataclass(frozen=True, slots=True)
class Which:
    """Which due rows: of these journeys (None: all), one part of the customers, one step, one person, some kinds.

    ``but``: messages of these channels are left, and calls of these connections, as in ``call:crm``.
    """

    journeys: Sequence[str] | None = None
    shard: Shard = EVERYBODY
    node: str | None = None
    customer: str | None = None
    kinds: Collection[str] | None = None
    but: Collection[str] = ()
    picked: Picked = ANY

    def sql(self, tx: Tx) -> tuple[str, dict[str, Any]]:
        """Return what to add to a WHERE, and its values."""
        parts: dict[str, dict[str, Any]] = {}
        if self.shard.count > 1:
            parts["customer_id % :count = :index"] = {"count": self.shard.count, "index": self.shard.index}
        if self.node is not None:
            parts["node = :node"] = {"node": self.node}
        if self.customer is not None:
            parts["customer_id = (SELECT id FROM customer WHERE key = :customer)"] = {"customer": self.customer}
        if self.kinds is not None:
            parts[tx.among("kind", "kinds", "text")] = {"kinds": list(self.kinds)}
        if self.but:
            parts[f"NOT {tx.among(_lane(tx), 'but', 'text')}"] = {"but": sorted(self.but)}
        if self.picked.only is not None:
            parts[tx.among("id", "only")] = {"only": list(self.picked.only)}
        if self.picked.without:
            parts[f"NOT {tx.among('id', 'without')}"] = {"without": list(self.picked.without)}
        values = {name: value for part in parts.values() for name, value in part.items()}
        return "".join(f" AND {part}" for part in parts), values


def claim(tx: Tx, table: Due, now: Instant, limit: int, which: Which) -> list[Any]:
    """Take due rows, earliest first, from every journey its share; returns their ids. Who rests has none due.

    One statement per journey, so that each reads only the front of its own index, whatever else is waiting. What one
    journey leaves of its share, others take: a huge one never keeps a small one waiting, and no batch is half empty.
    """
    taken = _shared(tx, table, now, limit, which)[:limit]
    free = customers.lock_free(tx, [row.customer_id for row in taken]) if taken else frozenset()
    return [row.id for row in taken if row.customer_id in free]


def _shared(tx: Tx, table: Due, now: Instant, limit: int, which: Which) -> list[Any]:
    ids = journeys.awake(tx, which.journeys)
    share = max(limit // max(len(ids), 1), 1)
    taken = {journey: _due(tx, table, journey, now, share, which) for journey in ids}
    left = limit - sum(map(len, taken.values()))
    for journey, rows in taken.items():
        if left > 0 and len(rows) == share:
            taken[journey] = _due(tx, table, journey, now, share + left, which)
            left -= len(taken[journey]) - share
    return [row for rows in taken.values() for row in rows]


def count(tx: Tx, table: Due, now: Instant, which: Which) -> int:
    """Return how many are due."""
    ids = journeys.awake(tx, which.journeys)
    more, values = which.sql(tx)
    found = tx.ask(
        f"SELECT count(*) AS number FROM {table} WHERE {tx.among('journey_id', 'ids', 'integer')}"
        f" AND {_MOMENT[table]} <= :now{more}",
        ids=ids,
        now=now,
        **values,
    )
    return int(found[0].number)


def _due(tx: Tx, table: Due, journey: int, now: Instant, limit: int, which: Which) -> Rows:
    more, values = which.sql(tx)
    return tx.ask(
        f"SELECT id, customer_id FROM {table} WHERE journey_id = :journey AND {_MOMENT[table]} <= :now{more}"
        f" ORDER BY {_MOMENT[table]}, id LIMIT :limit {tx.locked('FOR UPDATE SKIP LOCKED')}",
        journey=journey,
        now=now,
        limit=limit,
        **values,
    )


def _lane(tx: Tx) -> str:
    """Return SQL for the channel of a message, or the connection of a call, as in ``call:crm``."""
    connection = "split_part(name, '.', 1)" if tx.postgres else "substr(name, 1, instr(name, '.') - 1)"
    return f"CASE channel WHEN 'call' THEN 'call:' || {connection} ELSE channel END"
