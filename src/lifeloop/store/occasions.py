"""When a calendar start comes round, once per time zone; then everybody of its audience is called in, slice by slice.

How far that has got is written with each slice: a process that dies loses nothing, and another goes on from there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.journey.condition import ALWAYS, Condition
from lifeloop.store import journeys
from lifeloop.store.conditions import NotSqlError, Reading, where
from lifeloop.store.transaction import Tx

EVERYBODY, NOWHERE = "*", ""
_OF_ZONE = {EVERYBODY: "TRUE", NOWHERE: "c.timezone IS NULL"}


@dataclass(frozen=True, slots=True)
class Occasion:
    """The next time of the start at ``place`` among a plan's triggers, for those who were told to live in ``zone``.

    ``zone`` ``*``: for everybody; empty: for those of whom no zone is known. ``after``: called in up to this customer.
    """

    journey: str
    place: int
    zone: str
    due_at: Instant
    after: int = 0


def note(tx: Tx, found: Collection[Occasion]) -> None:
    """Write occasions of zones that were not known; those that are keep their moment."""
    ids = tx.journey_ids([one.journey for one in found])
    columns = {"journey_id": "integer", "place": "integer", "zone": "text", "due_at": "bigint"}
    rows = [(ids[one.journey], one.place, one.zone, one.due_at) for one in found]
    tx.run(
        "INSERT INTO occasion (journey_id, place, zone, due_at) SELECT r.journey_id, r.place, r.zone, r.due_at"
        f" FROM {tx.table(columns)} WHERE true ORDER BY 1, 2, 3 ON CONFLICT (journey_id, place, zone) DO NOTHING",
        rows=[dict(zip(columns, row, strict=True)) for row in sorted(rows)],
    )


def drop(tx: Tx, names: Collection[str], after: Instant) -> None:
    """Forget what lies ahead of journeys that start otherwise now. Whose people are being called in goes on."""
    tx.run(
        "DELETE FROM occasion WHERE due_at > :after AND journey_id IN"
        f" (SELECT id FROM journey WHERE {tx.among('name', 'names', 'text')})",
        names=list(names),
        after=after,
    )


def claim(tx: Tx, names: Sequence[str] | None, now: Instant) -> Occasion | None:
    """Take one that is due, so that nobody else calls in its people; None when there is none, or others have them."""
    rows = tx.ask(
        "SELECT j.name, o.place, o.zone, o.due_at, o.after_id FROM occasion o JOIN journey j ON j.id = o.journey_id"
        f" WHERE {tx.among('o.journey_id', 'ids', 'integer')} AND o.due_at <= :now ORDER BY o.due_at LIMIT 1"
        f" {tx.locked('FOR UPDATE OF o SKIP LOCKED')}",
        ids=journeys.awake(tx, names),
        now=now,
    )
    return Occasion(*rows[0]) if rows else None


def last_of_slice(tx: Tx, one: Occasion, size: int) -> int | None:
    """The last customer of the next slice; None when everybody of this zone was called."""
    found: int | None = tx.ask(
        f"SELECT max(s.id) AS last FROM (SELECT c.id FROM customer c WHERE {_zone_of(one)} AND c.id > :after"
        " ORDER BY c.id LIMIT :size) AS s",
        after=one.after,
        size=size,
        **_zone_value(one),
    )[0].last
    return found


def call_in(tx: Tx, one: Occasion, last: int, audience: Condition, reading: Reading) -> int:
    """Make candidates of those up to ``last`` whom the audience holds; returns how many. No row goes through Python.

    An audience that only Python can read is left to the engine, which judges every candidate anyway.
    """
    try:
        test, values = where(tx, audience, reading)
    except NotSqlError:
        test, values = where(tx, ALWAYS, reading)
    return tx.run(
        'INSERT INTO candidate (journey_id, customer_id, due_at, "trigger", subject)'
        " SELECT :journey, c.id, :due_at, 'calendar', :subject FROM customer c"
        f" WHERE {_zone_of(one)} AND c.id > :after AND c.id <= :last AND {test} ORDER BY c.id ON CONFLICT DO NOTHING",
        journey=tx.journey_ids([one.journey])[one.journey],
        due_at=one.due_at,
        subject=str(one.due_at),
        after=one.after,
        last=last,
        **values,
        **_zone_value(one),
    )


def proceed(tx: Tx, one: Occasion, *, after: int = 0, due_at: Instant | None = None) -> None:
    """Note how far calling in has got, or when the occasion comes round next."""
    tx.run(
        "UPDATE occasion SET after_id = :after, due_at = :due_at"
        " WHERE journey_id = :journey AND place = :place AND zone = :zone",
        journey=tx.journey_ids([one.journey])[one.journey],
        place=one.place,
        zone=one.zone,
        after=after,
        due_at=one.due_at if due_at is None else due_at,
    )


def _zone_of(one: Occasion) -> str:
    return _OF_ZONE.get(one.zone, "c.timezone = :zone")


def _zone_value(one: Occasion) -> dict[str, str]:
    return {} if one.zone in _OF_ZONE else {"zone": one.zone}
