"""The append-only history of runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lifeloop.engine.values import Visited
from lifeloop.store.transaction import Tx, load, note
from lifeloop.store.values import Line, Step

_LINES_PER_MOVE = 1 << 16
_COLUMNS = ("enrollment_id", "seq", "at", "visit", "what", "node", "detail", "data")


def add(tx: Tx, rows: Sequence[Line]) -> None:
    """Write what happened in moves; the same line twice is refused by its key, derived from the move's fence."""
    tx.insert("visit", _COLUMNS, [_row(line) for line in rows])


def of_run(tx: Tx, run_id: int) -> tuple[Visited, ...]:
    """One run's history in order."""
    return tuple(read(row) for row in tx.ask("SELECT * FROM visit WHERE enrollment_id = :run ORDER BY seq", run=run_id))


def of_customer(tx: Tx, customer_id: int, limit: int) -> tuple[Step, ...]:
    """What happened to one customer in all journeys, in the order it happened; only the newest lines."""
    rows = tx.ask(
        "SELECT v.*, j.name AS journey, p.digest AS plan FROM enrollment e JOIN visit v ON v.enrollment_id = e.id"
        " JOIN journey j ON j.id = e.journey_id JOIN plan p ON p.id = e.plan_id WHERE e.customer_id = :customer"
        ' ORDER BY v."at" DESC, e.id DESC, v.seq DESC LIMIT :limit',
        customer=customer_id,
        limit=limit,
    )
    return tuple(Step(row.enrollment_id, row.journey, row.plan, read(row)) for row in reversed(rows))


def passed(tx: Tx, journey: str) -> dict[str, int]:
    """How many runs of a journey said a message or passed a milestone, by node."""
    rows = tx.ask(
        "SELECT v.node, count(DISTINCT v.enrollment_id) AS many FROM visit v"
        " JOIN enrollment e ON e.id = v.enrollment_id JOIN journey j ON j.id = e.journey_id"
        " WHERE j.name = :journey AND v.what IN ('sent', 'milestone') GROUP BY 1",
        journey=journey,
    )
    return {row.node: row.many for row in rows if row.node}


def read(row: Any) -> Visited:
    """Make a line of a row of ``visit``."""
    return Visited(row.node, row.visit, row.at, row.what, row.detail or "", load(row.data) if row.data else {})


def _row(line: Line) -> tuple[Any, ...]:
    run, fence, place, (node, visit, at, what, detail, data) = line
    return (run, fence * _LINES_PER_MOVE + place, at, visit, what, node, detail or None, note(data) if data else None)
