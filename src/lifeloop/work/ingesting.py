"""Taking in facts: customers, their things, events, permissions. Written and routed in one commit, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lifeloop.clock import Instant
from lifeloop.engine.values import NOTHING, Record
from lifeloop.journey.attributes import coerce
from lifeloop.journey.catalogue import Attribute
from lifeloop.store import aliases, consents, customers, events, facts, journeys, objects
from lifeloop.store.transaction import Tx
from lifeloop.store.values import ConsentRow, CustomerRow, EventRow, ObjectRow, Upserted
from lifeloop.work.cleaning import clean_record, clean_text
from lifeloop.work.routing import route_changes, route_events
from lifeloop.work.segmenting import refresh_segments
from lifeloop.work.workspace import Workspace

TOLERANCE = 300
"""Seconds by which another clock may be ahead of ours. An event later than that is taken as happening then: nothing
happens in the future. One from long ago is believed, and is what journeys make of it; before 1970 there were none."""
NO_THINGS: Mapping[str, tuple[Record, ...]] = {}
NO_CONSENTS: Mapping[str, bool] = {}
TRIES = 5
"""Times that a batch is tried while others find out who its customers really are."""


class Person(NamedTuple):
    """What became known about one customer. Their id is the company's own."""

    key: str
    data: Record = NOTHING
    things: Mapping[str, tuple[Record, ...]] = NO_THINGS
    consents: Mapping[str, bool] = NO_CONSENTS
    said_at: Instant | None = None
    """When the consents were said; None: now. What was said before the last word changes nothing."""
    source: str = ""
    """Where the consents were said, if not where the batch is from."""


class Happening(NamedTuple):
    """An event as it arrives. ``(source, id)`` says which one it is, however often it is sent."""

    customer: str
    name: str
    at: Instant
    id: str
    source: str = "import"
    data: Record = NOTHING
    guessed_at: bool = False
    """``at`` is our own reckoning; the same event sent again may come with another."""


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
    known: tuple[int, ...] = ()
    """Places of the duplicates among the events that were given."""
    refused: tuple[int, ...] = ()
    """Places of the conflicts among them."""


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
    for nth in range(TRIES):
        try:
            with space.store.transaction() as tx:
                return take_in(space, tx, people, happenings, source=source, keep_refusals=keep_refusals)
        except customers.Merged:
            if nth == TRIES - 1:
                raise
    raise AssertionError("unreachable")


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
    people, happenings = _as_now_called(tx, people, happenings)
    written = _write_people(tx, people, happenings, now)
    changes = [*written.changes, *objects.upsert(tx, _things(space, people, written.ids), now)]
    if permissions := _permissions(tx, people, written.ids, now, source, keep_refusals=keep_refusals):
        consents.record(tx, permissions, now)
    rows = [_row(one, written.ids, now) for one in happenings]
    added = events.add(tx, rows, now)
    woken = route_changes(space, tx, changes, now) | route_events(space, tx, added.new, now)
    active = frozenset(written.ids[one.customer] for one in happenings)
    _newcomers(space, tx, written, active, now)
    return Ingested(
        customers=len(people),
        new_customers=len(written.new),
        events=len(added.new),
        duplicates=len(added.duplicates),
        conflicts=tuple(f"{rows[place].source}/{rows[place].message_id}" for place in added.conflicts),
        journeys=woken,
        known=added.duplicates,
        refused=added.conflicts,
    )


def _as_now_called(tx: Tx, people: list[Person], happenings: list[Happening]) -> tuple[list[Person], list[Happening]]:
    """Take those who turned out to be somebody else for whom they are."""
    called = aliases.now_called(tx, {*(one.key for one in people), *(one.customer for one in happenings)})
    if not called:
        return people, happenings
    return (
        [one._replace(key=called.get(one.key, one.key)) for one in people],
        [one._replace(customer=called.get(one.customer, one.customer)) for one in happenings],
    )


def _clean_person(one: Person) -> Person:
    things = {kind: tuple(map(clean_record, things)) for kind, things in one.things.items()}
    return one._replace(key=clean_text(one.key), data=clean_record(one.data), things=things)


def _clean_happening(one: Happening) -> Happening:
    customer, id_, data = clean_text(one.customer), clean_text(one.id), clean_record(one.data)
    return Happening(customer, one.name, one.at, id_, one.source, data, one.guessed_at)


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
    said = [(ids[one.key], topic, granted, one) for one in people for topic, granted in one.consents.items()]
    known = facts.consents_of(tx, sorted({customer for customer, *_ in said})) if said else {}
    rows = []
    for customer, topic, granted, one in said:
        before = known.get(customer, {}).get(topic)
        if before is not granted and not (keep_refusals and before is False):
            at = now if one.said_at is None else min(one.said_at, now)
            rows.append(ConsentRow(customer, topic, granted, at, source=one.source or source))
    return list(dict.fromkeys(rows))


def _row(one: Happening, ids: Mapping[str, int], now: Instant) -> EventRow:
    at = min(max(one.at, 0), now + TOLERANCE)
    guessed = one.guessed_at or at != one.at
    return EventRow(one.source, one.id, ids[one.customer], one.name, at, one.data, guessed_at=guessed)


def _newcomers(space: Workspace, tx: Tx, written: Upserted, active: frozenset[int], now: Instant) -> None:
    """Note who joined a segment.

    Somebody imported as they are has joined nothing; somebody who has just done something may have.
    """
    imported = written.new - active
    if imported:
        refresh_segments(space, tx, now, sorted(imported), quietly=True)
    others = sorted(set(written.ids.values()) - imported)
    if others:
        refresh_segments(space, tx, now, others)


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
