"""``lifeloop simulate``: a journey lived through in milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from time import perf_counter
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from rich.text import Text

from lifeloop.cli.completing import JourneyName, PersonName
from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.opened import open_project
from lifeloop.cli.rehearsing import Bench, Rehearsal, Wish
from lifeloop.cli.shapes import ANYTHING, COUNT, INSTANT, NUMBER, TEXT, document, fields_of, many, maybe
from lifeloop.cli.timeline import Timeline
from lifeloop.engine.zones import local
from lifeloop.journey.prose_time import counted
from lifeloop.rehearse.simulating import USUAL_SEED
from lifeloop.rehearse.story import Line

SHAPE = document(
    "One person's rehearsal, line by line; or, with --every-path, --as-table or --population, the picture asked for.",
    journey=maybe(TEXT),
    person=maybe(TEXT),
    seed=COUNT,
    begin=maybe(INSTANT),
    end=maybe(INSTANT),
    messages=COUNT,
    seconds=NUMBER,
    notes=many(TEXT),
    lines=many(
        fields_of(
            at=INSTANT,
            day=COUNT,
            kind=TEXT,
            words=TEXT,
            journey=maybe(TEXT),
            line=maybe(COUNT),
            problem=maybe(TEXT),
            data=ANYTHING,
        )
    ),
    paths=many(ANYTHING),
    people=many(ANYTHING),
    population=maybe(ANYTHING),
)
EMPTY: Mapping[str, Any] = {
    "journey": None,
    "person": None,
    "seed": USUAL_SEED,
    "begin": None,
    "end": None,
    "messages": 0,
    "seconds": 0.0,
    "notes": [],
    "lines": [],
    "paths": [],
    "people": [],
    "population": None,
}
Many = Annotated[tuple[str, ...], Parameter(negative=())]


def simulate(
    journey: JourneyName | None = None,
    /,
    *,
    person: Annotated[PersonName | None, Parameter(name="--as")] = None,
    begin: Annotated[str | None, Parameter(name="--from")] = None,
    length: Annotated[str, Parameter(name="--for")] = "12 months",
    event: Many = (),
    set_: Annotated[tuple[str, ...], Parameter(name="--set", negative=())] = (),
    path: Many = (),
    seed: int = USUAL_SEED,
    together: Annotated[bool, Parameter(name="--all")] = False,
    every_path: bool = False,
    as_table: bool = False,
    people: Many = (),
    population: int | Literal["customers"] | None = None,
    sample: int | None = None,
    processes: int | None = None,
    picture: Path | None = None,
    here: Here,
) -> int:
    """Live through a journey in milliseconds: what one person would get, when, and why.

    Nothing is sent. The same engine decides that runs live.

    Parameters
    ----------
    journey
        The journey, such as renewal. Left out with --all or --population: all journeys.
    person
        One of your sample people, such as ana. Without it: whoever the journey's first test is about.
    begin
        The day it begins, such as 2026-04-15. Without it: a day before the start comes, or today.
    length
        How long to look, such as "12 months" or "60 days".
    event
        Something that happens: "35d 09:30 question.answered answer=upgrade". Also "36d open renewal/offer", "40d answer
        approved". May be said several times.
    set_
        Data that change: "40d 12:00 contract.ends=2026-12-31"; without a moment they hold from the beginning.
    path
        The path of a split to take: welcome-tone=checklist.
    seed
        Another number lets chance fall another way.
    together
        All journeys of the project together, as in life.
    every_path
        Every way through the journey, one line each.
    as_table
        All sample people, one line each.
    people
        With --as-table: only these people.
    population
        So many made-up customers instead of one person: how many messages they get, and when. Or "customers": everybody
        in the database, from where they stand now.
    sample
        With --population customers: only so many of them, drawn by the seed; the figures are scaled up.
    processes
        With --population customers: how many processes share the work. The result is the same. Without it: one a core.
    picture
        With --population customers: a file to draw the days into, such as forecast.svg.
    """
    bench = Bench(open_project(here))
    wish = Wish(journey, begin, length, event, set_, path, seed, together)
    if population == "customers":
        from lifeloop.cli.forecasting import Asked, show_forecast

        return show_forecast(here, wish, Asked(sample, processes, picture), EMPTY)
    if (sample, processes, picture) != (None, None, None):
        raise WrongUsage(
            "--sample, --processes and --picture are about your customers", hint="say  --population customers"
        )
    if population is not None:
        from lifeloop.cli.crowd import show_population

        return show_population(here, bench, wish, population, EMPTY)
    if journey is None and not together:
        raise WrongUsage("which journey?", hint="say its name, or --all for all of them together")
    if every_path:
        from lifeloop.cli.ways import show_every_path

        return show_every_path(here, bench, wish, person, EMPTY)
    if as_table or people:
        from lifeloop.cli.crowd import show_people

        return show_people(here, bench, wish, people, EMPTY)
    return _show_one(here, bench, wish, person)


def _show_one(here: Here, bench: Bench, wish: Wish, person: str | None) -> int:
    began = perf_counter()
    rehearsal = bench.rehearse(wish, bench.person(person, wish.journey))
    lines = bench.story(rehearsal)
    seconds = perf_counter() - began
    if here.out.as_json:
        here.out.json({**EMPTY, **_document(rehearsal, lines, wish, seconds)})
    else:
        _print(here, rehearsal, lines, seconds)
    return Exit.FINE


def _print(here: Here, rehearsal: Rehearsal, lines: Sequence[Line], seconds: float) -> None:
    asked, out = rehearsal.asked, here.out
    for note in rehearsal.notes:
        out.note(note)
    out.print(Text.assemble((who_words(rehearsal), "bold"), (f"   seed {asked.seed}", "dim")))
    out.print("")
    timeline = Timeline(out, rehearsal.days.zone, several=len(asked.plans) > 1)
    timeline.draw(lines)
    out.print(Text(_footer(rehearsal, seconds), "dim"))
    end = min(rehearsal.result.until, asked.end)
    timeline.strip(str(asked.person.customer.get("first_name") or asked.person.name), asked.begin, end, lines)


def _footer(rehearsal: Rehearsal, seconds: float) -> str:
    result = rehearsal.result
    days, _ = rehearsal.days.of_instant(result.until)
    waiting = f" · still on the way: {', '.join(dict.fromkeys(result.waiting))}" if result.waiting else ""
    return f" {counted(days, 'day')} · {counted(result.messages, 'message')} · {seconds:.2f} s{waiting}"


def _document(rehearsal: Rehearsal, lines: Sequence[Line], wish: Wish, seconds: float) -> dict[str, Any]:
    asked, days = rehearsal.asked, rehearsal.days
    return {
        "journey": wish.journey,
        "person": asked.person.name,
        "seed": asked.seed,
        "begin": local(asked.begin, days.zone).isoformat(),
        "end": local(rehearsal.result.until, days.zone).isoformat(),
        "messages": rehearsal.result.messages,
        "seconds": round(seconds, 3),
        "notes": list(rehearsal.notes),
        "lines": [_line(line, rehearsal) for line in lines],
    }


def _line(line: Line, rehearsal: Rehearsal) -> dict[str, Any]:
    days = rehearsal.days
    return {
        "at": local(line.at, days.zone).isoformat(),
        "day": days.of_instant(line.at)[0],
        "kind": line.kind,
        "words": line.words,
        "journey": line.journey,
        "line": line.line,
        "problem": line.problem or None,
        "data": dict(line.data),
    }


def who_words(rehearsal: Rehearsal) -> str:
    """Return who is rehearsed, in one line: name, what they chose, where they are, and the date it is all about."""
    asked = rehearsal.asked
    customer = asked.person.customer
    attributes = asked.catalogue.customer
    chosen = [str(customer[name]) for name, one in attributes.items() if one.choices and customer.get(name)]
    place = str(customer.get("city") or rehearsal.days.zone.key.rpartition("/")[2].replace("_", " "))
    parts = [str(customer.get("first_name") or asked.person.name), *chosen[:2], place]
    if rehearsal.anchor:
        name, value = rehearsal.anchor
        words = name.removeprefix("customer.").replace(".", " ").replace("_", " ")
        parts.append(f"{words} {date.fromisoformat(value[:10]):%a %d %b %Y}")
    return " · ".join(parts)
