"""Customers who turned out to be somebody else: under what their old ids and old links find them now."""

from __future__ import annotations

from collections.abc import Collection

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer


def now_called(tx: Tx, keys: Collection[str]) -> dict[str, str]:
    """Return the present ids of those of these who were merged into others."""
    rows = tx.ask(
        "SELECT a.key, c.key AS present FROM alias a JOIN customer c ON c.id = a.customer_id"
        f" WHERE {tx.among('a.key', 'keys', 'text')}",
        keys=list(keys),
    )
    return {row.key: row.present for row in rows}


def followed(tx: Tx, customer_id: int) -> int:
    """Return under which number a customer is found now: links in old mails carry the number they had then."""
    rows = tx.ask("SELECT customer_id FROM alias WHERE former_id = :id", id=customer_id)
    return int(rows[0].customer_id) if rows else customer_id


def add(tx: Tx, former: Customer, winner_id: int, now: Instant) -> None:
    """Note who a customer turned out to be, who is deleted after this."""
    tx.run(
        'INSERT INTO alias (key, former_id, customer_id, "at") VALUES (:key, :former, :winner, :now)',
        key=former.key,
        former=former.id,
        winner=winner_id,
        now=now,
    )


def of_customer(tx: Tx, customer_id: int) -> tuple[str, ...]:
    """Return the other ids of somebody, in the order in which they were learned."""
    rows = tx.ask('SELECT key FROM alias WHERE customer_id = :id ORDER BY "at", key', id=customer_id)
    return tuple(row.key for row in rows)
