"""The engine's ``State`` as columns, and back: what only some runs remember goes into one small JSON text."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from lifeloop.engine.values import State, Status
from lifeloop.store.transaction import dump, load
from lifeloop.store.values import Run

COLUMNS = {
    "node": "text",
    "status": "text",
    "started_at": "bigint",
    "due_at": "bigint",
    "deadline": "bigint",
    "since": "bigint",
    "since_seq": "bigint",
    "visit": "integer",
    "reason": "text",
    "converted_at": "bigint",
    "kept": "text",
}


_REST: dict[str, Any] = {
    each.name: {} if each.default is MISSING else each.default for each in fields(State) if each.name not in COLUMNS
}
"""What has no column, with what it is when nothing is remembered."""


def columns_of(state: State) -> dict[str, Any]:
    """Return the values of the columns above."""
    kept = {name: value for name, default in _REST.items() if (value := getattr(state, name)) != default}
    columns = {name: getattr(state, name) for name in COLUMNS if name != "kept"}
    return {**columns, "status": str(state.status), "kept": dump(kept) if kept else None}


def run_of(row: Any) -> Run:
    """Make a run of a row that holds all columns of ``enrollment`` and the names it points at."""
    return Run(
        id=row.id,
        customer_id=row.customer_id,
        key=row.key,
        journey=row.journey,
        plan=row.plan,
        entry_key=row.entry_key,
        subject=row.subject,
        object_key=row.object_key,
        fence=row.fence,
        state=_state(row),
    )


def _state(row: Any) -> State:
    kept = load(row.kept) if row.kept else {}
    known: dict[str, Any] = {name: getattr(row, name) for name in COLUMNS if name != "kept"}
    known |= {name: tuple(value) if isinstance(_REST[name], tuple) else value for name, value in kept.items()}
    return State(**(known | {"status": Status(row.status)}))
