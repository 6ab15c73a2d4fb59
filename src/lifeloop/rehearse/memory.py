"""What is remembered about one pretend person: records, things, events, what was said to them. No database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from importlib import import_module
from typing import Any, Literal
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.conditions import members_of
from lifeloop.engine.scope import audience_scope
from lifeloop.engine.values import Event, Facts, Record, Sale, Sent
from lifeloop.engine.zones import instant_of
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.compiler_policy import entity_of
from lifeloop.journey.condition import DataName
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json, Plan
from lifeloop.rehearse.present import Present, Run
from lifeloop.rehearse.record import inside, key_of

Reaction = Literal["open", "click", "reply"]
_SHOWS: Mapping[Reaction, tuple[str, ...]] = {
    "open": ("opened",),
    "click": ("clicked", "opened"),
    "reply": ("replied",),
}


@dataclass(frozen=True, slots=True)
class Changed:
    """An attribute that is now other than before. ``name``: ``customer.plan``, ``contract.ends``."""

    name: str
    before: Record
    after: Record
    object_key: str | None = None


class Memory:
    """The records of one person: of a blank sheet, or of somebody as they stand."""

    def __init__(self, present: Present, catalogue: Catalogue) -> None:
        person = present.person
        self._catalogue = catalogue
        self.name = person.name
        self.customer: Record = {**person.customer, "id": person.name}
        self.things: dict[str, tuple[Record, ...]] = dict(person.things)
        self.consents = dict(person.consents)
        self.sales = (*present.sales, *_sales(person, catalogue))
        self.suppressed, self.paused_until, self.pace = present.suppressed, present.paused_until, present.pace
        self.events = list(present.events)
        self.sent = list(present.sent)
        self.answers = list(present.answers)
        self.moments = [event.at for event in self.events] + [sent.at for _, sent in self.sent]
        """When something happened or was said, whatever it was; it only ever grows."""
        self._last_seq = _last_seq(present)
        self.version = 0
        """Counts up with everything that a segment may read."""

    def facts(self, plan: Plan, now: Instant, object_key: str | None = None, run: Run | None = None) -> Facts:
        """Return all that one decision may read."""
        known = Facts(
            customer_id=self.name,
            customer=self.customer,
            object=self._thing(plan.object, object_key),
            things=self.things,
            events=tuple(self.events),
            sent=tuple(
                sent._replace(own=True) if run is not None and owner is run else sent for owner, sent in self.sent
            ),
            consents=self.consents,
            suppressed=self.suppressed,
            paused_until=self.paused_until,
            pace=self.pace,
            sales=self.sales,
            answers=tuple(answer for owner, answer in self.answers if owner is run),
        )
        return self._judged(known, plan, now)

    def members_of(self, names: Collection[str], known: Facts, plan: Plan, now: Instant) -> frozenset[str]:
        """Return those of these segments that the person is in."""
        return members_of(names, audience_scope(plan, known, now, {}), self._catalogue.segments)

    def happens(self, name: str, data: Record, now: Instant) -> Event:
        """Keep that something happened."""
        self._last_seq += 1
        event = Event(self._last_seq, name, now, data)
        self.events.append(event)
        self.moments.append(now)
        self.version += 1
        return event

    def says(self, run: Run, sent: Sent) -> None:
        """Keep that a message was said."""
        self.sent.append((run, sent))
        self.moments.append(sent.at)
        self.version += 1

    def keys_of(self, plan: Plan) -> list[str | None]:
        """Return the things that a journey could be about; of a journey about the person, nothing but None."""
        if plan.object is None:
            return [None]
        kind = self._catalogue.objects[plan.object]
        return [key_of(thing, kind) for thing in self.things.get(plan.object, ())]

    def key_in(self, plan: Plan, data: Record) -> str | None:
        """Return which thing an event is about, where the journey is about things and the event names its key."""
        kind = self._catalogue.objects.get(plan.object) if plan.object else None
        value = data.get(kind.key) if kind else None
        return None if value is None else str(value)

    def write(self, name: DataName, value: Json, object_key: str | None) -> Changed | None:
        """Change one value, of the customer or of one thing; None when it was so before."""
        self.version += 1
        if name.root == "customer":
            before, self.customer = self.customer, inside(self.customer, name.path, value)
            return changed(name, before, self.customer, None)
        kind = self._catalogue.objects[name.root]
        things = list(self.things.get(name.root, ()))
        index = next((i for i, thing in enumerate(things) if object_key in (None, key_of(thing, kind))), None)
        if index is None:
            index = len(things)
            things.append({kind.key: object_key or f"{self.name}-{name.root}"})
        before = things[index]
        things[index] = inside(before, name.path, value)
        self.things[name.root] = tuple(things)
        return changed(name, before, things[index], key_of(things[index], kind))

    def noticed(self, message: str, what: Reaction, now: Instant) -> tuple[str, ...]:
        """Keep that they opened, clicked or replied to the latest such message; return what is new by it.

        A click shows that it was opened, whatever the mail program told us. The first time stays.
        """
        latest = next((i for i in reversed(range(len(self.sent))) if self.sent[i][1].message == message), None)
        if latest is None:
            return ()
        run, sent = self.sent[latest]
        words = [word for word in _SHOWS[what] if getattr(sent, f"{word}_at") is None]
        times: dict[str, Any] = {f"{word}_at": now for word in words}
        self.sent[latest] = (run, sent._replace(**times))
        self.version += 1
        return tuple(words)

    def _judged(self, known: Facts, plan: Plan, now: Instant) -> Facts:
        predicates = self._catalogue.predicates
        if not plan.segments and not predicates:
            return known
        named = frozenset(name for name, path in predicates.items() if _predicate(path)(known.customer))
        known = known._replace(named=named)
        return known._replace(segments=self.members_of(plan.segments, known, plan, now))

    def _thing(self, kind: str | None, key: str | None) -> Record | None:
        if kind is None or key is None:
            return None
        found = self._catalogue.objects[kind]
        return next((thing for thing in self.things.get(kind, ()) if key_of(thing, found) == key), None)


def _last_seq(present: Present) -> int:
    """Return the number of the newest event that anything knows of: later ones must come after it."""
    known = [event.seq for event in present.events]
    known += [seq for run in present.runs for seq in (run.state.since_seq, run.state.start_seq or 0, *run.state.used)]
    return max(known, default=0)


def _sales(person: Person, catalogue: Catalogue) -> tuple[Sale, ...]:
    """Return what a sample person bought, as sales that were proper ones."""
    entity, zone = entity_of(catalogue), ZoneInfo(catalogue.timezone)
    return tuple(
        Sale(product, product, instant_of(day, time(0), zone), offered=True, entity=entity)
        for product, day in person.sales
    )


def changed(name: DataName, before: Record, after: Record, key: str | None) -> Changed | None:
    """Return what changed between two versions of a record under that name, None when nothing did."""
    attribute = name.path[0]
    if before.get(attribute) == after.get(attribute):
        return None
    return Changed(f"{name.root}.{attribute}", before, after, key)


@lru_cache(maxsize=64)
def _predicate(path: str) -> Callable[[Record], bool]:
    module, _, name = path.partition(":")
    found: Callable[[Record], bool] = getattr(import_module(module), name)
    return found
