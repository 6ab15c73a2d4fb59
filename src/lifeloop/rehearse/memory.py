"""What is remembered about one pretend person: records, things, events, what was said to them. No database."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import import_module
from typing import Literal

from lifeloop.clock import Instant
from lifeloop.engine.conditions import holds
from lifeloop.engine.scope import audience_scope
from lifeloop.engine.values import Answer, Event, Facts, Record, Sent, State, Status
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.condition import DataName
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json, Plan
from lifeloop.rehearse.record import inside, key_of

Reaction = Literal["open", "click", "reply"]


@dataclass(slots=True, eq=False)
class Run:
    """A passage through one journey."""

    plan: Plan
    state: State
    subject: str
    key: str
    object_key: str | None = None

    @property
    def active(self) -> bool:
        """Whether it is still on the way."""
        return self.state.status is Status.WAITING


@dataclass(frozen=True, slots=True)
class Changed:
    """An attribute that is now other than before. ``name``: ``customer.plan``, ``contract.ends``."""

    name: str
    before: Record
    after: Record
    object_key: str | None = None


class Memory:
    """The records of one person."""

    def __init__(self, person: Person, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.name = person.name
        self.customer: Record = {**person.customer, "id": person.name}
        self.things: dict[str, tuple[Record, ...]] = dict(person.things)
        self.consents = dict(person.consents)
        self.events: list[Event] = []
        self.sent: list[tuple[Run, Sent]] = []
        self.answers: list[tuple[Run, Answer]] = []
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
            sent=tuple(replace(sent, own=True) if owner is run else sent for owner, sent in self.sent),
            consents=self.consents,
            answers=tuple(answer for owner, answer in self.answers if owner is run),
        )
        return self._judged(known, plan, now)

    def members_of(self, names: Iterable[str], known: Facts, plan: Plan, now: Instant) -> frozenset[str]:
        """Return those of these segments that the person is in."""
        segments = self._catalogue.segments
        scope = audience_scope(plan, known, now, {})
        return frozenset(name for name in names if name in segments and holds(segments[name], scope))

    def happens(self, name: str, data: Record, now: Instant) -> Event:
        """Keep that something happened."""
        event = Event(len(self.events) + 1, name, now, data)
        self.events.append(event)
        self.version += 1
        return event

    def says(self, run: Run, sent: Sent) -> None:
        """Keep that a message was said."""
        self.sent.append((run, sent))
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

    def noticed(self, message: str, what: Reaction, now: Instant) -> None:
        """Keep that they opened, clicked or replied to the latest such message."""
        latest = next((i for i in reversed(range(len(self.sent))) if self.sent[i][1].message == message), None)
        if latest is not None:
            run, sent = self.sent[latest]
            self.sent[latest] = (run, _noticed(sent, what, now))
            self.version += 1

    def _judged(self, known: Facts, plan: Plan, now: Instant) -> Facts:
        predicates = self._catalogue.predicates
        if not plan.segments and not predicates:
            return known
        named = frozenset(name for name, path in predicates.items() if _predicate(path)(known.customer))
        known = replace(known, named=named)
        return replace(known, segments=self.members_of(plan.segments, known, plan, now))

    def _thing(self, kind: str | None, key: str | None) -> Record | None:
        if kind is None or key is None:
            return None
        found = self._catalogue.objects[kind]
        return next((thing for thing in self.things.get(kind, ()) if key_of(thing, found) == key), None)


def changed(name: DataName, before: Record, after: Record, key: str | None) -> Changed | None:
    """Return what changed between two versions of a record under that name, None when nothing did."""
    attribute = name.path[0]
    if before.get(attribute) == after.get(attribute):
        return None
    return Changed(f"{name.root}.{attribute}", before, after, key)


def _noticed(sent: Sent, what: Reaction, now: Instant) -> Sent:
    if what == "reply":
        return replace(sent, replied_at=now)
    # A click shows that it was opened, whatever the mail program told us.
    seen = replace(sent, opened_at=sent.opened_at or now)
    return replace(seen, clicked_at=now) if what == "click" else seen


@lru_cache(maxsize=64)
def _predicate(path: str) -> Callable[[Record], bool]:
    module, _, name = path.partition(":")
    found: Callable[[Record], bool] = getattr(import_module(module), name)
    return found
