"""The year as a picture: one bar a day, one colour a journey, drawn here so that no script is needed to see it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lifeloop.store.values import InboxTally
from lifeloop.web.query import day_of

HEIGHT = 100
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
COLOURS = 9
MOST_DAYS = 3660
ROOM = 5.5


@dataclass(frozen=True, slots=True)
class Layer:
    """All bars of one journey, as the path of an SVG."""

    journey: str
    colour: int
    path: str


@dataclass(frozen=True, slots=True)
class Month:
    """A label under the bars, where it stands in percent of the width, and how many mails the month holds."""

    label: str
    at: float
    last: date
    count: int
    has_room: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The histogram of some mails over all days of the mailbox."""

    first: date
    last: date
    counts: tuple[int, ...]
    layers: tuple[Layer, ...]
    months: tuple[Month, ...]

    @property
    def days(self) -> int:
        """How many days wide it is."""
        return len(self.counts)

    def index(self, day: date) -> int:
        """Return where a day stands, at the nearest edge if it lies outside."""
        return min(max((day - self.first).days, 0), self.days - 1)

    def day(self, index: int) -> date:
        """Return the day at a place."""
        return self.first + timedelta(days=min(max(index, 0), self.days - 1))


def colours(tallies: Sequence[InboxTally]) -> dict[str, int]:
    """Give every journey its colour, by name, so that it keeps it whatever is being looked at."""
    return {name: number % COLOURS for number, name in enumerate(sorted({tally.journey for tally in tallies}))}


def draw(tallies: Sequence[InboxTally], first: date, last: date, palette: Mapping[str, int]) -> Chart:
    """Draw these mails over these days."""
    by_day: dict[date, Counter[str]] = defaultdict(Counter)
    for tally in tallies:
        by_day[day_of(tally.day)][tally.journey] += tally.count
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    counts = tuple(by_day[day].total() for day in days)
    scale = HEIGHT / max(1, *counts)
    layers = _layers([by_day[day] for day in days], scale, palette)
    return Chart(first, last, counts, layers, _months(days, counts))


def sparkline(tallies: Sequence[InboxTally], first: date, last: date) -> str:
    """Draw one journey's year as a small line of 52 points in a box of 52 by 20."""
    width = max(1, (last - first).days + 1)
    weeks = [0] * 52
    for tally in tallies:
        weeks[min(51, max(0, (day_of(tally.day) - first).days * 52 // width))] += tally.count
    top = max(1, *weeks)
    points = (f"{'M' if week == 0 else 'L'}{week} {19 - count * 18 / top:.1f}" for week, count in enumerate(weeks))
    return "".join(points)


def _layers(days: Sequence[Counter[str]], scale: float, palette: Mapping[str, int]) -> tuple[Layer, ...]:
    ground = [0.0] * len(days)
    layers = []
    for journey in sorted({name for day in days for name in day}):
        bars = []
        for x, day in enumerate(days):
            if height := day[journey] * scale:
                ground[x] += height
                bars.append(f"M{x} {HEIGHT - ground[x]:.1f}h.86v{height:.1f}h-.86z")
        layers.append(Layer(journey, palette.get(journey, 0), "".join(bars)))
    return tuple(layers)


def _months(days: Sequence[date], counts: Sequence[int]) -> tuple[Month, ...]:
    totals: Counter[tuple[int, int]] = Counter()
    for day, count in zip(days, counts, strict=True):
        totals[day.year, day.month] += count
    starts = [(place, day) for place, day in enumerate(days) if day.day == 1 or place == 0]
    ends = [place for place, _ in starts[1:]] + [len(days)]
    return tuple(
        Month(
            label=MONTHS[day.month - 1] + (f" {day.year}" if day.month == 1 or place == 0 else ""),
            at=round(place * 100 / len(days), 2),
            last=_last_day(day, days[-1]),
            count=totals[day.year, day.month],
            has_room=(end - place) * 100 / len(days) > ROOM,
        )
        for (place, day), end in zip(starts, ends, strict=True)
    )


def _last_day(day: date, end: date) -> date:
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return min(following - timedelta(days=1), end)
