"""Two customers who are one: everything of the loser goes under the winner, in one transaction, under both locks.

Which tables hold something of a customer follows from the names of columns, so a table that is added later moves too.
Where both have what only one can have, the winner's stays, unless a rule below says more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import PrimaryKeyConstraint, Table, UniqueConstraint

from lifeloop.clock import Instant
from lifeloop.engine.values import Visited
from lifeloop.store import aliases, consents, customers, events, facts, messages, objects, visits
from lifeloop.store.tables import METADATA
from lifeloop.store.transaction import Tx, dump, load
from lifeloop.store.values import Change, ConsentRow, Customer, CustomerRow, EventRow, Line, ObjectRow

SOURCE = "merge"
WHY = "merged"
_ALONE = frozenset({"object"})
"""Tables whose rows are not moved but written anew, because theirs and the winner's add up."""


def merge(tx: Tx, loser: Customer, winner: Customer, now: Instant) -> tuple[Change, ...]:
    """Move everything of one customer under another and forget the first; returns what the winner now is besides.

    The caller holds both locks. Runs of both through one journey: the older goes on (``_double_runs``). Permission is
    the stricter of the two. Messages and their reservations count together from this commit on.
    """
    changes = [*_fill(tx, loser, winner, now), *_things(tx, loser.id, winner.id, now)]
    _stop_double_runs(tx, loser, winner, now)
    _redigest(tx, loser.id, winner.id)
    said = facts.consents_of(tx, [loser.id, winner.id])
    _stricter_wish(tx, loser.id, winner.id)
    for table in _tables():
        _move(tx, table, loser.id, winner.id)
    _keep_stricter(tx, winner.id, said.get(winner.id, {}), said.get(loser.id, {}), now)
    aliases.add(tx, loser, winner.id, now)
    tx.run("DELETE FROM customer WHERE id = :loser", loser=loser.id)
    _look_again(tx, winner.id, now)
    return tuple(changes)


def stricter(one: Mapping[str, bool], other: Mapping[str, bool]) -> dict[str, bool]:
    """Return the permission that both sides allow, by topic or ``channel/topic``.

    A *no* of one side holds against any *yes* of the other, also where one is about a channel and the other about
    all of them. What only one side ever spoke of stays as it was said.
    """
    return {name: all(_answers(name, one, other)) for name in {**one, **other}}


def _answers(name: str, *sides: Mapping[str, bool]) -> Iterable[bool]:
    topic = name.rpartition("/")[2]
    for side in sides:
        answer = side.get(name, side.get(topic))
        if answer is not None:
            yield answer


def _fill(tx: Tx, loser: Customer, winner: Customer, now: Instant) -> tuple[Change, ...]:
    """Let the winner have what only the loser had."""
    more = {name: value for name, value in loser.data.items() if winner.data.get(name) is None and name != "id"}
    return customers.upsert(tx, [CustomerRow(winner.key, more)], now).changes if more else ()


def _things(tx: Tx, loser: int, winner: int, now: Instant) -> tuple[Change, ...]:
    """Write the loser's things as the winner's; of one that both have, the winner's fields stay."""
    theirs = objects.of_customers(tx, [loser])
    own = {(one.kind, one.key): one.fields for one in objects.of_customers(tx, [winner])}
    rows = [ObjectRow(winner, one.kind, one.key, {**one.fields, **own.get((one.kind, one.key), {})}) for one in theirs]
    changes = objects.upsert(tx, rows, now) if rows else ()
    tx.run("DELETE FROM object WHERE customer_id = :loser", loser=loser)
    return changes


def _stop_double_runs(tx: Tx, loser: Customer, winner: Customer, now: Instant) -> None:
    """Stop one of two runs that would say the same to one person, and give the loser's runs entry keys of their own.

    Two that wait for the same subject: the older goes on. Where a journey may be gone through only once, which is
    where both have the same entry key, a run that still waits is stopped if the other came to its end.
    """
    runs = tx.ask(
        "SELECT a.id AS theirs, a.status AS their_status, a.started_at AS their_start, b.id AS own,"
        " b.status AS own_status, b.started_at AS own_start, a.entry_key = b.entry_key AS same"
        " FROM enrollment a JOIN enrollment b ON b.journey_id = a.journey_id AND b.customer_id = :winner"
        " AND (b.entry_key = a.entry_key OR (b.subject = a.subject AND a.status = 'waiting' AND b.status = 'waiting'))"
        " WHERE a.customer_id = :loser",
        loser=loser.id,
        winner=winner.id,
    )
    _stop(tx, sorted({id_ for run in runs for id_ in _one_too_many(run)}), now)
    tx.run(
        f"UPDATE enrollment SET entry_key = entry_key || :mark WHERE {tx.among('id', 'ids')}",
        ids=[run.theirs for run in runs if run.same],
        mark=f"~{loser.id}",
    )


def _one_too_many(run: Any) -> list[int]:
    waiting = {"theirs": run.their_status == "waiting", "own": run.own_status == "waiting"}
    if all(waiting.values()):
        return [run.own if (run.their_start, run.theirs) < (run.own_start, run.own) else run.theirs]
    return [getattr(run, side) for side, waits in waiting.items() if waits]


def _stop(tx: Tx, ids: Sequence[int], now: Instant) -> None:
    if not ids:
        return
    rows = tx.ask(
        "UPDATE enrollment SET status = 'stopped', due_at = NULL, since = :now, reason = :why, fence = fence + 1"
        f" WHERE {tx.among('id', 'ids')} AND status = 'waiting' RETURNING id, fence, visit, node",
        ids=list(ids),
        now=now,
        why=WHY,
    )
    visits.add(tx, [Line(row.id, row.fence, 0, Visited(row.node, row.visit, now, "stopped", WHY)) for row in rows])
    messages.cancel_runs(tx, ids, WHY)


def _redigest(tx: Tx, loser: int, winner: int) -> None:
    """Let events be known again under the winner: who it happened to is part of what is compared."""
    rows = tx.ask("SELECT seq, customer_id, name, at, data, digest FROM event WHERE customer_id = :loser", loser=loser)
    tx.run(
        f"UPDATE event SET digest = r.digest FROM {tx.table({'seq': 'bigint', 'digest': 'bigint'})}"
        " WHERE event.seq = r.seq",
        rows=[{"seq": row.seq, "digest": _digest(row, loser, winner)} for row in rows],
    )


def _digest(row: Any, loser: int, winner: int) -> int:
    known = EventRow("", "", loser, row.name, row.at, load(row.data))
    return events.digest_for(known, winner, guessed_at=events.digest(known) != row.digest)


def _stricter_wish(tx: Tx, loser: int, winner: int) -> None:
    """Let the winner hear from us as seldom as either asked for."""
    tx.run(
        "UPDATE preference SET pace = coalesce(preference.pace, o.pace), paused_until = CASE"
        " WHEN preference.paused_until IS NULL OR o.paused_until > preference.paused_until THEN o.paused_until"
        " ELSE preference.paused_until END FROM preference o"
        " WHERE preference.customer_id = :winner AND o.customer_id = :loser",
        loser=loser,
        winner=winner,
    )


def _keep_stricter(tx: Tx, winner: int, own: Mapping[str, bool], theirs: Mapping[str, bool], now: Instant) -> None:
    """Take back in the ledger what only one of the two allows."""
    moved = {**theirs, **own}
    names = [name for name, answer in stricter(own, theirs).items() if moved[name] and not answer]
    rows = []
    for name in names:
        channel, _, topic = name.rpartition("/")
        evidence = dump({"method": SOURCE})
        rows.append(ConsentRow(winner, topic, False, now, channel or "*", SOURCE, evidence))
    if rows:
        consents.record(tx, rows, now)


def _look_again(tx: Tx, winner: int, now: Instant) -> None:
    """Let every run of the winner be looked at: more is known of them, and more has happened to them."""
    tx.run(
        "UPDATE enrollment SET due_at = :now WHERE customer_id = :winner AND status = 'waiting' AND due_at > :now",
        winner=winner,
        now=now,
    )


def _move(tx: Tx, table: Table, loser: int, winner: int) -> None:
    """Move rows; where the winner has one that the key allows once, the loser's is left, and then goes."""
    free = "".join(
        f" AND NOT EXISTS (SELECT 1 FROM {table.name} o WHERE o.customer_id = :winner"
        + "".join(f' AND o."{name}" = {table.name}."{name}"' for name in names)
        + ")"
        for names in _keys(table)
    )
    tx.run(
        f"UPDATE {table.name} SET customer_id = :winner WHERE customer_id = :loser{free}", loser=loser, winner=winner
    )
    if free:
        tx.run(f"DELETE FROM {table.name} WHERE customer_id = :loser", loser=loser)


@cache
def _tables() -> tuple[Table, ...]:
    return tuple(
        table for table in METADATA.sorted_tables if "customer_id" in table.columns and table.name not in _ALONE
    )


def _keys(table: Table) -> list[list[str]]:
    """Return what else is in each key of a table that a customer is part of.

    An index over some rows only is no such key: the runs that one forbids beside each other were stopped before.
    """
    found = [one for one in table.constraints if isinstance(one, UniqueConstraint | PrimaryKeyConstraint)]
    names = [[column.name for column in one.columns] for one in found]
    return [[name for name in each if name != "customer_id"] for each in names if "customer_id" in each]
