"""What many lives add up to: messages per person, the busiest hour and day, collisions, and why people stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.values import Event, SendMessage, Visited
from lifeloop.engine.zones import local
from lifeloop.rehearse.happened import Happened
from lifeloop.rehearse.population import Life


@dataclass(slots=True)
class Tally:
    """Counts lives one by one; no life is kept. ``zone``: whose hours and days are counted."""

    zone: ZoneInfo
    people: int = 0
    messages: int = 0
    per_person: Counter[int] = field(default_factory=Counter)
    by_journey: Counter[str] = field(default_factory=Counter)
    by_message: Counter[str] = field(default_factory=Counter)
    entered: Counter[str] = field(default_factory=Counter)
    converted: Counter[str] = field(default_factory=Counter)
    stops: Counter[tuple[str, str]] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    hours: Counter[tuple[date, int]] = field(default_factory=Counter)
    days: Counter[date] = field(default_factory=Counter)
    collisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Pairs of journeys: a message of the second had to wait for the gap behind one of the first."""

    def add(self, life: Life) -> None:
        """Count one life."""
        self.people += 1
        sends = list(life.sends)
        self.per_person[len(sends)] += 1
        self.messages += len(sends)
        for at, journey, said in sends:
            self._count(at, journey, said)
        self._collide(life.happened)
        for one in life.happened:
            self._visit(one)

    @property
    def without(self) -> int:
        """How many got nothing."""
        return self.per_person[0]

    @property
    def busiest_hour(self) -> tuple[date, int, int] | None:
        """The hour with most messages: its day, when it begins, and how many."""
        most = self.hours.most_common(1)
        return (*most[0][0], most[0][1]) if most else None

    @property
    def busiest_day(self) -> tuple[date, int] | None:
        """The day with most messages, and how many."""
        return next(iter(self.days.most_common(1)), None)

    def at_least(self, share: float) -> int:
        """Return how many messages the person gets below whom that share of all people lies."""
        seen = 0
        for count, people in sorted(self.per_person.items()):
            seen += people
            if seen >= share * self.people:
                return count
        return 0

    def _count(self, at: Instant, journey: str, said: SendMessage) -> None:
        wall = local(at, self.zone)
        self.by_journey[journey] += 1
        self.by_message[said.message] += 1
        self.days[wall.date()] += 1
        self.hours[wall.date(), wall.hour] += 1

    def _collide(self, happened: Iterable[Happened]) -> None:
        """Count what the gap had to part; messages that it does not concern are never held by it."""
        before = ""
        for one in happened:
            match one.effect:
                case SendMessage(policy=policy) if policy.counts:
                    before = one.journey or ""
                case Visited(what="held", detail="gap"):
                    self.collisions[before, one.journey or ""] += 1
                case _:
                    pass

    def _visit(self, one: Happened) -> None:
        visited = one.effect
        if one.journey is None or isinstance(visited, Event) or not isinstance(visited, Visited):
            return
        match visited.what:
            case "started":
                self.entered[one.journey] += 1
            case "goal":
                self.converted[one.journey] += 1
            case "stopped":
                self.stops[one.journey, visited.detail] += 1
            case "held":
                self.held[visited.detail] += 1
            case "dropped":
                self.dropped[str(visited.data.get("rule"))] += 1
            case _:
                pass
