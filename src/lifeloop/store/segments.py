"""For whom a condition holds: who is in which segment, who joined or left, whom an audience holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lifeloop.journey.condition import Condition
from lifeloop.store import looks
from lifeloop.store.conditions import Reading, where
from lifeloop.store.transaction import Tx
from lifeloop.store.turning import next_turn


@dataclass(frozen=True, slots=True)
class Known:
    """A segment as it was last worked out. ``after``: a new meaning is asked of everybody, and has got this far."""

    name: str
    digest: str
    after: int | None = None


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
    tx: Tx, segment: str, condition: Condition, reading: Reading, customer_ids: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Work out in SQL whether some customers are in a segment; returns who joined and who left since the last time.

    When time may change that next is noted (``looks``), so that nobody has to be asked again before.
    """
    test, values = where(tx, condition, reading)
    values |= {"segment": segment, "some": list(customer_ids)}
    left = tx.ask(
        f"DELETE FROM segment_member WHERE segment = :segment AND {tx.among('customer_id', 'some')} AND NOT EXISTS"
        f" (SELECT 1 FROM customer c WHERE c.id = segment_member.customer_id AND {test}) RETURNING customer_id",
        **values,
    )
    joined = tx.ask(
        "INSERT INTO segment_member (segment, customer_id) SELECT :segment, c.id FROM customer c"
        f" WHERE {tx.among('c.id', 'some')} AND NOT EXISTS ({_MEMBER}) AND {test}"
        " ORDER BY c.id ON CONFLICT DO NOTHING RETURNING customer_id",
        **values,
    )
    _plan_looks(tx, segment, condition, reading, customer_ids)
    return tuple(sorted(row.customer_id for row in joined)), tuple(sorted(row.customer_id for row in left))


def _plan_looks(tx: Tx, segment: str, condition: Condition, reading: Reading, customer_ids: Sequence[int]) -> None:
    """Note when time may change who of these is in a segment. A mark that is due stays: somebody else set it."""
    turn = next_turn(tx, condition, reading)
    if turn is None:
        return
    sql, values = turn
    tx.run(
        "INSERT INTO segment_look (segment, customer_id, due_at) SELECT :segment, w.id, w.turn FROM"
        f" (SELECT c.id, {sql} AS turn FROM customer c WHERE {tx.among('c.id', 'some')}) AS w"
        f" WHERE w.turn IS NOT NULL ORDER BY w.id {looks.AGAIN} excluded.due_at WHERE segment_look.due_at > :now",
        segment=segment,
        some=list(customer_ids),
        now=reading.now,
        **values,
    )


def members(tx: Tx, segment: str) -> tuple[int, ...]:
    """Who is in it."""
    rows = tx.ask("SELECT customer_id FROM segment_member WHERE segment = :segment ORDER BY 1", segment=segment)
    return tuple(row.customer_id for row in rows)


def known(tx: Tx) -> dict[str, Known]:
    """The segments whose members are kept, by name."""
    rows = tx.ask("SELECT name, digest, after_id FROM segment ORDER BY name")
    return {row.name: Known(row.name, row.digest, row.after_id) for row in rows}


def begin(tx: Tx, name: str, digest: str, *, asks_messages: bool) -> None:
    """Note that everybody is to be asked whether they are in a segment, from the first to the last."""
    tx.run(
        "INSERT INTO segment (name, digest, asks_messages, after_id) VALUES (:name, :digest, :asks, 0)"
        " ON CONFLICT (name) DO UPDATE"
        " SET digest = excluded.digest, asks_messages = excluded.asks_messages, after_id = 0",
        name=name,
        digest=digest,
        asks=int(asks_messages),
    )


def proceed(tx: Tx, name: str, after: int | None) -> None:
    """Note how far that has got; None: everybody was asked."""
    tx.run("UPDATE segment SET after_id = :after WHERE name = :name", name=name, after=after)


def forget(tx: Tx, names: Collection[str]) -> None:
    """No journey starts from these any more: nobody is looked at for them. Who was in them is corrected next time."""
    for table, column in (("segment_look", "segment"), ("segment", "name")):
        tx.run(f"DELETE FROM {table} WHERE {tx.among(column, 'names', 'text')}", names=list(names))
