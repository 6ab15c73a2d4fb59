"""Days counted from the day a rehearsal begins, on one person's wall clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.zones import instant_of, local, zone_of
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Plan
from lifeloop.journey.spec import DayTime


@dataclass(frozen=True, slots=True)
class Days:
    """Day 0 is ``began``."""

    began: date
    zone: ZoneInfo

    @classmethod
    def of(cls, began: date, person: Person, plan: Plan) -> Days:
        """Return the days of a person in a journey."""
        return cls(began, zone_of(person.customer, plan))

    def at(self, day: int, at: time) -> Instant:
        """Return the instant of a day and a time."""
        return instant_of(self.began + timedelta(days=day), at, self.zone)

    def instant(self, moment: DayTime) -> Instant:
        """Return the instant of ``day 4 11:12``; of a whole day, its beginning."""
        return self.at(moment.day, moment.at or time())

    def end_of(self, moment: DayTime) -> Instant:
        """Return the instant of ``day 60 11:12``; of a whole day, its last second."""
        return self.at(moment.day, moment.at) if moment.at else self.at(moment.day + 1, time()) - 1

    def of_instant(self, instant: Instant) -> tuple[int, time]:
        """Return which day it is, and what the clock shows."""
        wall = local(instant, self.zone)
        return (wall.date() - self.began).days, wall.time().replace(second=0)
