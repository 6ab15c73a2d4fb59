"""``lifeloop simulate --every-path``: one line for each way through a journey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

from rich.text import Text

from lifeloop.cli.errors import Exit, WrongUsage
from lifeloop.cli.here import Here
from lifeloop.cli.output import Output
from lifeloop.cli.rehearsing import Bench, Wish
from lifeloop.journey.prose_time import counted
from lifeloop.rehearse.days import Days
from lifeloop.rehearse.forks import Arm, Taken, arms_of, written
from lifeloop.rehearse.outcomes import Outcome, outcomes_of
from lifeloop.rehearse.ways import Explorer, Way, covering

READABLE = 30
"""More ways than these are not read; then some are shown that go every branch."""
OUTWARD = frozenset({"send", "call", "ask", "enter", "stop"})


def show_every_path(here: Here, bench: Bench, wish: Wish, person: str | None, empty: Mapping[str, Any]) -> int:
    """Go every way through the journey, and tell what would be sent on each."""
    if wish.journey is None:
        raise WrongUsage("which journey?", hint="say its name:  lifeloop simulate renewal --every-path")
    began = perf_counter()
    rehearsal = bench.rehearse(wish, bench.person(person, wish.journey))
    asked = rehearsal.asked
    explorer = Explorer(rehearsal.plan, asked.person, asked.catalogue, asked.begin, asked.end, asked.given)
    ways, more = explorer.ways()
    words = {arm.taken: arm for arm in arms_of(bench.spec(wish.journey))}
    shown = ways if len(ways) <= READABLE or here.out.as_json or here.out.verbosity else covering(ways)
    missed = _missed(ways, words)
    if here.out.as_json:
        paths = [_document(way, words, rehearsal.days) for way in shown]
        seconds = round(perf_counter() - began, 3)
        here.out.json(
            {**empty, "journey": wish.journey, "person": asked.person.name, "paths": paths, "seconds": seconds}
        )
        return Exit.FINE
    for way in shown:
        _print(here.out, way, words, rehearsal.days)
    _print_sum(here.out, shown, ways, missed, more=more, seconds=perf_counter() - began)
    return Exit.FINE


def _print(out: Output, way: Way, words: Mapping[Taken, Arm], days: Days) -> None:
    arms = _arms(way, words)
    out.print(Text(", ".join(arms) or "the only way", "bold"), wrap=False)
    outcomes = [one for one in outcomes_of(way.happened, days) if one.what in OUTWARD]
    said = " · ".join(_said(one) for one in outcomes) or "nothing is sent"
    out.print(Text(f"    {said}"), wrap=True)


def _print_sum(
    out: Output, shown: Sequence[Way], ways: Sequence[Way], missed: Sequence[Arm], *, more: bool, seconds: float
) -> None:
    out.print("")
    for arm in missed:
        out.print(Text(f"not reached: {' '.join(arm.words[-1:])}   line {arm.line}", "yellow"), wrap=False)
    fewer = f", {len(shown)} shown that go every branch (-v shows all)" if len(shown) < len(ways) else ""
    beyond = ", and there are more ways than could be gone" if more else ""
    out.print(Text(f"{counted(len(ways), 'way')}{fewer}{beyond} · {seconds:.2f} s", "dim"))


def _arms(way: Way, words: Mapping[Taken, Arm]) -> list[str]:
    """Return the arms that were gone, in the author's words; what only guards one step is told when it held."""
    found = []
    for node, arm in way.gone:
        known = words.get((written(node), arm))
        if known is not None:
            found.append(known.words[-1])
    return list(dict.fromkeys(found))


def _said(one: Outcome) -> str:
    mark = {"send": "✉", "stop": "■", "enter": "→"}.get(one.what, one.what)
    return f"{mark} {one.name} (day {one.day})" if one.what != "stop" else f"{mark} {one.name}"


def _missed(ways: Sequence[Way], words: Mapping[Taken, Arm]) -> list[Arm]:
    gone = {(written(node), arm) for way in ways for node, arm in way.gone}
    return [arm for taken, arm in words.items() if taken not in gone]


def _document(way: Way, words: Mapping[Taken, Arm], days: Days) -> dict[str, Any]:
    return {
        "branches": _arms(way, words),
        "reached": way.reached,
        "happened": [str(one) for one in outcomes_of(way.happened, days)],
    }
