"""Requests to be written to, until the one who owns the address says yes by mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store import customers
from lifeloop.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class OptInRow:
    """One request. ``wording`` and ``version``: what the person read; ``evidence``: JSON of how they asked."""

    id: str
    customer_id: int
    topic: str
    wording: str
    version: str
    source: str
    evidence: str
    at: Instant
    expires_at: Instant
    confirmed_at: Instant | None = None


_COLUMNS = tuple(OptInRow.__dataclass_fields__)


def add(tx: Tx, row: OptInRow) -> None:
    """Write a request; the same one again is the one that is there."""
    tx.run(
        f"INSERT INTO opt_in ({', '.join(_quoted(name) for name in _COLUMNS)})"
        f" VALUES ({', '.join(f':{name}' for name in _COLUMNS)}) ON CONFLICT (id) DO NOTHING",
        **{name: getattr(row, name) for name in _COLUMNS},
    )


def recent(tx: Tx, email: str, since: Instant) -> int:
    """How many requests this address got since then, whichever customers it belongs to; takes their locks."""
    owners = [one.id for one in customers.find_email(tx, email)]
    customers.lock(tx, owners)
    rows = tx.ask(
        f'SELECT count(*) AS number FROM opt_in WHERE {tx.among("customer_id", "owners")} AND "at" > :since',
        owners=owners,
        since=since,
    )
    return int(rows[0].number)


def find(tx: Tx, customer_id: int, start: str) -> OptInRow | None:
    """The request of a customer whose id begins so."""
    found = [row for row in of_customer(tx, customer_id) if row.id.startswith(start)]
    return found[0] if found else None


def of_customer(tx: Tx, customer_id: int) -> tuple[OptInRow, ...]:
    """All requests of one customer, oldest first."""
    rows = tx.ask('SELECT * FROM opt_in WHERE customer_id = :id ORDER BY "at", id', id=customer_id)
    return tuple(_read(row) for row in rows)


def confirm(tx: Tx, id_: str, now: Instant) -> bool:
    """Write the yes; False when it was written before."""
    changed = tx.run("UPDATE opt_in SET confirmed_at = :now WHERE id = :id AND confirmed_at IS NULL", id=id_, now=now)
    return changed > 0


def forget(tx: Tx, before: Instant) -> int:
    """Delete requests made before then that nobody confirmed."""
    return tx.run('DELETE FROM opt_in WHERE confirmed_at IS NULL AND "at" < :before', before=before)


def _quoted(name: str) -> str:
    return f'"{name}"'


def _read(row: Any) -> OptInRow:
    return OptInRow(**{name: getattr(row, name) for name in _COLUMNS})
