"""A forecast of the real customers: what their next months look like from where they stand, and what it would take."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from lifeloop.cli.errors import Exit, Findings, WrongUsage
from lifeloop.cli.forecast_picture import picture_of
from lifeloop.cli.forecast_shown import Shown, forecast_document, print_forecast, title_of
from lifeloop.cli.here import Here
from lifeloop.cli.rehearsing import Wish, end_of
from lifeloop.cli.rooms import rooms
from lifeloop.engine.zones import instant_of, local, zone_named
from lifeloop.rehearse.happened import EndlessError
from lifeloop.rehearse.tally import Tally
from lifeloop.work.capacity import loads
from lifeloop.work.forecasting import Everybody, Forecast, tallies
from lifeloop.work.presenting import warnings
from lifeloop.work.workspace import Workspace

FEW = 500
"""Customers for whom it is not worth starting processes."""
NOBODY = "lifeloop import people.csv  brings people in; for made-up ones say  --population 1000"


@dataclass(frozen=True, slots=True)
class Asked:
    """How it is worked out: of how many customers, by how many processes, and where the picture goes."""

    sample: int | None = None
    processes: int | None = None
    picture: Path | None = None

    def check(self, wish: Wish) -> None:
        """Refuse what a forecast cannot do."""
        if wish.begin or wish.journey or wish.events or wish.sets or wish.paths:
            raise WrongUsage(
                "a forecast begins now, with everybody where they stand, and with all journeys",
                hint='only --for, --seed, --sample, --processes and --picture go with it, such as  --for "60 days"',
            )
        if min(self.sample or 1, self.processes or 1) < 1 or 0 in (self.sample, self.processes):
            raise WrongUsage("--sample and --processes take a number from 1", hint="for example  --sample 10000")

    def crew(self, people: int) -> int:
        """Return how many processes share the work."""
        return self.processes or (1 if people <= FEW else len(os.sched_getaffinity(0)))


def show_forecast(here: Here, wish: Wish, asked: Asked, empty: Mapping[str, Any]) -> int:
    """Let the real customers live through the time, and tell what it adds up to."""
    asked.check(wish)
    with rooms(here) as space:
        shown = _forecast(here, space, wish, asked)
    if asked.picture is not None:
        asked.picture.write_text(picture_of(shown.tally, shown.days, title_of(shown)), encoding="utf-8")
    if here.out.as_json:
        here.out.json({**empty, **forecast_document(shown)})
    else:
        print_forecast(here.out, shown)
        if asked.picture is not None:
            here.out.note(f"drawn into {here.shown(asked.picture)}")
    return Exit.FINE


def _forecast(here: Here, space: Workspace, wish: Wish, asked: Asked) -> Shown:
    began, now = perf_counter(), space.clock.now()
    zone = zone_named(space.catalogue.timezone) or ZoneInfo("UTC")
    with space.store.reading() as tx:
        everybody = Everybody.of(tx, asked.sample, wish.seed)
        said = warnings(space, tx)
    if not everybody.total:
        raise Findings("nobody is known yet, so nobody's months can be foretold", hint=NOBODY)
    url = space.store.engine.url.render_as_string(hide_password=False)
    midnight = instant_of(local(now, zone).date(), time(), zone)
    end = end_of(wish, midnight, zone)
    forecast = Forecast(space.catalogue, space.project.plans, url, midnight, now, end, zone, wish.seed)
    tally = _live(here, space, forecast, everybody, asked.crew(everybody.chosen))
    shown = tally.scaled(everybody.total) if everybody.is_sample else tally
    seconds = perf_counter() - began
    margin = tally.margin(everybody.total)
    return Shown(forecast, everybody, shown, margin, loads(space, shown), said, seconds)


def _live(here: Here, space: Workspace, forecast: Forecast, everybody: Everybody, processes: int) -> Tally:
    tally = Tally(forecast.zone)
    lived = tallies(forecast, everybody.batches(space.store), processes)
    try:
        with closing(lived), here.out.progress(everybody.chosen, "Living") as moving:
            for some in lived:
                tally.merge(some)
                moving.advance(some.people)
    except EndlessError as problem:
        raise Findings(str(problem), hint="let one of them say  again: after 1 day") from problem
    return tally
