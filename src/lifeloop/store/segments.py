"""For whom a condition holds: who is in which segment, who joined or left, whom an audience holds."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.journey.condition import Condition
from lifeloop.store.conditions import Reading, where
from lifeloop.store.transaction import Tx

_MEMBER = "SELECT 1 FROM segment_member s WHERE s.segment = :segment AND s.customer_id = c.id"


def select(
    tx: Tx,
    condition: Condition,
    reading: Reading,
    *,
    after: int = 0,
    limit: int = 1000,
    customer_ids: Sequence[int] | None = None,
) -> tuple[int, ...]:
    """Customers for whom a condition holds, paged by id; ``customer_ids``: only among these."""
    test, values = where(tx, condition, reading)
    among = "" if customer_ids is None else f" AND {tx.among('c.id', 'some')}"
    rows = tx.ask(
        f"SELECT c.id FROM customer c WHERE c.id > :after AND {test}{among} ORDER BY c.id LIMIT :limit",
        after=after,
        limit=limit,
        **values,
        **({"some": list(customer_ids)} if customer_ids is not None else {}),
    )
    return tuple(row.id for row in rows)


def count(tx: Tx, condition: Condition, reading: Reading) -> int:
    """For how many a condition holds: a forecast, or a preview of an audience."""
    test, values = where(tx, condition, reading)
    return int(tx.ask(f"SELECT count(*) AS number FROM customer c WHERE {test}", **values)[0].number)


def refresh(
    tx: Tx, segment: str, condition: Condition, reading: Reading, *, customer_ids: Sequence[int] | None = None
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Work out a segment in SQL; returns who joined and who left since the last time."""
    test, values = where(tx, condition, reading)
    among = "" if customer_ids is None else f" AND {tx.among('{0}', 'some')}"
    values |= {"segment": segment} | ({"some": list(customer_ids)} if customer_ids is not None else {})
    left = tx.ask(
        f"DELETE FROM segment_member WHERE segment = :segment{among.format('customer_id')} AND NOT EXISTS"
        f" (SELECT 1 FROM customer c WHERE c.id = segment_member.customer_id AND {test}) RETURNING customer_id",
        **values,
    )
    joined = tx.ask(
        "INSERT INTO segment_member (segment, customer_id)"
        f" SELECT :segment, c.id FROM customer c WHERE NOT EXISTS ({_MEMBER}) AND {test}{among.format('c.id')}"
        " ORDER BY c.id ON CONFLICT DO NOTHING RETURNING customer_id",
        **values,
    )
    return tuple(sorted(row.customer_id for row in joined)), tuple(sorted(row.customer_id for row in left))


def members(tx: Tx, segment: str) -> tuple[int, ...]:
    """Who is in it."""
    rows = tx.ask("SELECT customer_id FROM segment_member WHERE segment = :segment ORDER BY 1", segment=segment)
    return tuple(row.customer_id for row in rows)
