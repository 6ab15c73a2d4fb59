"""Everything about one person as rows that a person can read: names for numbers, no inner workings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifeloop.store import consents, erasing
from lifeloop.store.tables import METADATA
from lifeloop.store.transaction import Tx, load
from lifeloop.store.values import Customer

Part = list[dict[str, Any]]
INNER = frozenset(
    {"customer_id", "plan_id", "fence", "owner", "lease_until", "digest", "since_seq", "open", "settled", "mark"}
)
"""Columns that say nothing about a person: keys between tables, and who works on a row."""
RECORDS = frozenset({"data", "fields", "evidence", "answer", "headers", "kept"})
"""Columns that hold JSON."""
_MOMENTS = frozenset({"at", "since", "deadline", "paused_until"})


def of_customer(tx: Tx, customer: Customer) -> dict[str, Part]:
    """Return the rows about somebody by table; tables with nothing are left out."""
    journeys = {row.id: row.name for row in tx.ask("SELECT id, name FROM journey")}
    found = {name: _rows(tx, name, where, customer.id, journeys) for name, where in erasing.paths().items()}
    against = [row for address in erasing.addresses_of(tx, customer) for row in consents.suppressed(tx, address)]
    found["suppression"] = [
        {"address": one.address, "channel": one.channel, "reason": one.reason, "at": one.at} for one in against
    ]
    return {name: found[name] for name in reversed(found) if found[name]}


def is_moment(column: str) -> bool:
    """Tell whether a column holds an instant."""
    return column in _MOMENTS or column.endswith("_at")


def _rows(tx: Tx, name: str, where: str, who: int, journeys: Mapping[int, str]) -> Part:
    order = ", ".join(f'"{column.name}"' for column in METADATA.tables[name].primary_key.columns)
    return [_read(row, journeys) for row in tx.ask(f"SELECT * FROM {name} WHERE {where} ORDER BY {order}", who=who)]


def _read(row: Any, journeys: Mapping[int, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row._asdict().items():
        if name == "journey_id":
            found["journey"] = journeys.get(value, "")
        elif name not in INNER and value is not None and value != "":
            found[name] = _record(value) if name in RECORDS else value
    return found


def _record(value: Any) -> Any:
    try:
        return load(value)
    except ValueError:
        return value
