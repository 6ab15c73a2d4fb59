"""The pace of every way out, shared by all workers: read under lock, decided by the engine, written back at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lifeloop.clock import Instant
from lifeloop.engine.pacing import Pace
from lifeloop.store.transaction import Tx

_COLUMNS = {
    "name": "text",
    "next_free": "bigint",
    "booked": "bigint",
    "day": "text",
    "used": "integer",
    "closed_until": "bigint",
    "slowed": "integer",
    "state": "text",
    "retry_at": "bigint",
    "opened": "integer",
    "since": "bigint",
    "tried": "integer",
    "failed": "integer",
    "in_a_row": "integer",
    "why": "text",
}


def look(tx: Tx, names: Collection[str] | None = None) -> dict[str, Pace]:
    """Return the pace of these ways, of all that are known without ``names``; takes no lock."""
    return _found(tx, names, "")


def lock(tx: Tx, names: Collection[str]) -> dict[str, Pace]:
    """Return the pace of these ways, held until the commit: whoever else wants them waits."""
    made = dict.fromkeys(("name", "day", "state"), "text")
    tx.run(
        "INSERT INTO pace (name, day, state, next_free, booked) SELECT r.name, r.day, r.state, 0, 0"
        f" FROM {tx.table(made)} WHERE true ON CONFLICT (name) DO NOTHING",
        rows=[{"name": name, "day": "", "state": "closed"} for name in sorted(names)],
    )
    return _found(tx, names, "FOR UPDATE")


def write(tx: Tx, paces: Sequence[Pace]) -> None:
    """Write the pace of ways that are locked."""
    changed = [name for name in _COLUMNS if name != "name"]
    tx.run(
        f"UPDATE pace SET {', '.join(f'{name} = r.{name}' for name in changed)} FROM {tx.table(_COLUMNS)}"
        " WHERE pace.name = r.name",
        rows=[_row(pace) for pace in sorted(paces, key=lambda pace: pace.name)],
    )


def seats_taken(tx: Tx, ways: Collection[str], now: Instant) -> Mapping[str, int]:
    """Return how many requests may be under way at these ways; ask only after ``lock``, or it may be more by then."""
    rows = tx.ask(
        f"SELECT way, sum(seats) AS taken FROM seat WHERE {tx.among('way', 'ways', 'text')} AND until > :now"
        " GROUP BY way",
        ways=sorted(ways),
        now=now,
    )
    return {row.way: int(row.taken) for row in rows}


def sit(tx: Tx, ticket: str, seats: Mapping[str, int], *, until: Instant, now: Instant) -> None:
    """Take seats for one batch; those whose time is over, because their worker died, go."""
    tx.run("DELETE FROM seat WHERE until <= :now", now=now)
    tx.run(
        "INSERT INTO seat (way, ticket, seats, until) SELECT r.way, :ticket, r.seats, :until"
        f" FROM {tx.table({'way': 'text', 'seats': 'integer'})} WHERE true"
        " ON CONFLICT (way, ticket) DO UPDATE SET seats = excluded.seats, until = excluded.until",
        rows=[{"way": way, "seats": count} for way, count in sorted(seats.items())],
        ticket=ticket,
        until=until,
    )


def leave(tx: Tx, ticket: str, way: str) -> None:
    """Give up the seats that one batch has at one way."""
    tx.run("DELETE FROM seat WHERE ticket = :ticket AND way = :way", ticket=ticket, way=way)


def _found(tx: Tx, names: Collection[str] | None, clause: str) -> dict[str, Pace]:
    some = "" if names is None else f" WHERE {tx.among('name', 'names', 'text')}"
    values = {} if names is None else {"names": sorted(names)}
    rows = tx.ask(f"SELECT {', '.join(_COLUMNS)} FROM pace{some} ORDER BY name {tx.locked(clause)}", **values)
    return {row.name: Pace(**row._asdict()) for row in rows}


def _row(pace: Pace) -> dict[str, Any]:
    return {name: getattr(pace, name) for name in _COLUMNS}
