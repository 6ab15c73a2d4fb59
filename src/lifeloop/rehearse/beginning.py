"""Where a rehearsal begins when nobody says: a day before the start comes, or with what would start it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.conditions import holds
from lifeloop.engine.routing import Start, date_candidate, start_moment
from lifeloop.engine.scope import audience_scope
from lifeloop.engine.zones import instant_of, local, zone_of
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json, OnCalendar, OnEvent, OnMoment, Plan
from lifeloop.journey.saying import say_condition
from lifeloop.journey.spec import JourneyTest
from lifeloop.message.samples import sample_value
from lifeloop.rehearse.living import Given
from lifeloop.rehearse.memory import Memory
from lifeloop.rehearse.present import Present

A_DAY = 86_400
MORNING = time(9)


@dataclass(frozen=True, slots=True)
class Beginning:
    """When a rehearsal begins, what is given at first, and what the reader should know about that."""

    at: Instant
    given: tuple[Given, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Starter:
    """Finds where one person's rehearsal of one journey begins. ``tests``: their events carry sensible data."""

    plan: Plan
    person: Person
    catalogue: Catalogue
    tests: Sequence[JourneyTest] = ()

    def begin(self, today: date, given: Sequence[Given]) -> Beginning:
        """Return the beginning when no day was said."""
        moment = self._date_start()
        if moment is not None:
            before = local(moment - A_DAY, self._zone).date()
            return Beginning(instant_of(before, time(), self._zone))
        return self.begin_on(today, given)

    def begin_on(self, day: date, given: Sequence[Given]) -> Beginning:
        """Return the beginning on a given day: what starts the journey happens then, unless it is given or a date."""
        midnight, morning = (instant_of(day, at, self._zone) for at in (time(), MORNING))
        triggers = self.plan.triggers
        if self._date_start() is not None or any(isinstance(trigger, OnCalendar) for trigger in triggers):
            return Beginning(midnight)
        if any(one.what == "enter" for one in given):
            return Beginning(midnight)
        names = [trigger.event for trigger in triggers if isinstance(trigger, OnEvent)]
        if any(one.what == "event" and one.name in names for one in given):
            return Beginning(midnight)
        if names:
            data = self._data_of(names[0], morning)
            note = f"{names[0]} is what starts it: made to happen on day 0"
            return Beginning(midnight, (Given(morning, "event", names[0], data),), (note,))
        note = f"{self._why_by_hand()}put in by hand on day 0"
        return Beginning(midnight, (Given(morning, "enter", self.plan.journey),), (note,))

    def anchor(self) -> tuple[str, str] | None:
        """Return the date that the start is counted from, as ``contract.ends`` and its value."""
        for trigger in self.plan.triggers:
            for moment in trigger.moments if isinstance(trigger, OnMoment) else ():
                values = [self._value(moment.anchor.root, moment.anchor.path, thing) for thing in self._things()]
                value = next((value for value in values if isinstance(value, str)), None)
                if value is not None:
                    return str(moment.anchor), value
        return None

    @property
    def _zone(self) -> ZoneInfo:
        return zone_of(self.person.customer, self.plan)

    def _date_start(self) -> Instant | None:
        memory = Memory(Present(self.person), self.catalogue)
        found = (
            date_candidate(Start(self.plan, trigger), memory.facts(self.plan, 0, key), 0, key)
            for trigger in self.plan.triggers
            for key in memory.keys_of(self.plan)
        )
        return min((candidate.due_at for candidate in found if candidate), default=None)

    def _why_by_hand(self) -> str:
        dated = [trigger for trigger in self.plan.triggers if isinstance(trigger, OnMoment)]
        if not dated:
            return ""
        memory = Memory(Present(self.person), self.catalogue)
        for trigger in dated:
            for key in memory.keys_of(self.plan):
                scope = audience_scope(self.plan, memory.facts(self.plan, 0, key), 0, {})
                if start_moment(trigger, scope) is not None and not holds(trigger.where, scope):
                    return f"the start does not come ({say_condition(trigger.where)} does not hold): "
        anchors = ", ".join(str(moment.anchor) for trigger in dated for moment in trigger.moments)
        return f"the start does not come ({anchors} is unknown): "

    def _things(self) -> Iterator[Mapping[str, Json]]:
        kind = self.plan.object
        yield from self.person.things.get(kind, ()) if kind else ()
        if kind is None:
            yield {}

    def _value(self, root: str, path: tuple[str, ...], thing: Mapping[str, Json]) -> Json:
        record = thing if root == self.plan.object else self.person.customer
        return record.get(path[0])

    def _data_of(self, event: str, now: Instant) -> dict[str, Json]:
        """Return data as a test of the journey gives them, else made up from the catalogue, about a thing they have."""
        told = (one.data for test in self.tests for one in test.when if one.what == "event" and one.name == event)
        declared = self.catalogue.events.get(event)
        attributes = declared.attributes if declared else {}
        data = {name: sample_value(attribute, now) for name, attribute in attributes.items()}
        data |= next((dict(data) for data in told if data), {})
        today = local(now, self._zone)
        for name, attribute in attributes.items():
            # What happens today carries the date of today, not that of a test.
            if attribute.type in ("date", "datetime"):
                data[name] = (today.date() if attribute.type == "date" else today).isoformat()
        kind = self.catalogue.objects.get(self.plan.object or "")
        things = self.person.things.get(self.plan.object or "", ())
        if kind and things:
            data[kind.key] = things[0].get(kind.key)
        return data
