"""The things of customers: contracts, orders, subscriptions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from lifeloop.clock import Instant
from lifeloop.journey.condition import DataName
from lifeloop.journey.plan import Json
from lifeloop.store import customers
from lifeloop.store.transaction import Tx, dump, load
from lifeloop.store.values import Assign, Change, ObjectRow, StoredObject

Key = tuple[int, str, str]
"""Whose, which kind, which one."""


def upsert(tx: Tx, rows: Sequence[ObjectRow], now: Instant) -> tuple[Change, ...]:
    """Write things, merged by key, and tell what changed."""
    if not rows:
        return ()
    patches: dict[Key, dict[str, Json]] = {}
    for row in rows:
        patches.setdefault((row.customer_id, row.kind, row.key), {}).update(row.fields)
    customers.lock(tx, [row.customer_id for row in rows])
    present = _present(tx, list(patches))
    _write(tx, {key: _merged(present.get(key, {}), patch) for key, patch in patches.items()}, now)
    return tuple(change for key, patch in patches.items() for change in _changes(key, present.get(key, {}), patch))


def assign(tx: Tx, assigns: Sequence[Assign], now: Instant) -> tuple[Change, ...]:
    """Write single fields of things that are there; one that is gone is not made anew."""
    keys = [(each.customer_id, each.name.root, each.object_key or "") for each in assigns]
    customers.lock(tx, [key[0] for key in keys])
    present = _present(tx, keys)
    patches: dict[Key, dict[str, Json]] = {}
    for key, each in zip(keys, assigns, strict=True):
        if key in present:
            patch, top = patches.setdefault(key, {}), each.name.path[0]
            patch[top] = customers.inside(patch.get(top, present[key].get(top)), each.name.path[1:], each.value)
    _write(tx, {key: _merged(present[key], patch) for key, patch in patches.items()}, now)
    return tuple(change for key, patch in patches.items() for change in _changes(key, present[key], patch))


def delete(tx: Tx, keys: Sequence[Key]) -> tuple[Change, ...]:
    """Remove ``(customer_id, kind, key)``; every attribute became unknown."""
    customers.lock(tx, [key[0] for key in keys])
    present = _present(tx, keys)
    tx.run(
        f"DELETE FROM object WHERE EXISTS (SELECT 1 FROM {tx.table(_KEY)} WHERE r.customer_id = object.customer_id"
        " AND r.kind = object.kind AND r.key = object.key)",
        rows=[_key(key) for key in present],
    )
    return tuple(change for key, old in present.items() for change in _changes(key, old, dict.fromkeys(old)))


def of_customers(tx: Tx, ids: Sequence[int], kinds: Collection[str] | None = None) -> tuple[StoredObject, ...]:
    """All things of these customers, in order of kind and key."""
    if kinds is not None and not kinds:
        return ()
    some = "" if kinds is None else f" AND {tx.among('o.kind', 'kinds', 'text')}"
    rows = tx.ask(
        "SELECT o.customer_id, o.kind, o.key, o.fields FROM object o"
        f" WHERE {tx.among('o.customer_id', 'ids')}{some} ORDER BY o.customer_id, o.kind, o.key",
        ids=list(ids),
        **({"kinds": list(kinds)} if kinds else {}),
    )
    return tuple(StoredObject(row.customer_id, row.kind, row.key, load(row.fields)) for row in rows)


_KEY = {"customer_id": "bigint", "kind": "text", "key": "text"}


def _key(key: Key) -> dict[str, int | str]:
    return {"customer_id": key[0], "kind": key[1], "key": key[2]}


def _present(tx: Tx, keys: Sequence[Key]) -> dict[Key, dict[str, Json]]:
    rows = tx.ask(
        f"SELECT o.customer_id, o.kind, o.key, o.fields FROM {tx.table(_KEY)} JOIN object o"
        " ON o.customer_id = r.customer_id AND o.kind = r.kind AND o.key = r.key",
        rows=[_key(key) for key in set(keys)],
    )
    return {(row.customer_id, row.kind, row.key): load(row.fields) for row in rows}


def _merged(old: Mapping[str, Json], patch: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in {**old, **patch}.items() if value is not None}


def _changes(key: Key, old: Mapping[str, Json], patch: Mapping[str, Json]) -> list[Change]:
    return [
        Change(key[0], DataName(key[1], (name,)), old.get(name), new, key[2])
        for name, new in patch.items()
        if customers.differs(old.get(name), new)
    ]


def _write(tx: Tx, rows: Mapping[Key, Mapping[str, Json]], now: Instant) -> None:
    tx.run(
        "INSERT INTO object (customer_id, kind, key, fields, updated_at)"
        f" SELECT r.customer_id, r.kind, r.key, {tx.json('r.body')}, :now FROM {tx.table({**_KEY, 'body': 'text'})}"
        " WHERE true ON CONFLICT (customer_id, kind, key)"
        " DO UPDATE SET fields = excluded.fields, updated_at = excluded.updated_at",
        rows=[{**_key(key), "body": dump(fields)} for key, fields in rows.items()],
        now=now,
    )
