"""What many lives add up to: messages per person, day, topic and channel, collisions, and why people stopped."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import date
from math import sqrt
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.values import Event, SendMessage, Visited
from lifeloop.engine.zones import local
from lifeloop.rehearse.happened import Happened
from lifeloop.rehearse.population import Life

NINETEEN_OF_TWENTY = 1.96
"""Standard errors on either side, within which 95% lie."""
SEVERAL = 2


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
    calendar: Counter[tuple[date, str, str]] = field(default_factory=Counter)
    """Messages by day, topic and channel."""
    rush: Counter[tuple[date, int, str]] = field(default_factory=Counter)
    """Messages by day, hour and channel."""
    mails: Counter[tuple[date, str, str, str]] = field(default_factory=Counter)
    """E-mails by day, message, the sender that its step names, and the reader's language: they say who it is from."""
    before: Counter[str] = field(default_factory=Counter)
    """How many were in each journey at the beginning; ``after``: at the end."""
    after: Counter[str] = field(default_factory=Counter)
    losers: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Journey and rule: how many people of that journey had to wait for it, or were not written to, at least once."""
    collisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Pairs of journeys: a message of the second had to wait for the gap behind one of the first."""

    def add(self, life: Life) -> None:
        """Count one life."""
        self.people += 1
        sends, locale = list(life.sends), life.person.customer.get("locale")
        self.per_person[len(sends)] += 1
        self.messages += len(sends)
        for at, journey, said in sends:
            self._count(at, journey, said, locale if isinstance(locale, str) else "")
        self._collide(life.happened)
        for one in life.happened:
            self._visit(one)
        self.before.update(life.before)
        self.after.update(life.after)
        self.losers.update({loss for one in life.happened if (loss := _loss(one)) is not None})

    def merge(self, other: Tally) -> None:
        """Add what other lives add up to."""
        self.people += other.people
        self.messages += other.messages
        for counter in _COUNTERS:
            getattr(self, counter).update(getattr(other, counter))

    def scaled(self, people: int) -> Tally:
        """Return what so many people would add up to, if they are like these."""
        factor = people / self.people if self.people else 0
        scaled = Tally(self.zone, people, round(self.messages * factor))
        for counter in _COUNTERS:
            more = {key: round(count * factor) for key, count in getattr(self, counter).items()}
            getattr(scaled, counter).update({key: count for key, count in more.items() if count})
        return scaled

    def margin(self, people: int) -> int:
        """Return how far the messages of so many people may lie from ours scaled up, 19 times out of 20."""
        if self.people < SEVERAL or people <= self.people:
            return 0
        mean = self.messages / self.people
        squares = sum(count * (number - mean) ** 2 for number, count in self.per_person.items())
        spread = sqrt(squares / (self.people - 1) * (1 - self.people / people) / self.people)
        return round(NINETEEN_OF_TWENTY * spread * people)

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

    @property
    def topics(self) -> dict[tuple[str, str], Counter[date]]:
        """The messages of each day, by topic and channel."""
        found: dict[tuple[str, str], Counter[date]] = defaultdict(Counter)
        for (day, topic, channel), count in self.calendar.items():
            found[topic, channel][day] += count
        return dict(sorted(found.items()))

    def at_least(self, share: float) -> int:
        """Return how many messages the person gets below whom that share of all people lies."""
        seen = 0
        for count, people in sorted(self.per_person.items()):
            seen += people
            if seen >= share * self.people:
                return count
        return 0

    def _count(self, at: Instant, journey: str, said: SendMessage, locale: str) -> None:
        wall = local(at, self.zone)
        self.by_journey[journey] += 1
        self.by_message[said.message] += 1
        self.days[wall.date()] += 1
        self.hours[wall.date(), wall.hour] += 1
        self.calendar[wall.date(), said.policy.topic, said.channel] += 1
        self.rush[wall.date(), wall.hour, said.channel] += 1
        if said.channel == "email":
            self.mails[wall.date(), said.message, said.sender or "", locale] += 1

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


def _loss(one: Happened) -> tuple[str, str] | None:
    """Return whose message a rule pushed back or kept from being said, and which rule."""
    visited = one.effect
    if one.journey is None or isinstance(visited, Event) or not isinstance(visited, Visited):
        return None
    if visited.what == "held":
        return one.journey, visited.detail
    return (one.journey, str(visited.data.get("rule"))) if visited.what == "dropped" else None


_COUNTERS = tuple(one.name for one in fields(Tally) if one.default_factory is Counter)
