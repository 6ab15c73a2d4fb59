"""Runs: added once, claimed when due, saved against the fence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.values import Status
from lifeloop.store import claims
from lifeloop.store import journeys as published
from lifeloop.store.states import COLUMNS, READ, run_of, values_of
from lifeloop.store.transaction import Tx
from lifeloop.store.values import EVERYBODY, FirstDue, NewRun, PastRun, Run, Saved, Shard

_NEW = {
    "id": "bigint",
    "customer_id": "bigint",
    "journey_id": "integer",
    "plan_id": "integer",
    "entry_key": "text",
    "subject": "text",
    "object_key": "text",
    **COLUMNS,
}
_OF_THOSE_WHO_WAIT = tuple(name for name in COLUMNS if name != "status")
_HALTED = "EXISTS (SELECT 1 FROM halt h WHERE h.scope = 'journey' AND h.name = j.name AND h.released_at IS NULL)"
_FIRST = "(SELECT min(t.{0}) FROM {1} t WHERE t.journey_id = j.id AND t.{0} IS NOT NULL)"
_READ = (
    f"SELECT {READ} FROM enrollment e JOIN journey j ON j.id = e.journey_id"
    " JOIN plan p ON p.id = e.plan_id JOIN customer c ON c.id = e.customer_id"
)


def add(tx: Tx, rows: Sequence[NewRun]) -> tuple[int | None, ...]:
    """Write runs; per row its id, or None where that entry key was used or the subject has an active run."""
    if not rows:
        return ()
    journeys = tx.journey_ids([row.journey for row in rows])
    plans = published.plan_ids(tx, {row.plan for row in rows})
    new = _new_ids(tx, len(rows))
    made = tx.insert_new(
        "enrollment",
        _NEW,
        [
            (id_, who, journeys[journey], plans[plan], key, subject, thing, *values_of(state))
            for id_, (who, journey, plan, state, key, subject, thing) in zip(new, rows, strict=True)
        ],
    )
    if made == len(rows):
        return tuple(new)
    written = {row.id for row in tx.ask(f"SELECT id FROM enrollment WHERE {tx.among('id', 'new')}", new=list(new))}
    return tuple(id_ if id_ in written else None for id_ in new)


def _new_ids(tx: Tx, count: int) -> Sequence[int]:
    """Return ids that nobody has: so the fastest way of writing need not tell us any."""
    if tx.postgres:
        question = "SELECT nextval(pg_get_serial_sequence('enrollment', 'id')) AS id FROM generate_series(1, :count)"
        return [row.id for row in tx.ask(question, count=count)]
    first: int = tx.ask("SELECT coalesce(max(id), 0) + 1 AS id FROM enrollment")[0].id
    return range(first, first + count)  # nobody else writes before we are done


def claim_due(
    tx: Tx,
    journeys: Sequence[str] | None,
    now: Instant,
    limit: int,
    shard: Shard = EVERYBODY,
    *,
    node: str | None = None,
    customer: str | None = None,
    picked: claims.Picked = claims.ANY,
) -> tuple[Run, ...]:
    """Take due runs, earliest first, with their customers' locks; nobody else has them until this commit."""
    ids = claims.claim(tx, "enrollment", now, limit, claims.Which(journeys, shard, node, customer, picked=picked))
    return tuple(_read(tx, tx.among("e.id", "ids"), ids=ids)) if ids else ()


def due_nodes(
    tx: Tx, journeys: Sequence[str] | None, now: Instant, shard: Shard = EVERYBODY, *, customer: str | None = None
) -> tuple[tuple[str, str, int], ...]:
    """Where due runs stand, as ``(plan digest, node, how many)``, the earliest due first."""
    more, values = claims.Which(journeys, shard, customer=customer).sql(tx)
    rows = tx.ask(
        "SELECT p.digest, e.node, count(*) AS number FROM enrollment e JOIN plan p ON p.id = e.plan_id"
        f" WHERE {tx.among('e.journey_id', 'ids', 'integer')} AND e.due_at <= :now AND e.node IS NOT NULL{more}"
        " GROUP BY p.digest, e.node ORDER BY min(e.due_at), e.node",
        ids=published.awake(tx, journeys),
        now=now,
        **values,
    )
    return tuple((row.digest, row.node, row.number) for row in rows)


def wake(tx: Tx, rows: Sequence[tuple[int, Collection[str]]], now: Instant) -> int:
    """Look at these customers' waiting runs now, in those journeys. The caller holds the customers' locks."""
    pairs = {(customer, name) for customer, names in rows for name in names}
    ids = tx.journey_ids(sorted({name for _, name in pairs}))
    return tx.run(
        f"UPDATE enrollment SET due_at = :now FROM {tx.table({'customer': 'bigint', 'journey': 'integer'})}"
        # The plus keeps SQLite from the index of what is due: it would read everybody who waits.
        " WHERE customer_id = r.customer AND journey_id = r.journey AND status = 'waiting' AND +due_at > :now",
        rows=[{"customer": customer, "journey": ids[name]} for customer, name in sorted(pairs)],
        now=now,
    )


def wake_runs(tx: Tx, ids: Sequence[int], now: Instant) -> int:
    """Look at these runs now."""
    return tx.run(
        f"UPDATE enrollment SET due_at = :now WHERE {tx.among('id', 'ids')} AND status = 'waiting' AND due_at > :now",
        ids=list(ids),
        now=now,
    )


def save_moves(tx: Tx, rows: Sequence[Saved]) -> int:
    """Write new states where the fence still fits; returns how many were lost. If any, the caller rolls back."""
    write = _save_to_postgres if tx.postgres else _save_to_sqlite
    return len(rows) - write(tx, rows) if rows else 0


def _save_to_sqlite(tx: Tx, rows: Sequence[Saved]) -> int:
    """Save who goes on waiting apart: a status that is written, even the same one, costs SQLite an index."""
    waiting, over = [], []
    for id_, fence, state, before in rows:
        *plain, status, kept = values_of(state, before)
        if status == Status.WAITING:
            waiting.append((*plain, kept, id_, fence))
        else:
            over.append((*plain, status, kept, id_, fence))
    return _feed(tx, _OF_THOSE_WHO_WAIT, waiting) + _feed(tx, COLUMNS, over)


def _feed(tx: Tx, columns: Iterable[str], rows: Sequence[Sequence[Any]]) -> int:
    if not rows:
        return 0
    return tx.feed(
        f"UPDATE enrollment SET fence = fence + 1, {', '.join(f'{name} = ?' for name in columns)}"
        " WHERE id = ? AND fence = ? AND status = 'waiting'",
        rows,
    )


def _save_to_postgres(tx: Tx, rows: Sequence[Saved]) -> int:
    return tx.run(
        f"UPDATE enrollment SET fence = enrollment.fence + 1, {', '.join(f'{name} = r.{name}' for name in COLUMNS)}"
        f" FROM {tx.table(COLUMNS | {'run': 'bigint', 'held': 'integer'})}"
        " WHERE enrollment.id = r.run AND enrollment.fence = r.held AND enrollment.status = 'waiting'",
        rows=[
            {"run": id_, "held": fence, **dict(zip(COLUMNS, values_of(state, before), strict=True))}
            for id_, fence, state, before in rows
        ],
    )


def fail(tx: Tx, ids: Sequence[int], reason: str, now: Instant) -> None:
    """These could not be moved on: an operator must look."""
    tx.run(
        "UPDATE enrollment SET status = 'failed', due_at = NULL, since = :now, reason = :reason, fence = fence + 1"
        f" WHERE {tx.among('id', 'ids')} AND status = 'waiting'",
        ids=list(ids),
        reason=reason,
        now=now,
    )


def past(tx: Tx, pairs: Sequence[tuple[int, str]]) -> dict[tuple[int, str], tuple[PastRun, ...]]:
    """Earlier and present runs per ``(customer_id, journey)``, oldest first."""
    ids = tx.journey_ids(sorted({name for _, name in pairs}))
    rows = tx.ask(
        "SELECT e.id, e.customer_id, r.name, e.entry_key, e.subject, e.status, e.started_at"
        f" FROM {tx.table({'customer': 'bigint', 'journey': 'integer', 'name': 'text'})}"
        " JOIN enrollment e ON e.customer_id = r.customer AND e.journey_id = r.journey ORDER BY e.started_at, e.id",
        rows=[{"customer": customer, "journey": ids[name], "name": name} for customer, name in sorted(set(pairs))],
    )
    found: dict[tuple[int, str], tuple[PastRun, ...]] = dict.fromkeys(pairs, ())
    for row in rows:
        run = PastRun(row.id, row.customer_id, row.entry_key, row.subject, row.status, row.started_at)
        found[row.customer_id, row.name] += (run,)
    return found


def first_due(tx: Tx, journey: str | None = None) -> FirstDue:
    """When the first candidate, occasion, run, message and lease of a journey (None: of any) fall due.

    A journey that rests has no such moments, and one that is halted none for its messages.
    """
    moments = tx.ask(
        f"SELECT {_FIRST.format('due_at', 'candidate')}, {_FIRST.format('due_at', 'occasion')},"
        f" {_FIRST.format('due_at', 'enrollment')},"
        f" CASE WHEN {_HALTED} THEN NULL ELSE {_FIRST.format('next_at', 'message')} END,"
        f" {_FIRST.format('lease_until', 'message')}"
        f" FROM journey j WHERE j.paused_at IS NULL{'' if journey is None else ' AND j.name = :journey'}",
        **({} if journey is None else {"journey": journey}),
    )
    kinds = zip(*moments, strict=True) if moments else [()] * 5
    return FirstDue(*(min((one for one in kind if one is not None), default=None) for kind in kinds))


def next_due(tx: Tx, journey: str | None = None) -> Instant | None:
    """The next moment anything of a journey (None: of any) falls due."""
    return first_due(tx, journey).any


def standing(tx: Tx, journey: str) -> tuple[tuple[str, int, Instant | None], ...]:
    """At which steps of a journey people wait: node, how many, and when the first of them goes on. Most first."""
    rows = tx.ask(
        "SELECT coalesce(e.node, '') AS node, count(*) AS many, min(e.due_at) AS due FROM enrollment e"
        " JOIN journey j ON j.id = e.journey_id WHERE j.name = :journey AND e.status = 'waiting'"
        " GROUP BY 1 ORDER BY 2 DESC, 1",
        journey=journey,
    )
    return tuple((row.node, row.many, row.due) for row in rows)


def next_waiting(tx: Tx, journey: str, nodes: Collection[str] | None, limit: int) -> tuple[Run, ...]:
    """Who goes on next in a journey, at these steps or at any, the first due first."""
    some = "" if nodes is None else f" AND {tx.among('e.node', 'nodes', 'text')}"
    return tuple(
        _read(
            tx,
            f"j.name = :journey AND e.status = 'waiting'{some}",
            last=" LIMIT :limit",
            journey=journey,
            limit=limit,
            **({} if nodes is None else {"nodes": list(nodes)}),
        )
    )


def due_before(tx: Tx, journeys: Sequence[str], moment: Instant, limit: int) -> tuple[Run, ...]:
    """Runs of these journeys, resting or not, that are due before a moment, the earliest first."""
    return tuple(
        _read(
            tx,
            f"{tx.among('j.name', 'names', 'text')} AND e.due_at < :moment",
            last=" LIMIT :limit",
            names=list(journeys),
            moment=moment,
            limit=limit,
        )
    )


def endings(tx: Tx, journey: str | None = None) -> tuple[tuple[str, str, str, int], ...]:
    """How runs ended: journey, status, reason (empty for those that came to their end) and how many, most first."""
    some = "" if journey is None else " AND j.name = :journey"
    rows = tx.ask(
        "SELECT j.name, e.status, coalesce(e.reason, '') AS reason, count(*) AS many FROM enrollment e"
        f" JOIN journey j ON j.id = e.journey_id WHERE e.status <> 'waiting'{some}"
        " GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3",
        **({} if journey is None else {"journey": journey}),
    )
    return tuple((row.name, row.status, row.reason, row.many) for row in rows)


def find(tx: Tx, ids: Sequence[int]) -> dict[int, Run]:
    """Runs by id."""
    return {run.id: run for run in _read(tx, tx.among("e.id", "ids"), ids=list(ids))}


def of_customer(tx: Tx, customer_id: int) -> tuple[Run, ...]:
    """All runs of one customer, oldest first."""
    found = _read(tx, "e.customer_id = :customer_id", customer_id=customer_id)
    return tuple(sorted(found, key=lambda run: (run.state.started_at, run.id)))


def of_customers(tx: Tx, ids: Sequence[int]) -> tuple[Run, ...]:
    """All runs of some customers, customer by customer, oldest first."""
    found = _read(tx, tx.among("e.customer_id", "ids"), ids=list(ids))
    return tuple(sorted(found, key=lambda run: (run.customer_id, run.state.started_at, run.id)))


def _read(tx: Tx, which: str, *, last: str = "", **values: Any) -> list[Run]:
    return [run_of(row) for row in tx.ask(f"{_READ} WHERE {which} ORDER BY e.due_at, e.id{last}", **values)]
