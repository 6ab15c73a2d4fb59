"""Taking in facts: customers, their things, events, permissions. Written and routed in one commit, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lifeloop.clock import Instant
from lifeloop.engine.values import Record
from lifeloop.journey.attributes import coerce
from lifeloop.journey.catalogue import Attribute
from lifeloop.store import consents, customers, events, facts, journeys, objects
from lifeloop.store.transaction import Tx
from lifeloop.store.values import ConsentRow, CustomerRow, EventRow, ObjectRow, Upserted
from lifeloop.work.cleaning import clean_record, clean_text
from lifeloop.work.routing import route_changes, route_events, schedule_calendar
from lifeloop.work.segmenting import refresh_segments
from lifeloop.work.workspace import Workspace

TOLERANCE = 300
"""Seconds by which another clock may be ahead of ours. An event later than that is taken as happening then: nothing
happens in the future. One from long ago is believed, and is what journeys make of it; before 1970 there were none."""


@dataclass(frozen=True, slots=True)
class Person:
    """What became known about one customer. Their id is the company's own."""

    key: str
    data: Record = field(default_factory=dict)
    things: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    consents: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as it arrives. ``(source, id)`` says which one it is, however often it is sent."""

    customer: str
    name: str
    at: Instant
    id: str
    source: str = "import"
    data: Record = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a batch did: how many customers were new, events new, known already, or refused for another body."""

    customers: int = 0
    new_customers: int = 0
    events: int = 0
    duplicates: int = 0
    conflicts: tuple[str, ...] = ()
    journeys: frozenset[str] = frozenset()
    """Journeys that now have something to do."""


def ingest(
    space: Workspace,
    people: Sequence[Person] = (),
    happenings: Sequence[Happening] = (),
    *,
    source: str = "import",
    keep_refusals: bool = False,
) -> Ingested:
    """Take in one batch. An event of a customer nobody knows yet makes the customer known.

    ``keep_refusals``: who said no before stays with it, whatever the batch says: files are often older than a refusal.
    """
    with space.store.transaction() as tx:
        return take_in(space, tx, people, happenings, source=source, keep_refusals=keep_refusals)


def take_in(
    space: Workspace,
    tx: Tx,
    people: Sequence[Person],
    happenings: Sequence[Happening],
    *,
    source: str = "import",
    keep_refusals: bool = False,
) -> Ingested:
    """Do what ``ingest`` does, inside a transaction that is open."""
    now = space.clock.now()
    journeys.hold(tx)
    people, happenings = [_clean_person(one) for one in people], [_clean_happening(one) for one in happenings]
    written = _write_people(tx, people, happenings, now)
    changes = [*written.changes, *objects.upsert(tx, _things(space, people, written.ids), now)]
    consents.record(tx, _permissions(tx, people, written.ids, now, source, keep_refusals=keep_refusals), now)
    added = events.add(tx, [_row(one, written.ids, now) for one in happenings], now)
    woken = route_changes(space, tx, changes, now) | route_events(space, tx, added.new, now)
    active = frozenset(written.ids[one.customer] for one in happenings)
    _newcomers(space, tx, written, active, now)
    return Ingested(
        customers=len(people),
        new_customers=len(written.new),
        events=len(added.new),
        duplicates=len(added.duplicates),
        conflicts=tuple(f"{row.source}/{row.message_id}" for row in added.conflicts),
        journeys=woken,
    )


def _clean_person(one: Person) -> Person:
    things = {kind: tuple(map(clean_record, things)) for kind, things in one.things.items()}
    return replace(one, key=clean_text(one.key), data=clean_record(one.data), things=things)


def _clean_happening(one: Happening) -> Happening:
    return replace(one, customer=clean_text(one.customer), id=clean_text(one.id), data=clean_record(one.data))


def _write_people(tx: Tx, people: Sequence[Person], happenings: Sequence[Happening], now: Instant) -> Upserted:
    """Write everybody who is named; what a batch says about one customer in several places adds up."""
    told = {one.key for one in people}
    silent = dict.fromkeys(one.customer for one in happenings if one.customer not in told)
    rows = [*map(CustomerRow, silent), *(CustomerRow(one.key, one.data) for one in people)]
    return customers.upsert(tx, rows, now)


def _things(space: Workspace, people: Sequence[Person], ids: Mapping[str, int]) -> list[ObjectRow]:
    kinds = space.catalogue.objects
    return [
        ObjectRow(ids[person.key], kind, str(fields[kinds[kind].key]), fields)
        for person in people
        for kind, things in person.things.items()
        for fields in things
    ]


def _permissions(
    tx: Tx, people: Sequence[Person], ids: Mapping[str, int], now: Instant, source: str, *, keep_refusals: bool
) -> list[ConsentRow]:
    """Return what is said anew; the same word again is no new one."""
    said = [(ids[one.key], topic, granted) for one in people for topic, granted in one.consents.items()]
    known = facts.consents_of(tx, sorted({customer for customer, _, _ in said})) if said else {}
    rows = []
    for customer, topic, granted in dict.fromkeys(said):
        before = known.get(customer, {}).get(topic)
        if before is not granted and not (keep_refusals and before is False):
            rows.append(ConsentRow(customer, topic, granted, now, source=source))
    return rows


def _row(one: Happening, ids: Mapping[str, int], now: Instant) -> EventRow:
    at = min(max(one.at, 0), now + TOLERANCE)
    return EventRow(one.source, one.id, ids[one.customer], one.name, at, one.data, guessed_at=at != one.at)


def _newcomers(space: Workspace, tx: Tx, written: Upserted, active: frozenset[int], now: Instant) -> None:
    """Note when calendars begin for new customers, and who joined a segment.

    Somebody imported as they are has joined nothing; somebody who has just done something may have.
    """
    calendars = space.plans.routes(tx).calendars
    if calendars and written.new:
        schedule_calendar(tx, calendars, list(customers.find(tx, sorted(written.new)).values()), now)
    imported = written.new - active
    if imported:
        refresh_segments(space, tx, now, customer_ids=sorted(imported), quietly=None)
    others = sorted(set(written.ids.values()) - imported)
    if others:
        refresh_segments(space, tx, now, customer_ids=others)


def fitted(values: Mapping[str, object], attributes: Mapping[str, Attribute]) -> tuple[Record, list[str]]:
    """Return values typed by the catalogue, and a sentence for each that does not fit (which is left out).

    A name that is not declared stays as it is: a catalogue says what journeys may read, not what may be known.
    """
    data: dict[str, object] = {}
    problems: list[str] = []
    for name, value in values.items():
        attribute = attributes.get(name)
        if attribute is None or value is None:
            data[name] = value
            continue
        found = coerce(attribute, value)
        if found.reason:
            problems.append(f"{name}: {found.reason}")
        else:
            data[name] = found.value
    return data, problems  # type: ignore[return-value]  # coerce gives JSON
