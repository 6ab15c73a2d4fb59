"""A rehearsal that goes on from what is in the store says and does what the live engine does from there."""

from __future__ import annotations

import pytest

from lifeloop.rehearse.behaviour import Temper
from lifeloop.rehearse.people import made_up
from lifeloop.rehearse.population import Population
from lifeloop.rehearse.world import World
from lifeloop.store import customers, journeys
from lifeloop.work.presenting import presents, stage

DAY = 86_400
YEAR = 365 * DAY
BEGIN = 1_772_409_600  # Mon 2 Mar 2026 00:00 UTC
SEED = 7


def taken_over(live, project):
    """Return a rehearsal that begins where the live engine stands."""
    now = live.clock.now()
    with live.space.store.reading() as tx:
        on = stage(tx, project.catalogue, project.plans, now)
        me = customers.find_keys(tx, [live.person.name])[live.person.name]
        (present,) = presents(tx, [me.id], on)
    return World(on.entering, present, project.catalogue, at=now, ground=on.ground)


def since(trace, moment):
    lines, said = trace
    later = {run: [line for line in those if line[0] > moment] for run, those in lines.items()}
    return {run: those for run, those in later.items() if those}, [one for one in said if one[0] > moment]


@pytest.mark.parametrize(("number", "days"), [(3, 40), (3, 130), (4, 75), (12, 100), (12, 221)])
def test_from_any_day_on_both_go_the_same_way(both, continued, starter, number, days):
    crowd = Population(starter.plans, list(starter.people.values()), starter.catalogue, BEGIN, BEGIN + YEAR, SEED)
    person = made_up(number, SEED, crowd.samples, starter.catalogue)
    life = crowd.live(person, Temper.of(SEED, starter.catalogue, starter.plans))
    doings = [doing for doing in life.doings if doing.what == "event"]
    middle = BEGIN + days * DAY
    lived = both(starter, person, BEGIN)
    for doing in (one for one in doings if one.at <= middle):
        lived.go(doing.at)
        lived.event(doing.name, doing.data)
    lived.go(middle)
    goes_on = continued(taken_over(lived.live, starter), lived.live)
    for doing in (one for one in doings if one.at > middle):
        goes_on.go(doing.at)
        goes_on.event(doing.name, doing.data)
    goes_on.go(BEGIN + YEAR)
    rehearsal, live = goes_on.traces()
    assert since(rehearsal, middle) == since(live, middle)
    assert since(live, middle)[1]


def test_what_rests_keeps_resting(both, starter):
    """Nobody in a paused journey moves, and nobody enters it."""
    lived = both(starter, starter.people["ana"], BEGIN)
    lived.live.event("contract.started", {"date": "2026-03-02"})
    with lived.live.space.store.transaction() as tx:
        journeys.pause(tx, ["welcome"], "a closer look", BEGIN)
    world = taken_over(lived.live, starter)
    assert [run.plan.journey for run in world.runs if run.active] == ["welcome"]
    world.event("contract.started", {"date": "2026-03-09"})
    world.run_until(BEGIN + 30 * DAY)
    assert not [one for one in world.happened if one.journey == "welcome"]
