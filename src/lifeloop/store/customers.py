"""Customers: written in batches, merged, and what changed told back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.values import Record
from lifeloop.journey.condition import DataName
from lifeloop.journey.plan import Json
from lifeloop.store.marks import plain
from lifeloop.store.opening import StoreBusy
from lifeloop.store.transaction import Tx, dump, load
from lifeloop.store.values import Assign, Change, Customer, CustomerRow, Upserted

COLUMNS = ("email", "phone", "locale", "timezone")
"""Attributes with a column of their own."""

EMPTY = "'{}'"


class Merged(StoreBusy):
    """One of these customers was merged into another a moment ago: who they are now must be asked again."""


READ = "c.id, c.key, c.email, c.phone, c.locale, c.timezone, c.data"


def upsert(tx: Tx, rows: Sequence[CustomerRow], now: Instant) -> Upserted:
    """Write customers by key and tell what changed; locks them in order of id."""
    patches: dict[str, dict[str, Json]] = {}
    for row in rows:
        patches.setdefault(row.key, {}).update(row.data)
    ids, new = _ids(tx, list(patches)), frozenset[int]()
    missing = sorted(patches.keys() - ids.keys())
    if missing:
        new = _make_missing(tx, missing, now)
        ids |= _ids(tx, missing)
    lock(tx, list(ids.values()))
    if tx.postgres:
        _check_unmerged(tx, list(patches))
    changes = _merge(tx, {ids[key]: patch for key, patch in patches.items()}, now)
    return Upserted(ids, new, changes)


def _check_unmerged(tx: Tx, keys: Sequence[str]) -> None:
    """Look again under the locks: somebody may have been merged into another since we looked who they are now."""
    present = tx.ask(
        f"SELECT (SELECT count(*) FROM customer WHERE {tx.among('key', 'keys', 'text')}) AS there,"
        f" (SELECT count(*) FROM alias WHERE {tx.among('key', 'keys', 'text')}) AS merged",
        keys=list(keys),
    )[0]
    if present.merged or present.there < len(keys):
        raise Merged("a customer turned out to be another just now")


def assign(tx: Tx, assigns: Sequence[Assign], now: Instant) -> tuple[Change, ...]:
    """Change single attributes of customers, however deep, in a batch."""
    patches: dict[int, dict[str, Json]] = {}
    nested = {each.customer_id for each in assigns if len(each.name.path) > 1}
    present = find(tx, list(nested)) if nested else {}
    for each in assigns:
        patch = patches.setdefault(each.customer_id, {})
        record = present[each.customer_id].data if each.customer_id in nested else {}
        top = each.name.path[0]
        patch[top] = inside(patch.get(top, record.get(top)), each.name.path[1:], each.value)
    lock(tx, list(patches))
    return _merge(tx, patches, now) if patches else ()


def inside(present: Json, path: Sequence[str], value: Json) -> Json:
    """Return what stands at an attribute once ``value`` is written at a path inside it."""
    if not path:
        return value
    record = dict(present) if isinstance(present, dict) else {}
    record[path[0]] = inside(record.get(path[0]), path[1:], value)
    return record


def find(tx: Tx, ids: Sequence[int]) -> dict[int, Customer]:
    """Customers by the store's id."""
    rows = tx.ask(f"SELECT {READ} FROM customer c WHERE {tx.among('c.id', 'ids')}", ids=list(ids))
    return {row.id: read(row) for row in rows}


def find_keys(tx: Tx, keys: Sequence[str]) -> dict[str, Customer]:
    """Customers by their own key."""
    rows = tx.ask(f"SELECT {READ} FROM customer c WHERE {tx.among('c.key', 'keys', 'text')}", keys=list(keys))
    return {row.key: read(row) for row in rows}


def find_email(tx: Tx, email: str) -> tuple[Customer, ...]:
    """Customers with that address, whatever its case."""
    rows = tx.ask(f"SELECT {READ} FROM customer c WHERE lower(c.email) = lower(:email) ORDER BY c.id", email=email)
    return tuple(read(row) for row in rows)


def find_addresses(tx: Tx, channel: str, addresses: Collection[str]) -> dict[str, tuple[Customer, ...]]:
    """Customers by where they are written to: an e-mail address in small letters, on other channels a phone number."""
    column = "lower(c.email)" if channel == "email" else "c.phone"
    rows = tx.ask(
        f"SELECT {READ} FROM customer c WHERE {tx.among(column, 'addresses', 'text')} ORDER BY c.id",
        addresses=sorted({plain(address) for address in addresses}),
    )
    found: dict[str, tuple[Customer, ...]] = {}
    for row in rows:
        address = plain(row.email if channel == "email" else row.phone)
        found[address] = (*found.get(address, ()), read(row))
    return found


def around(tx: Tx, word: str, limit: int) -> tuple[Customer, ...]:
    """Some customers whose id or address begins like a word: to say whom somebody may have meant."""
    start = "".join(f"!{letter}" if letter in "!%_" else letter for letter in word[:2].lower())
    rows = tx.ask(
        f"SELECT {READ} FROM customer c WHERE lower(c.key) LIKE :start ESCAPE '!'"
        " OR lower(c.email) LIKE :start ESCAPE '!' ORDER BY c.id LIMIT :limit",
        start=f"{start}%",
        limit=limit,
    )
    return tuple(read(row) for row in rows)


def lock(tx: Tx, ids: Sequence[int]) -> None:
    """Take the customers' locks in order of id, waiting for them; every writer about a customer does."""
    if tx.postgres:
        tx.ask(f"SELECT c.id FROM customer c WHERE {_these(tx)} ORDER BY c.id FOR NO KEY UPDATE", ids=sorted(set(ids)))


def lock_free(tx: Tx, ids: Sequence[int]) -> frozenset[int]:
    """Take those locks that nobody holds; returns whose they are. Waits for nothing, so it cannot tie a knot."""
    if not tx.postgres:
        return frozenset(ids)
    question = f"SELECT c.id FROM customer c WHERE {_these(tx)} ORDER BY c.id FOR NO KEY UPDATE SKIP LOCKED"
    return frozenset(row.id for row in tx.ask(question, ids=sorted(set(ids))))


def count(tx: Tx) -> int:
    """How many there are."""
    return int(tx.ask("SELECT count(*) AS number FROM customer")[0].number)


def zones(tx: Tx) -> tuple[str, ...]:
    """The time zones that customers have, as they were told: one look at an index for each, however many people."""
    rows = tx.ask(
        "WITH RECURSIVE zone(name) AS (SELECT min(timezone) FROM customer UNION ALL SELECT (SELECT min(c.timezone)"
        " FROM customer c WHERE c.timezone > zone.name) FROM zone WHERE zone.name IS NOT NULL)"
        " SELECT name FROM zone WHERE name IS NOT NULL"
    )
    return tuple(row.name for row in rows)


def ids_after(tx: Tx, after: int, limit: int) -> tuple[int, ...]:
    """The next customers' numbers: for going through everybody without reading them."""
    question = "SELECT id FROM customer WHERE id > :after ORDER BY id LIMIT :limit"
    return tuple(row.id for row in tx.ask(question, after=after, limit=limit))


def read(row: Any) -> Customer:
    """Make a customer of a row with the columns of ``READ``."""
    id_, key, *own, data = row
    record = load(data)
    record.update((name, value) for name, value in zip(COLUMNS, own, strict=True) if value is not None)
    record["id"] = key
    return Customer(id_, key, record)


def _these(tx: Tx) -> str:
    return tx.among("c.id", "ids")


def _ids(tx: Tx, keys: Sequence[str]) -> dict[str, int]:
    rows = tx.ask(f"SELECT id, key FROM customer WHERE {tx.among('key', 'keys', 'text')}", keys=list(keys))
    return {row.key: row.id for row in rows}


_NEXT = (
    "max((SELECT coalesce(max(id), 0) FROM customer), (SELECT coalesce(max(former_id), 0) FROM alias))"
    " + row_number() OVER (ORDER BY r.key)"
)
"""SQLite's next number: by itself it would give that of a customer who was merged away to a stranger."""


def _make_missing(tx: Tx, keys: Sequence[str], now: Instant) -> frozenset[int]:
    column, number = ("", "") if tx.postgres else ("id, ", f"{_NEXT}, ")
    made = tx.ask(
        f"INSERT INTO customer ({column}key, data, created_at, updated_at)"
        f" SELECT {number}r.key, {tx.json(EMPTY)}, :now, :now"
        f" FROM {tx.table({'key': 'text'})} WHERE true ORDER BY r.key ON CONFLICT (key) DO NOTHING RETURNING id",
        rows=[{"key": key} for key in keys],
        now=now,
    )
    return frozenset(row.id for row in made)


def _merge(tx: Tx, patches: Mapping[int, Mapping[str, Json]], now: Instant) -> tuple[Change, ...]:
    told = [id_ for id_, patch in patches.items() if patch]
    changes: list[Change] = []
    written = []
    for customer in find(tx, told).values() if told else ():
        patch = {name: _plain(name, value) for name, value in patches[customer.id].items() if name != "id"}
        different = [name for name, value in patch.items() if differs(customer.data.get(name), value)]
        if different:
            changes += [_change(customer, name, patch[name]) for name in different]
            written.append(_row(customer, patch))
    if written:
        _write(tx, written, now)
    return tuple(changes)


def differs(old: Json, new: Json) -> bool:
    """Tell whether two JSON values are different; ``1`` and ``True`` are, ``1`` and ``1.0`` are not."""
    return old != new or isinstance(old, bool) != isinstance(new, bool)


def _plain(name: str, value: Json) -> Json:
    if name in COLUMNS and value is not None and not isinstance(value, str):
        return dump(value)
    return value


def _change(customer: Customer, name: str, new: Json) -> Change:
    return Change(customer.id, DataName("customer", (name,)), customer.data.get(name), new)


def _row(customer: Customer, patch: Record) -> dict[str, Any]:
    merged = {name: value for name, value in {**customer.data, **patch}.items() if value is not None}
    rest = {name: value for name, value in merged.items() if name not in COLUMNS and name != "id"}
    return {"customer_id": customer.id, "body": dump(rest)} | {name: merged.get(name) for name in COLUMNS}


def _write(tx: Tx, rows: Sequence[dict[str, Any]], now: Instant) -> None:
    columns = {"customer_id": "bigint", "body": "text"} | dict.fromkeys(COLUMNS, "text")
    tx.run(
        "UPDATE customer SET email = r.email, phone = r.phone, locale = r.locale, timezone = r.timezone,"
        f" data = {tx.json('r.body')}, updated_at = :now FROM {tx.table(columns)}"
        " WHERE customer.id = r.customer_id",
        rows=rows,
        now=now,
    )
