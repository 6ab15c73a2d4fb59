"""What a forecast asks of the ways out: their busiest day against the quota, their busiest hour against the rate."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from lifeloop.rehearse.tally import Tally
from lifeloop.work.warming import NO_DOMAIN, domain_from
from lifeloop.work.workspace import Workspace

A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Climb:
    """The day that asks most of the warm-up of one domain, by what it allows then; ``over``: on how many it is less."""

    domain: str
    day: date
    messages: int
    allowed: int
    over: int


@dataclass(frozen=True, slots=True)
class Load:
    """The busiest day of one way out. ``quota``: what it may take a day; ``over``: on how many days that is less.

    ``in_hour``: messages in its busiest hour, which take ``minutes`` at its ``rate`` a second.
    """

    way: str
    day: date
    messages: int
    quota: int | None
    over: int
    in_hour: int
    rate: float | None
    climbs: tuple[Climb, ...] = ()
    """While it warms up: what that asks of each domain that mail is from."""

    @property
    def minutes(self) -> int | None:
        """How long the busiest hour's messages take; None where no rate is known."""
        return round(self.in_hour / self.rate / A_MINUTE) if self.rate else None


def loads(space: Workspace, tally: Tally) -> tuple[Load, ...]:
    """Return the load of each way that messages would take, its fallbacks left aside."""
    hours: dict[str, Counter[tuple[date, int]]] = defaultdict(Counter)
    for (day, hour, channel), count in tally.rush.items():
        hours[space.ways.name_of("mail", channel, "")][day, hour] += count
    return tuple(_load(space, way, hours[way], tally) for way in sorted(hours))


def _load(space: Workspace, way: str, hours: Counter[tuple[date, int]], tally: Tally) -> Load:
    days: Counter[date] = Counter()
    for (day, _), count in hours.items():
        days[day] += count
    limits = space.ways.limits(way)
    top = max(days, key=lambda day: (days[day], day))
    return Load(
        way,
        top,
        days[top],
        limits.quota,
        sum(count > limits.quota for count in days.values()) if limits.quota is not None else 0,
        max(hours.values()),
        limits.rate,
        tuple(_climbs(space, way, days, tally)),
    )


def _climbs(space: Workspace, way: str, days: Counter[date], tally: Tally) -> Iterator[Climb]:
    """Yield what the warm-up of a way asks of each domain, if it lasts on any day of the forecast."""
    lasting = {day: most for day in days if (most := space.ways.warming_up(way, day)) is not None}
    if not lasting:
        return
    by_domain = _by_domain(space, tally) if space.ways.carries_mail(way) else {NO_DOMAIN: days}
    for domain, counts in sorted(by_domain.items()):
        beyond = {day: counts[day] - most for day, most in lasting.items() if counts[day]}
        if beyond:
            worst = max(beyond, key=lambda day: (beyond[day], day))
            over = sum(more > 0 for more in beyond.values())
            yield Climb(domain, worst, counts[worst], lasting[worst], over)


def _by_domain(space: Workspace, tally: Tally) -> dict[str, Counter[date]]:
    found: dict[str, Counter[date]] = defaultdict(Counter)
    for (day, message, sender, locale), count in tally.mails.items():
        found[domain_from(space, message, sender or None, locale or None)][day] += count
    return found
