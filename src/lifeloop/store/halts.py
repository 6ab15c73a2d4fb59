"""What is halted, the counts that breakers judge by, and how a backlog leaves once it is released.

The gate reads the rows of halts inside its own transaction, behind a lock that gates share. Whoever halts takes that
lock for itself first: so it waits for gates that are open, and no gate opens until the halt is committed. The lock is
an advisory one because PostgreSQL queues for those in order: for a row, one gate after the other would go first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.breaker import LONGEST, Counts, Key, Scope, Trip, stretch_of
from lifeloop.store.transaction import Tx, dump, load

HELD = "halted"
"""The reason of a message that waits because its message or its provider is halted."""
KEPT = 30 * 86_400
"""Seconds that a released halt stays on record."""
_GATES = 7140234  # the numbers of PostgreSQL's locks for gates and for journeys at them: any, but always these
_JOURNEYS = 7140235
_TALLY = dict.fromkeys(("scope", "name", "what"), "text") | {"number": "integer"}
_SAID = {"who": "bigint", "digest": "bigint", "message": "text"}


@dataclass(frozen=True, slots=True)
class HaltRow:
    """One halt, standing or released. ``calm_until``: until when what had gathered leaves at the pace of a release."""

    scope: Scope
    name: str
    at: Instant
    by: str
    reason: str
    figures: Mapping[str, Any]
    released_at: Instant | None = None
    calm_until: Instant | None = None

    @property
    def stands(self) -> bool:
        """Whether nothing leaves of it."""
        return self.released_at is None


def read(tx: Tx, now: Instant) -> tuple[HaltRow, ...]:
    """Every halt that stands, and those released whose backlog is still leaving."""
    rows = tx.ask("SELECT * FROM halt WHERE released_at IS NULL OR calm_until > :now ORDER BY at, id", now=now)
    return tuple(_read(row) for row in rows)


def standing(tx: Tx) -> tuple[HaltRow, ...]:
    """Every halt that stands, the oldest first."""
    return tuple(_read(row) for row in tx.ask("SELECT * FROM halt WHERE released_at IS NULL ORDER BY at, id"))


def open_gate(tx: Tx) -> None:
    """Let whoever halts wait until this transaction ends; wait for whoever halts now. To be called first."""
    if tx.postgres:
        tx.ask("SELECT pg_advisory_xact_lock_shared(:gates)", gates=_GATES)


def take_turn(tx: Tx) -> None:
    """Wait for gates that are open, and let none open until this transaction ends. To be called first."""
    if tx.postgres:
        tx.ask("SELECT pg_advisory_xact_lock(:gates)", gates=_GATES)


def halt(tx: Tx, trips: Sequence[Trip], now: Instant) -> tuple[Trip, ...]:
    """Halt; returns those that were not halted yet. The caller has taken its turn."""
    columns = dict.fromkeys(("scope", "name", "by", "reason", "figures"), "text")
    made = tx.ask(
        'INSERT INTO halt (scope, name, "at", "by", reason, figures) SELECT r.scope, r.name, :now, r."by", r.reason,'
        f" r.figures FROM {tx.table(columns)} WHERE true"
        " ON CONFLICT (scope, name) WHERE released_at IS NULL DO NOTHING RETURNING scope, name",
        rows=[
            {"scope": one.scope, "name": one.name, "by": one.by, "reason": one.reason, "figures": dump(one.figures)}
            for one in _once(trips)
        ],
        now=now,
    )
    new = {(row.scope, row.name) for row in made}
    return tuple(one for one in _once(trips) if (one.scope, one.name) in new)


def release(tx: Tx, scope: Scope, name: str, now: Instant, calm_until: Instant) -> bool:
    """Let it go, and count anew from here; False when it was not halted. The caller has taken its turn."""
    done = tx.run(
        "UPDATE halt SET released_at = :now, calm_until = :calm WHERE scope = :scope AND name = :name"
        " AND released_at IS NULL",
        scope=scope,
        name=name,
        now=now,
        calm=calm_until,
    )
    tx.run("DELETE FROM tally WHERE scope = :scope AND name = :name", scope=scope, name=name)
    return bool(done)


def in_turn(tx: Tx, journeys: Collection[str]) -> None:
    """Let one gate at a time count what a journey sends, to its commit. SQLite has one writer anyway."""
    if tx.postgres:
        tx.ask(
            "SELECT pg_advisory_xact_lock(:space, id) FROM (SELECT id FROM journey"
            f" WHERE {tx.among('name', 'names', 'text')} ORDER BY id) AS turns",
            space=_JOURNEYS,
            names=sorted(journeys),
        )


def counts(tx: Tx, of: Collection[tuple[str, str]], now: Instant) -> Counts:
    """What was counted of these (scope, name), as far back as anything is judged by."""
    rows = tx.ask(
        "SELECT t.* FROM tally t"
        f" JOIN {tx.table({'scope': 'text', 'name': 'text'})} ON t.scope = r.scope AND t.name = r.name"
        " WHERE t.stretch >= :first",
        rows=[{"scope": scope, "name": name} for scope, name in sorted(of)],
        first=stretch_of(now - LONGEST),
    )
    found: dict[Key, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        found[row.scope, row.name, row.what].append((row.stretch, row.number))
    return found


def count(tx: Tx, more: Mapping[Key, int], now: Instant) -> None:
    """Add to what was counted."""
    if not more:
        return
    tx.run(
        "INSERT INTO tally (scope, name, what, stretch, number) SELECT r.scope, r.name, r.what, :stretch, r.number"
        f" FROM {tx.table(_TALLY)} WHERE true ORDER BY r.scope, r.name, r.what ON CONFLICT (scope, name, what, stretch)"
        " DO UPDATE SET number = tally.number + excluded.number",
        rows=[{"scope": key[0], "name": key[1], "what": key[2], "number": more[key]} for key in sorted(more)],
        stretch=stretch_of(now),
    )


def count_messages(tx: Tx, what: str, ids: Sequence[str], now: Instant) -> None:
    """Count something that happened to messages, by their journeys."""
    if not ids:
        return
    tx.run(
        "INSERT INTO tally (scope, name, what, stretch, number) SELECT 'journey', j.name, :what, :stretch, count(*)"
        f" FROM message m JOIN journey j ON j.id = m.journey_id WHERE {tx.among('m.id', 'ids', 'text')}"
        " GROUP BY j.name ORDER BY j.name ON CONFLICT (scope, name, what, stretch)"
        " DO UPDATE SET number = tally.number + excluded.number",
        what=what,
        ids=sorted(set(ids)),
        stretch=stretch_of(now),
    )


def people(tx: Tx, journey: str, since: Instant) -> int:
    """How many runs of a journey are on the way, or began since."""
    rows = tx.ask(
        "SELECT count(*) AS number FROM enrollment e JOIN journey j ON j.id = e.journey_id WHERE j.name = :journey"
        " AND (e.status = 'waiting' OR e.started_at >= :since)",
        journey=journey,
        since=since,
    )
    return int(rows[0].number)


def say(tx: Tx, rows: Sequence[tuple[int, int, str]], now: Instant, since: Instant) -> frozenset[str]:
    """Note (customer, digest, message) as said now; returns the messages whose words were not said since then.

    The same message may say them again: that is a second try. Each customer and digest stands in ``rows`` once.
    """
    if not rows:
        return frozenset()
    said = tx.ask(
        'INSERT INTO said (customer_id, digest, message_id, "at") SELECT r.who, r.digest, r.message, :now'
        f" FROM {tx.table(_SAID)} WHERE true ORDER BY r.who, r.digest ON CONFLICT (customer_id, digest) DO UPDATE"
        ' SET message_id = excluded.message_id, "at" = excluded."at"'
        ' WHERE said."at" <= :since OR said.message_id = excluded.message_id RETURNING message_id',
        rows=[{"who": who, "digest": digest, "message": message} for who, digest, message in rows],
        now=now,
        since=since,
    )
    return frozenset(row.message_id for row in said)


def forget(tx: Tx, now: Instant) -> None:
    """Let go of what nothing is judged by any more."""
    tx.run("DELETE FROM tally WHERE stretch < :first", first=stretch_of(now - LONGEST))
    tx.run('DELETE FROM said WHERE "at" < :then', then=now - LONGEST)
    tx.run("DELETE FROM halt WHERE released_at < :then AND calm_until < :then", then=now - KEPT)


def _once(trips: Sequence[Trip]) -> list[Trip]:
    """Return the first trip of each thing, as they came."""
    first: dict[tuple[str, str], Trip] = {}
    for one in trips:
        first.setdefault((one.scope, one.name), one)
    return list(first.values())


def _read(row: Any) -> HaltRow:
    same = {name: getattr(row, name) for name in ("scope", "name", "at", "by", "reason", "released_at", "calm_until")}
    return HaltRow(**same, figures=load(row.figures))
