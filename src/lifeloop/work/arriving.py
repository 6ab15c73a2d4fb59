"""What arrives over the wire, in its order: customers, events, things that are gone, and who turned out to be whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import groupby
from typing import Literal, NamedTuple

from lifeloop.clock import Instant
from lifeloop.journey.plan import Json
from lifeloop.store import aliases, arrivals, customers, objects
from lifeloop.store.arrivals import Id, NewRefusal
from lifeloop.store.transaction import Tx, dump
from lifeloop.work.ingesting import Happening, Person, take_in
from lifeloop.work.merging import merge
from lifeloop.work.routing import route_changes
from lifeloop.work.segmenting import refresh_segments
from lifeloop.work.workspace import Workspace

Word = Literal["new", "known", "conflict", "taken"]
"""``known``: it came before, with the same words. ``conflict``: it came before, with others, and is refused.
``taken``: an id that is to be merged belongs to somebody else by now."""


class Removal(NamedTuple):
    """A thing of a customer is gone."""

    customer: str
    kind: str
    key: str


class Merger(NamedTuple):
    """Who came under one id is the customer of another."""

    former: str
    customer: str


Fact = Person | Happening | Removal | Merger


class Item(NamedTuple):
    """One fact as it arrives. ``(source, id)`` says which one it is; an empty id: it cannot be known again."""

    fact: Fact
    source: str
    id: str = ""


@dataclass(slots=True)
class Taken:
    """What became of items, by their places, and which journeys now have something to do."""

    words: list[Word]
    journeys: set[str] = field(default_factory=set)


def take_items(space: Workspace, tx: Tx, items: Sequence[Item]) -> Taken:
    """Take in items in their order, in one transaction that is open."""
    now = space.clock.now()
    taken = Taken(["new"] * len(items))
    fresh = _unseen(tx, items, taken, now)
    for together, places in groupby(fresh, key=lambda place: isinstance(items[place].fact, Person | Happening)):
        if together:
            _take_in(space, tx, items, list(places), taken)
        else:
            for place in places:
                _take_one(space, tx, items[place].fact, place, taken, now)
    _keep_refused(tx, items, taken, now)
    return taken


def _take_in(space: Workspace, tx: Tx, items: Sequence[Item], places: Sequence[int], taken: Taken) -> None:
    people = [fact for place in places if isinstance(fact := items[place].fact, Person)]
    at = [place for place in places if isinstance(items[place].fact, Happening)]
    happenings = [fact for place in at if isinstance(fact := items[place].fact, Happening)]
    done = take_in(space, tx, people, happenings)
    taken.journeys |= done.journeys
    for place in done.known:
        taken.words[at[place]] = "known"
    for place in done.refused:
        taken.words[at[place]] = "conflict"


def _take_one(space: Workspace, tx: Tx, fact: Fact, place: int, taken: Taken, now: Instant) -> None:
    if isinstance(fact, Merger):
        merged = merge(space, tx, fact.former, fact.customer, now)
        taken.journeys |= merged.journeys
        taken.words[place] = "taken" if merged.taken else "new"
    elif isinstance(fact, Removal):
        taken.journeys |= _remove(space, tx, fact, now)


def _remove(space: Workspace, tx: Tx, fact: Removal, now: Instant) -> frozenset[str]:
    key = aliases.now_called(tx, [fact.customer]).get(fact.customer, fact.customer)
    found = customers.find_keys(tx, [key]).get(key)
    if found is None:
        return frozenset()
    changes = objects.delete(tx, [(found.id, fact.kind, fact.key)])
    woken = route_changes(space, tx, changes, now)
    refresh_segments(space, tx, now, [found.id])
    return woken


def _unseen(tx: Tx, items: Sequence[Item], taken: Taken, now: Instant) -> Iterator[int]:
    """Return the places of what did not come before. Events know that themselves."""
    told = {place: (item.source, item.id) for place, item in enumerate(items) if _is_noted(item)}
    digests = {place: _digest(items[place].fact) for place in told}
    first: dict[Id, int] = {}
    for place, id_ in told.items():
        first.setdefault(id_, place)
    before = arrivals.add(tx, [(id_, digests[place]) for id_, place in first.items()], now) if first else {}
    for place, id_ in told.items():
        if id_ in before or first[id_] != place:
            same = digests[place] == before.get(id_, digests[first[id_]])
            taken.words[place] = "known" if same else "conflict"
    return (place for place in range(len(items)) if taken.words[place] == "new")


def _is_noted(item: Item) -> bool:
    return bool(item.id) and not isinstance(item.fact, Happening)


def _keep_refused(tx: Tx, items: Sequence[Item], taken: Taken, now: Instant) -> None:
    refused = [item for item, word in zip(items, taken.words, strict=True) if word == "conflict"]
    if refused:
        called = aliases.now_called(tx, {_about(item.fact) for item in refused})
        arrivals.refuse(tx, [_refusal(item, called) for item in refused], now)


def _refusal(item: Item, called: Mapping[str, str]) -> NewRefusal:
    fact, who = item.fact, _about(item.fact)
    name = fact.name if isinstance(fact, Happening) else type(fact).__name__.lower()
    return NewRefusal(item.source, item.id, _digest(fact), called.get(who, who), name, dump(_said(fact)))


def _about(fact: Fact) -> str:
    return fact.key if isinstance(fact, Person) else fact.customer


def _said(fact: Fact) -> Json:
    match fact:
        case Person():
            things: dict[str, Json] = {kind: [dict(each) for each in those] for kind, those in fact.things.items()}
            return [fact.key, dict(fact.data), things, dict(fact.consents)]
        case Happening():
            return [fact.customer, fact.name, None if fact.guessed_at else fact.at, dict(fact.data)]
        case _:
            return list(fact)


def _digest(fact: Fact) -> int:
    said = dump([type(fact).__name__, _said(fact)])
    return int.from_bytes(blake2b(said.encode(), digest_size=8).digest()) >> 1
