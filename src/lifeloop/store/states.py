"""The engine's ``State`` as columns, and back: what only some runs remember goes into one small JSON text."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from lifeloop.engine.values import State, Status
from lifeloop.store.transaction import load, note
from lifeloop.store.values import Run

_PLAIN = {
    "node": "text",
    "started_at": "bigint",
    "due_at": "bigint",
    "deadline": "bigint",
    "since": "bigint",
    "since_seq": "bigint",
    "visit": "integer",
    "reason": "text",
    "converted_at": "bigint",
}
COLUMNS = {**_PLAIN, "status": "text", "kept": "text"}
"""The columns of a state and their types; ``kept`` is JSON of what has none, unless nothing is remembered."""

_REST: dict[str, Any] = {name: default for name, default in State._field_defaults.items() if name not in COLUMNS}
_UNREMEMBERED = tuple(_REST.values())
_STATUSES = {str(status): status for status in Status}

READ = ", ".join(
    (
        "e.id, e.customer_id, c.key, j.name, p.digest, e.entry_key, e.subject, e.object_key, e.fence",
        *(f"e.{name}" for name in COLUMNS),
    )
)
"""What ``run_of`` reads, of an enrollment ``e``, its customer ``c``, journey ``j`` and plan ``p``."""


def _places(names: Any) -> Any:
    return itemgetter(*(State._fields.index(name) for name in names))


_plain_of, _rest_of = _places(_PLAIN), _places(_REST)


def values_of(state: State, before: Run | None = None) -> tuple[Any, ...]:
    """Return the values of the columns, in their order. ``before``: most moves remember nothing new."""
    rest = _rest_of(state)
    unchanged = before is not None and rest == _rest_of(before.state)
    return (*_plain_of(state), str(state.status), before.kept if before and unchanged else _kept(rest))


def _kept(rest: tuple[Any, ...]) -> str | None:
    if rest == _UNREMEMBERED:
        return None
    return note({name: value for (name, default), value in zip(_REST.items(), rest, strict=True) if value != default})


def run_of(row: Any) -> Run:
    """Make a run of a row of ``READ``."""
    id_, who, key, journey, plan, entry_key, subject, thing, fence, *columns = row
    node, started_at, due_at, deadline, since, since_seq, visit, reason, converted_at, status, kept = columns
    state = State(
        node,
        _STATUSES[status],
        started_at,
        due_at,
        deadline,
        since,
        since_seq,
        visit,
        reason=reason,
        converted_at=converted_at,
        **(_remembered(kept) if kept else {}),
    )
    return Run(id_, who, key, journey, plan, entry_key, subject, thing, fence, state, kept)


def _remembered(kept: str) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(_REST[name], tuple) else value for name, value in load(kept).items()}
