"""How ways out are doing, for ``lifeloop status``: their pace, what they took today, and what happens next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from lifeloop.cli.labelled import say
from lifeloop.cli.moments import iso_or_none, when, zone_for
from lifeloop.cli.shapes import COUNT, INSTANT, NUMBER, TEXT, fields_of, many, maybe, one_of

if TYPE_CHECKING:
    from lifeloop.cli.here import Here
    from lifeloop.work.pacing import Standing
    from lifeloop.work.warming import Ramp
    from lifeloop.work.workspace import Workspace

WAY_OUT = fields_of(
    way=TEXT,
    circuit=one_of("closed", "open", "half-open"),
    until=maybe(INSTANT),
    why=maybe(TEXT),
    used_today=COUNT,
    allowed_today=maybe(COUNT),
    warming_up=many(fields_of(domain=TEXT, used_today=COUNT, allowed_today=COUNT)),
    per_second=maybe(NUMBER),
    concurrency=maybe(COUNT),
    busy=COUNT,
    fallback=maybe(TEXT),
)
A_MINUTE, AN_HOUR = 60, 3600


def say_ways(here: Here, space: Workspace, found: Sequence[Standing]) -> None:
    """Say at what pace messages leave, and which ways take none at the moment."""
    from lifeloop.work.pacing import in_words

    if not found:
        return
    here.out.print("", Text("Ways out", "bold"))
    for one in found:
        now, zone = space.clock.now(), zone_for(None, space.catalogue.timezone)
        next_ = "" if one.until is None else when(one.until, zone, now)
        say(here.out, in_words(one.way), *_pace(one), *_trouble(one, next_))


def way_document(one: Standing) -> dict[str, Any]:
    """Return where one way out stands, for other programs."""
    return {
        "way": one.way,
        "circuit": one.circuit,
        "until": iso_or_none(one.until),
        "why": one.why,
        "used_today": one.used,
        "allowed_today": one.limits.quota,
        "warming_up": [_ramp_document(ramp) for ramp in one.ramps],
        "per_second": one.limits.rate,
        "concurrency": one.limits.concurrency,
        "busy": one.busy,
        "fallback": one.fallback,
    }


def _ramp_document(ramp: Ramp) -> dict[str, Any]:
    return {"domain": ramp.domain, "used_today": ramp.used, "allowed_today": ramp.allowed}


def _pace(one: Standing) -> Iterator[str]:
    if one.limits.quota is not None:
        yield f"{one.used:,} of {one.limits.quota:,} today"
    elif not one.limits.none:
        yield f"{one.used:,} today"
    if one.limits.rate is not None:
        yield _rate(one.limits.rate)
    if one.limits.concurrency is not None:
        yield f"{one.busy:,} of {one.limits.concurrency:,} requests under way"
    for ramp in one.ramps:
        domain = f" from {ramp.domain}" if ramp.domain else ""
        yield f"warming up: {ramp.used:,} of {ramp.allowed:,} today{domain}"


def _trouble(one: Standing, next_: str) -> Iterator[Text | str]:
    why = f": {one.why}" if one.why else ""
    if one.circuit == "open":
        yield Text(f"takes nothing{why}", "red")
        yield f"one message tries again {next_}"
    elif one.circuit == "half-open":
        yield Text(f"took nothing{why}", "yellow")
        yield "one message tries at the moment"
    elif one.until is not None:
        yield Text(f"waits{why}", "yellow")
        yield f"goes on {next_}"
    if one.fallback is not None:
        yield f"{'meanwhile' if one.until is not None else 'else'} by {one.fallback}"


def _rate(rate: float) -> str:
    """Say a rate in the unit in which it is a whole number, as it was written."""
    units = {"a second": rate, "a minute": rate * A_MINUTE, "an hour": rate * AN_HOUR}
    whole = (unit for unit, count in units.items() if round(count, 6).is_integer())
    unit = next(whole, "an hour")
    return f"{round(units[unit], 1):,g} {unit}"
