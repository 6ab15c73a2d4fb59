"""Runs: added once, claimed when due, saved against the fence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store import claims, customers
from lifeloop.store import journeys as published
from lifeloop.store.states import COLUMNS, columns_of, run_of
from lifeloop.store.transaction import Tx
from lifeloop.store.values import EVERYBODY, FirstDue, NewRun, PastRun, Run, Saved, Shard, Waiting

_NEW = COLUMNS | {
    "n": "integer",
    "customer_id": "bigint",
    "journey_id": "integer",
    "plan": "text",
    "entry_key": "text",
    "subject": "text",
    "object_key": "text",
}
_COPIED = ("customer_id", "journey_id", "entry_key", "subject", "object_key", *COLUMNS)
_FIRST = "(SELECT min(t.{0}) FROM {1} t WHERE t.journey_id = j.id AND t.{0} IS NOT NULL)"
_READ = (
    "SELECT e.*, j.name AS journey, p.digest AS plan, c.key FROM enrollment e JOIN journey j ON j.id = e.journey_id"
    " JOIN plan p ON p.id = e.plan_id JOIN customer c ON c.id = e.customer_id"
)


def add(tx: Tx, rows: Sequence[NewRun]) -> tuple[int | None, ...]:
    """Write runs; per row its id, or None where that entry key was used or the subject has an active run."""
    ids = tx.journey_ids([row.journey for row in rows])
    made = tx.ask(
        f"INSERT INTO enrollment (plan_id, {', '.join(_COPIED)})"
        f" SELECT p.id, {', '.join(f'r.{name}' for name in _COPIED)}"
        f" FROM {tx.table(_NEW)} JOIN plan p ON p.digest = r.plan WHERE true ORDER BY r.n"
        " ON CONFLICT DO NOTHING RETURNING id, customer_id, journey_id, entry_key",
        rows=[_new(number, row, ids[row.journey]) for number, row in enumerate(rows)],
    )
    by_key = {(row.customer_id, row.journey_id, row.entry_key): row.id for row in made}
    return tuple(by_key.pop((row.customer_id, ids[row.journey], row.entry_key), None) for row in rows)


def claim_due(
    tx: Tx,
    journeys: Sequence[str] | None,
    now: Instant,
    limit: int,
    shard: Shard = EVERYBODY,
    *,
    node: str | None = None,
    customer: str | None = None,
) -> tuple[Run, ...]:
    """Take due runs, earliest first, with their customers' locks; nobody else has them until this commit."""
    ids = claims.claim(tx, "enrollment", now, limit, claims.Which(journeys, shard, node, customer))
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


def claim_customer(tx: Tx, customer_id: int, journeys: Sequence[str] | None = None) -> tuple[Run, ...]:
    """Take all waiting runs of one customer, due or not, also in journeys that rest."""
    customers.lock(tx, [customer_id])
    tx.ask(
        f"SELECT id FROM enrollment WHERE customer_id = :customer_id {tx.locked('ORDER BY id FOR UPDATE')}",
        customer_id=customer_id,
    )
    found = _read(tx, "e.customer_id = :customer_id AND e.status = 'waiting'", customer_id=customer_id)
    return tuple(run for run in found if journeys is None or run.journey in journeys)


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


def save_moves(tx: Tx, rows: Sequence[Saved]) -> tuple[int, ...]:
    """Write new states where the fence still fits; returns the ids that were lost. Then roll back or skip them."""
    moved = tx.ask(
        f"UPDATE enrollment SET fence = enrollment.fence + 1, {', '.join(f'{name} = r.{name}' for name in COLUMNS)}"
        f" FROM {tx.table(COLUMNS | {'run': 'bigint', 'held': 'integer'})}"
        " WHERE enrollment.id = r.run AND enrollment.fence = r.held AND enrollment.status = 'waiting' RETURNING id",
        rows=[{"run": row.id, "held": row.fence, **columns_of(row.state)} for row in rows],
    )
    kept = {row.id for row in moved}
    return tuple(row.id for row in rows if row.id not in kept)


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
    """When the first candidate, run, message and lease of a journey (None: of any) fall due.

    A journey that rests has no such moments.
    """
    moments = tx.ask(
        f"SELECT {_FIRST.format('due_at', 'candidate')}, {_FIRST.format('due_at', 'enrollment')},"
        f" {_FIRST.format('next_at', 'message')}, {_FIRST.format('lease_until', 'message')}"
        f" FROM journey j WHERE j.paused_at IS NULL{'' if journey is None else ' AND j.name = :journey'}",
        **({} if journey is None else {"journey": journey}),
    )
    kinds = zip(*moments, strict=True) if moments else [()] * 4
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


def waiting(tx: Tx, journey: str | None, after: int = 0, limit: int = 100) -> tuple[Waiting, ...]:
    """Who waits where until when, paged by run id."""
    which = "" if journey is None else "AND j.name = :journey"
    rows = tx.ask(
        "SELECT e.id, e.customer_id, c.key, j.name AS journey, e.node, e.since, e.due_at FROM enrollment e"
        " JOIN customer c ON c.id = e.customer_id JOIN journey j ON j.id = e.journey_id"
        f" WHERE e.status = 'waiting' AND e.id > :after {which} ORDER BY e.id LIMIT :limit",
        after=after,
        limit=limit,
        **({"journey": journey} if which else {}),
    )
    return tuple(Waiting(*row) for row in rows)


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


def _read(tx: Tx, which: str, *, last: str = "", **values: Any) -> list[Run]:
    return [run_of(row) for row in tx.ask(f"{_READ} WHERE {which} ORDER BY e.due_at, e.id{last}", **values)]


def _new(number: int, row: NewRun, journey_id: int) -> dict[str, Any]:
    return {
        "n": number,
        "customer_id": row.customer_id,
        "journey_id": journey_id,
        "plan": row.plan,
        "entry_key": row.entry_key,
        "subject": row.subject,
        "object_key": row.object_key,
        **columns_of(row.state),
    }
