"""Who may enter when: what events, changes, dates, calendars and segments have made one person a candidate for."""

from __future__ import annotations

from collections.abc import Mapping

from lifeloop.clock import Instant
from lifeloop.engine.routing import (
    Routes,
    Start,
    calendar_candidate,
    change_candidate,
    date_candidate,
    event_candidate,
    segment_candidate,
)
from lifeloop.engine.values import Candidate, Event
from lifeloop.engine.zones import zone_of
from lifeloop.journey.condition import Condition
from lifeloop.journey.plan import Plan
from lifeloop.rehearse.looks import Lapses, Looks
from lifeloop.rehearse.memory import Changed, Memory
from lifeloop.rehearse.present import Ground, Place, Present


class Starts:
    """The candidates of one person, in the order in which they were noted."""

    def __init__(self, ground: Ground, memory: Memory, segments: Mapping[str, Condition]) -> None:
        self._routes: Routes = ground.routes
        self._live = ground.live
        self._memory = memory
        self._waiting: dict[Place, Candidate] = {}
        self._segments = tuple(name for name in ground.routes.segments if name in segments)
        self._lapses = Lapses(Looks.of(self._segments, segments))
        self._look_at: Instant | None = None
        self._looked_at = -1
        self._members: frozenset[str] = frozenset()

    def begin(self, now: Instant, present: Present) -> None:
        """Take over what is written down already; of journeys of which nothing is, note dates; note calendars.

        Segments that somebody is in count as left and joined only where it was worked out before.
        """
        self._waiting.update(present.waiting)
        for start in {id(start): start for starts in self._routes.dates.values() for start in starts}.values():
            if start.plan.journey not in self._live:
                self._schedule(start, now)
        for start in self._routes.calendars:
            self._on_calendar(start, now)
        known = {name for name in self._segments if self._is_live(name)}
        self._members = self._present(now) - known | present.members & known
        if known:
            self._looked_at = -1
            self.refresh(now)

    def note(self, candidate: Candidate, subject: str) -> None:
        """Note somebody whom an event, a person or another journey lets in; the same one only once."""
        self._waiting.setdefault((candidate.journey, candidate.trigger, subject), candidate)

    def on_event(self, event: Event) -> None:
        """Note whom an event lets in."""
        for start in self._routes.events.get(event.name, ()):
            candidate = event_candidate(start, event, self._memory.key_in(start.plan, event.data))
            if candidate:
                self.note(candidate, str(event.seq))

    def on_change(self, changed: Changed, now: Instant) -> None:
        """Note whom a change lets in, and move the dates that are counted from it."""
        for start in self._routes.dates.get(changed.name, ()):
            self._schedule(start, now)
        for start in self._routes.changes.get(changed.name, ()):
            candidate = change_candidate(start, changed.before, changed.after, now, changed.object_key)
            if candidate:
                self.note(candidate, f"{changed.object_key or ''}@{now}")

    def refresh(self, now: Instant) -> None:
        """Work out the segments that journeys start from, and note who joined or left."""
        overdue = self._look_at is not None and self._look_at <= now
        if not self._segments or (self._looked_at == self._memory.version and not overdue):
            return
        before, self._members = self._members, self._present(now)
        for name in self._segments:
            joined = name in self._members
            if (name in before) == joined:
                continue
            for start in self._routes.segments[name]:
                candidate = segment_candidate(start, now, joined=joined)
                if candidate:
                    self.note(candidate, str(now))

    def take_due(self, now: Instant) -> list[Candidate]:
        """Return who may enter now, earliest first; they are not noted any more."""
        due = [(place, candidate) for place, candidate in self._waiting.items() if candidate.due_at <= now]
        for place, _ in due:
            del self._waiting[place]
        return sorted((candidate for _, candidate in due), key=lambda candidate: candidate.due_at)

    def came_round(self, plan: Plan, now: Instant) -> None:
        """Note the next time of a calendar that has just let somebody in, or not."""
        for start in self._routes.calendars:
            if start.plan is plan:
                self._on_calendar(start, now)

    def next_due(self) -> Instant | None:
        """Return when somebody may enter next, or time may have changed who is in a segment."""
        due = [candidate.due_at for candidate in self._waiting.values()]
        return min(due if self._look_at is None else [*due, self._look_at], default=None)

    def _is_live(self, segment: str) -> bool:
        return any(start.plan.journey in self._live for start in self._routes.segments[segment])

    def _schedule(self, start: Start, now: Instant) -> None:
        for key in self._memory.keys_of(start.plan):
            candidate = date_candidate(start, self._memory.facts(start.plan, now, key), now, key)
            place = (start.plan.journey, "date", key or "")
            if candidate:
                self._waiting[place] = candidate
            else:
                self._waiting.pop(place, None)

    def _on_calendar(self, start: Start, now: Instant) -> None:
        candidate = calendar_candidate(start, self._memory.customer, now)
        if candidate:
            self._waiting[start.plan.journey, "calendar", ""] = candidate

    def _present(self, now: Instant) -> frozenset[str]:
        """Return the segments the person is in, and note when time may change that."""
        if not self._segments:
            return frozenset()
        self._looked_at = self._memory.version
        memory, plan = self._memory, self._routes.segments[self._segments[0]][0].plan
        self._look_at = self._lapses.next_after(now, memory.moments, zone_of(memory.customer, plan))
        return memory.members_of(self._segments, memory.facts(plan, now), plan, now)
