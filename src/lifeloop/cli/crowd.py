"""Many people at once: a table of the sample people, or what a made-up crowd of customers adds up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from rich.text import Text

from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.output import Output
from lifeloop.cli.rehearsing import Bench, Rehearsal, Wish
from lifeloop.engine.values import SendMessage, Visited
from lifeloop.engine.zones import local
from lifeloop.journey.prose_time import counted
from lifeloop.rehearse.population import Population
from lifeloop.rehearse.tally import Tally

WIDEST_BAR = 36
BAR = "█"
MANY = 10_000
COMMONEST = 3


def show_people(here: Here, bench: Bench, wish: Wish, names: Sequence[str], empty: Mapping[str, Any]) -> int:
    """Rehearse sample people one after another, a line each."""
    began = perf_counter()
    people = [bench.person(Path(name).stem, wish.journey) for name in names] or list(bench.people)
    rows = [_row(bench.rehearse(wish, person)) for person in people]
    if here.out.as_json:
        seconds = round(perf_counter() - began, 3)
        total = sum(row["messages"] for row in rows)
        here.out.json({**empty, "journey": wish.journey, "people": rows, "messages": total, "seconds": seconds})
        return Exit.FINE
    cells = [
        (row["person"], row["messages"], row["first"] or "", row["last"] or "", ", ".join(row["ends"])) for row in rows
    ]
    here.out.table(("who", ">messages", "first", "last", "how it ends"), cells)
    return Exit.FINE


def show_population(here: Here, bench: Bench, wish: Wish, count: int, empty: Mapping[str, Any]) -> int:
    """Let a made-up crowd live through the time, and tell what it adds up to."""
    if not 1 <= count <= MANY:
        raise WrongUsage(
            f"--population takes a number from 1 to {MANY:,}, or the word customers",
            hint="for example  --population 500",
        )
    began = perf_counter()
    crowd, zone = bench.population(wish)
    tally = Tally(zone)
    with here.out.progress(count, "Living") as moving:
        for life in crowd.lives(count):
            tally.add(life)
            moving.advance()
    seconds = perf_counter() - began
    if here.out.as_json:
        here.out.json(
            {
                **empty,
                "journey": wish.journey,
                "seed": wish.seed,
                "begin": local(crowd.begin, zone).isoformat(),
                "end": local(crowd.end, zone).isoformat(),
                "messages": tally.messages,
                "seconds": round(seconds, 3),
                "population": tally_document(tally),
            }
        )
    else:
        _print(here.out, tally, crowd, zone, seconds)
    return Exit.FINE


def _row(rehearsal: Rehearsal) -> dict[str, Any]:
    result, zone = rehearsal.result, rehearsal.days.zone
    times = [local(one.at, zone) for one in result.happened if isinstance(one.effect, SendMessage)]
    return {
        "person": rehearsal.asked.person.name,
        "messages": result.messages,
        "first": f"{times[0]:%a %d %b %Y %H:%M}" if times else None,
        "last": f"{times[-1]:%a %d %b %Y %H:%M}" if times else None,
        "ends": list(dict.fromkeys(_ends(rehearsal))),
    }


def _ends(rehearsal: Rehearsal) -> Iterator[str]:
    for one in rehearsal.result.happened:
        if isinstance(one.effect, Visited) and one.effect.what in ("stopped", "completed"):
            yield one.effect.detail or "came to its end"
    yield from (f"{name}: still on the way" for name in rehearsal.result.waiting)
    if not rehearsal.result.entered:
        yield from (note.partition(": ")[2] or note for note in rehearsal.notes[-1:])


def _print(out: Output, tally: Tally, crowd: Population, zone: ZoneInfo, seconds: float) -> None:
    first, last = local(crowd.begin, zone), local(crowd.end, zone)
    head = f"{tally.people:,} made-up customers, {first:%d %b %Y} to {last:%d %b %Y}"
    out.print(Text.assemble((head, "bold"), (f"   seed {crowd.seed}", "dim")))
    out.print("")
    print_histogram(out, tally)
    _print_journeys(out, tally)
    for line in facts_of(tally):
        out.print(line)
    out.print(Text(f"\n{counted(tally.messages, 'message')} · {seconds:.1f} s", "dim"))


def print_histogram(out: Output, tally: Tally) -> None:
    """Print how many people get how many messages."""
    rows = [(number, tally.per_person[number]) for number in range(max(tally.per_person, default=0) + 1)]
    most = max((people for _, people in rows), default=1) or 1
    out.print(Text("messages per person", "bold"))
    for number, people in rows:
        if out.plain:
            out.print(f"{counted(number, 'message')}: {counted(people, 'person').replace('persons', 'people')}")
        elif people or number <= tally.at_least(0.99):
            bar = BAR * max(round(WIDEST_BAR * people / most), 1 if people else 0)
            out.print(Text.assemble(f"  {number:>4}  ", (f"{bar:<{WIDEST_BAR}}", "cyan"), f" {people:,}"), wrap=False)
    out.print(Text(f"  half get {tally.at_least(0.5)} or fewer, 95% {tally.at_least(0.95)} or fewer\n", "dim"))


def _print_journeys(out: Output, tally: Tally) -> None:
    names = sorted(tally.entered | tally.by_journey, key=lambda name: -tally.by_journey[name])
    rows = [
        (name, tally.entered[name], tally.by_journey[name], tally.converted[name], stops_of(tally, name))
        for name in names
    ]
    out.table(("journey", ">entered", ">messages", ">goal", "stopped because"), rows)
    out.print("")


def stops_of(tally: Tally, journey: str) -> str:
    """Return the commonest reasons why people left a journey."""
    found = [(reason, count) for (name, reason), count in tally.stops.most_common() if name == journey]
    return ", ".join(f"{reason} {count:,}" for reason, count in found[:COMMONEST])


def facts_of(tally: Tally) -> Iterator[str]:
    """Yield the figures that are worth a line."""
    if hour := tally.busiest_hour:
        yield f"busiest hour   {hour[0]:%a %d %b %Y} {hour[1]:02}:00   {counted(hour[2], 'message')}"
    if day := tally.busiest_day:
        yield f"busiest day    {day[0]:%a %d %b %Y}   {counted(day[1], 'message')}"
    total = sum(tally.collisions.values())
    pairs = ", ".join(f"{one} and {other} {count:,}" for (one, other), count in tally.collisions.most_common(3))
    yield f"collisions     {total:,} parted by the gap" + (f"   {pairs}" if pairs else "")
    held = ", ".join(f"{rule} {count:,}" for rule, count in tally.held.most_common())
    yield f"held           {sum(tally.held.values()):,}" + (f"   {held}" if held else "")
    dropped = ", ".join(f"{rule} {count:,}" for rule, count in tally.dropped.most_common())
    yield f"not sent       {sum(tally.dropped.values()):,}" + (f"   {dropped}" if dropped else "")
    yield f"got nothing    {tally.without:,} of {tally.people:,}"


def tally_document(tally: Tally) -> dict[str, Any]:
    """Return what lives add up to as JSON says it."""
    hour, day = tally.busiest_hour, tally.busiest_day
    return {
        "people": tally.people,
        "without": tally.without,
        "per_person": {str(number): people for number, people in sorted(tally.per_person.items())},
        "journeys": {
            name: {"entered": tally.entered[name], "messages": tally.by_journey[name], "goal": tally.converted[name]}
            for name in sorted(tally.entered | tally.by_journey)
        },
        "by_message": dict(tally.by_message.most_common()),
        "busiest_hour": {"day": hour[0].isoformat(), "hour": hour[1], "messages": hour[2]} if hour else None,
        "busiest_day": {"day": day[0].isoformat(), "messages": day[1]} if day else None,
        "collisions": [{"journeys": list(pair), "count": count} for pair, count in tally.collisions.most_common()],
        "stopped": [{"journey": name, "reason": why, "count": n} for (name, why), n in tally.stops.most_common()],
        "held": dict(tally.held),
        "dropped": dict(tally.dropped),
    }
