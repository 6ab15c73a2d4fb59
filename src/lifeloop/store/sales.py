"""Sales in which an address was got: what lets a company write to its own customers about similar things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine.values import Sale
from lifeloop.store import customers
from lifeloop.store.transaction import Tx

_COLUMNS = {
    "customer_id": "bigint",
    "reference": "text",
    "at": "bigint",
    "product": "text",
    "entity": "text",
    "offered": "boolean",
    "source": "text",
}


@dataclass(frozen=True, slots=True)
class SaleRow:
    """One sale, to write. ``source``: who says so."""

    customer_id: int
    sale: Sale
    source: str = ""


def record(tx: Tx, rows: Sequence[SaleRow], now: Instant) -> int:
    """Write sales under their customers' locks; one that is known stays as it was noted. Returns how many are new."""
    customers.lock(tx, [row.customer_id for row in rows])
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    read = ", ".join(f'r."{name}"' for name in _COLUMNS)
    return tx.run(
        f"INSERT INTO sale ({names}, recorded_at) SELECT {read}, :now FROM {tx.table(_COLUMNS)} WHERE true"
        " ON CONFLICT (customer_id, reference) DO NOTHING",
        rows=[_values(row) for row in rows],
        now=now,
    )


def of_customers(tx: Tx, ids: Sequence[int]) -> Mapping[int, tuple[Sale, ...]]:
    """Return what these customers bought, oldest first."""
    rows = tx.ask(
        f'SELECT * FROM sale WHERE {tx.among("customer_id", "ids")} ORDER BY "at", reference', ids=sorted(set(ids))
    )
    found: dict[int, list[Sale]] = defaultdict(list)
    for row in rows:
        sale = Sale(row.reference, row.product, row.at, bool(row.offered), row.entity)
        found[row.customer_id].append(sale)
    return {who: tuple(sales) for who, sales in found.items()}


def _values(row: SaleRow) -> dict[str, object]:
    sale = row.sale
    return {
        "customer_id": row.customer_id,
        "reference": sale.reference,
        "at": sale.at,
        "product": sale.product,
        "entity": sale.entity,
        "offered": sale.offered,
        "source": row.source,
    }
