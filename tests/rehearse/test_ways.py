from datetime import date

import pytest

from lifeloop.rehearse.beginning import Starter
from lifeloop.rehearse.forks import arms_of, written
from lifeloop.rehearse.ways import Explorer, covering

YEAR = 366 * 86_400


def explore(project, name):
    journey = project.journeys[name]
    person = project.people[journey.tests[0].person]
    begun = Starter(journey.plan, person, project.catalogue, journey.tests).begin(date(2026, 3, 2), ())
    return Explorer(journey.plan, person, project.catalogue, begun.at, begun.at + YEAR, begun.given)


@pytest.mark.parametrize(
    "name", ["growth", "loyalty", "reactivation", "recovery", "renewal", "satisfaction", "welcome"]
)
def test_every_branch_of_the_starter_is_reached_by_made_up_answers(starter, name):
    ways, more = explore(starter, name).ways()
    gone = {(written(node), arm) for way in ways for node, arm in way.gone}
    assert [arm.words for arm in arms_of(starter.journeys[name].spec) if arm.taken not in gone] == []
    assert not more
    assert all(way.gone == way.wanted for way in ways if way.reached)


def test_few_ways_cover_what_all_of_them_go(starter):
    ways, _ = explore(starter, "recovery").ways()
    few = covering(ways)
    assert len(few) < len(ways) / 3
    assert {taken for way in few for taken in way.gone} == {taken for way in ways for taken in way.gone}


def test_more_ways_than_wanted_are_said_to_be_more(starter):
    ways, more = explore(starter, "renewal").ways(most=5)
    assert more
    assert len(ways) <= 5
