"""A forecast as people and programs read it: days, topics, journeys, whom rules hold back, and what providers take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from rich.text import Text

from lifeloop.cli.crowd import facts_of, print_histogram, stops_of, tally_document
from lifeloop.cli.output import Output
from lifeloop.engine.zones import local
from lifeloop.journey.prose_time import counted
from lifeloop.rehearse import behaviour
from lifeloop.rehearse.tally import Tally
from lifeloop.work.capacity import Climb, Load
from lifeloop.work.forecasting import Everybody, Forecast

LEVELS = "▁▂▃▄▅▆▇█"
WIDEST, NARROW = 60, 24
MOST_LOSERS = 12
ASSUMED = (
    f"of those who are asked {behaviour.ANSWERS:.0%} answer, {behaviour.APPROVES:.0%} of colleagues say yes",
    f"{behaviour.OPENS:.0%} of messages are opened, {behaviour.CLICKS:.0%} clicked",
    f"{behaviour.SUCCEEDS:.0%} do what a journey is for, where it does not ask for it",
    f"each event that starts a journey comes {behaviour.STARTS_A_YEAR} times in a customer's year",
    f"an event that ends one, or that nobody waits for, {behaviour.UNASKED} times",
)
"""What is not known of the future; the same for everybody, drawn by the seed."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A forecast with all that is said of it. ``tally``: scaled up where it is a sample."""

    asked: Forecast
    everybody: Everybody
    tally: Tally
    margin: int
    loads: tuple[Load, ...]
    warnings: tuple[str, ...]
    seconds: float

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        first, last = (local(at, self.asked.zone).date() for at in (self.asked.begin, self.asked.end - 1))
        return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def title_of(shown: Shown) -> str:
    """Return about whom and when it is."""
    first, last = shown.days[0], shown.days[-1]
    return f"{shown.everybody.total:,} customers as they stand, {first:%d %b %Y} to {last:%d %b %Y}"


def print_forecast(out: Output, shown: Shown) -> None:
    """Print it for people."""
    for line in shown.warnings:
        out.note(line)
    out.print(Text.assemble((title_of(shown), "bold"), (f"   seed {shown.asked.seed}", "dim")))
    if shown.everybody.is_sample:
        out.print(Text(_sample(shown), "yellow"))
    out.print("")
    _print_days(out, shown)
    print_histogram(out, shown.tally)
    _print_journeys(out, shown.tally)
    _print_losers(out, shown.tally)
    for line in (*facts_of(shown.tally), *_loads(shown.loads)):
        out.print(line)
    out.print(Text("\nassumed, not known", "bold"), *(f"  {line}" for line in ASSUMED))
    out.print(Text("  another --seed shows how much of it is chance", "dim"))
    out.print(Text(f"\n{shown.tally.messages:,} messages · {shown.seconds:.1f} s", "dim"))


def forecast_document(shown: Shown) -> dict[str, Any]:
    """Return it for programs."""
    days = [
        {"day": day.isoformat(), "topic": topic, "channel": channel, "messages": count}
        for (day, topic, channel), count in sorted(shown.tally.calendar.items())
    ]
    return {
        "seed": shown.asked.seed,
        "begin": local(shown.asked.begin, shown.asked.zone).isoformat(),
        "end": local(shown.asked.end, shown.asked.zone).isoformat(),
        "messages": shown.tally.messages,
        "seconds": round(shown.seconds, 3),
        "notes": list(shown.warnings),
        "population": {
            **tally_document(shown.tally),
            "sample": {"people": shown.everybody.chosen, "margin": shown.margin} if shown.everybody.is_sample else None,
            "days": days,
            "before": dict(shown.tally.before),
            "after": dict(shown.tally.after),
            "held_back": [{"journey": name, "rule": rule, "people": n} for (name, rule), n in _losers(shown.tally)],
            "ways": [_load_document(load) for load in shown.loads],
            "assumed": list(ASSUMED),
        },
    }


def _sample(shown: Shown) -> str:
    return (
        f"from a sample of {shown.everybody.chosen:,}, scaled up: in 19 of 20 samples the messages lie within"
        f" {shown.margin:,} of everybody's"
    )


def _print_days(out: Output, shown: Shown) -> None:
    topics, drawn = shown.tally.topics, not out.plain
    if drawn and topics:
        out.print(Text("messages per day", "bold"))
        line = _line(shown.tally.days, shown.days)
        out.print(Text.assemble("  ", (line, "cyan")), wrap=False)
        ends = f"{shown.days[0]:%d %b}", f"{shown.days[-1]:%d %b}"
        out.print(Text(f"  {ends[0]}{ends[1]:>{max(len(line) - len(ends[0]), len(ends[1]) + 1)}}\n", "dim"))
    columns = ("topic", "channel", ">messages", "busiest day", ">then", *(("day by day",) if drawn else ()))
    out.table(columns, [_topic(shown, *name, days, drawn=drawn) for name, days in topics.items()])
    out.print("")


def _topic(shown: Shown, topic: str, channel: str, days: Counter[date], *, drawn: bool) -> Sequence[str | int]:
    top = max(days, key=lambda day: days[day])
    cells = (topic, channel, days.total(), f"{top:%a %d %b %Y}", days[top])
    return (*cells, _line(days, shown.days, NARROW)) if drawn else cells


def _line(per_day: Mapping[date, int], days: Sequence[date], width: int = WIDEST) -> str:
    """Return a line of bars: a day each, or as many days together as it takes to fit."""
    together = -(-len(days) // width)
    bins = [sum(per_day.get(day, 0) for day in some) for some in _grouped(days, together)]
    most = max(bins, default=0) or 1
    return "".join(LEVELS[-(-(len(LEVELS) - 1) * count // most)] if count else " " for count in bins)


def _grouped(days: Sequence[date], together: int) -> Iterable[Sequence[date]]:
    return (days[start : start + together] for start in range(0, len(days), together))


def _print_journeys(out: Output, tally: Tally) -> None:
    names = sorted({*tally.before, *tally.entered}, key=lambda name: (-tally.by_journey[name], name))
    rows = [
        (
            name,
            tally.before[name],
            tally.entered[name],
            tally.before[name] + tally.entered[name] - tally.after[name],
            tally.after[name],
            tally.by_journey[name],
            tally.converted[name],
            stops_of(tally, name),
        )
        for name in names
    ]
    columns = ("journey", ">in it now", ">enter", ">leave", ">in it then", ">messages", ">goal", "stopped because")
    out.table(columns, rows)
    out.print("")


def _losers(tally: Tally) -> list[tuple[tuple[str, str], int]]:
    return sorted(tally.losers.items(), key=lambda one: (-one[1], one[0]))


def _print_losers(out: Output, tally: Tally) -> None:
    rows = [(journey, rule, people) for (journey, rule), people in _losers(tally)[:MOST_LOSERS]]
    out.table(("held back", "by", ">people"), rows)
    out.print("")


def _loads(loads: Iterable[Load]) -> Iterator[str]:
    for one in loads:
        allowed = f" of {one.quota:,} allowed" if one.quota is not None else ""
        yield f"{one.way:<14} {one.messages:,} on {one.day:%a %d %b %Y}{allowed}"
        if one.over:
            yield f"{'':14} more than allowed on {counted(one.over, 'day')}: the rest leaves later, or expires"
        for climb in one.climbs:
            yield from (f"{'':14} {line}" for line in _climb(climb))
        if one.rate is not None and one.minutes is not None:
            long = counted(one.minutes, "minute")
            yield f"{'':14} {one.in_hour:,} in its busiest hour take {long} at {one.rate:g} a second"


def _climb(climb: Climb) -> Iterator[str]:
    domain = f" from {climb.domain}" if climb.domain else ""
    yield f"warming up: {climb.messages:,}{domain} on {climb.day:%a %d %b %Y} of {climb.allowed:,} allowed"
    if climb.over:
        yield f"more than its warm-up allows on {counted(climb.over, 'day')}: the rest leaves later, or expires"


def _load_document(load: Load) -> dict[str, Any]:
    return {
        "way": load.way,
        "day": load.day.isoformat(),
        "messages": load.messages,
        "allowed": load.quota,
        "days_over": load.over,
        "in_busiest_hour": load.in_hour,
        "per_second": load.rate,
        "minutes": load.minutes,
        "warming_up": [_climb_document(climb) for climb in load.climbs],
    }


def _climb_document(climb: Climb) -> dict[str, Any]:
    return {
        "domain": climb.domain,
        "day": climb.day.isoformat(),
        "messages": climb.messages,
        "allowed": climb.allowed,
        "days_over": climb.over,
    }
