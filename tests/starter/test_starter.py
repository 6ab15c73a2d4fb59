"""The starter project, read as a user's project is: no mistake in it, and every mail can be written for everybody."""

from functools import cache
from pathlib import Path

import pytest

from lifeloop.message.render import Reader, Renderer
from lifeloop.rehearse.testing import run_test
from lifeloop.work.project import open_project

ROOT = Path(__file__).parents[2]
JOURNEYS = ["growth", "loyalty", "reactivation", "recovery", "renewal", "satisfaction", "welcome"]
HEARD = {"score": 9, "comment": "Scratched", "saving": 410, "years": 7}
STARTED = {"order_id": "A-17", "date": "2026-03-02"}
REMEMBERED = {"offer": "15%"}


@cache
def loaded():
    return open_project(ROOT)


@cache
def renderer():
    return Renderer(ROOT / "templates", loaded().catalogue)


def said(diagnostic):
    return f"{diagnostic.place.file}:{diagnostic.place.line} {diagnostic.code} {diagnostic.message}"


def context_of(person, message):
    project = loaded()
    plan = project.plans[message.partition("/")[0]]
    contract = {"contract": person.things["contract"][0]} if "contract" in person.things else {}
    run = {"event": HEARD, "start": STARTED, "journey": REMEMBERED, "values": plan.values}
    return {"customer": person.customer, **contract, **run}


def test_no_journey_and_no_mail_has_a_mistake():
    assert [said(diagnostic) for diagnostic in loaded().diagnostics] == []


def test_seven_journeys_make_the_loop():
    project = loaded()

    assert sorted(project.plans) == JOURNEYS
    assert sorted(project.catalogue.priority) == JOURNEYS
    assert {plan.phase for plan in project.plans.values()} == {
        "welcome", "satisfaction", "recovery", "loyalty", "growth", "inspiration", "reactivation",
    }  # fmt: skip


@pytest.mark.parametrize("name", JOURNEYS)
def test_every_journey_rehearses_when_it_falls_silent(name):
    tests = loaded().journeys[name].tests

    assert len(tests) >= 3
    assert any(not test.expect or test.expect[-1].what == "stop" for test in tests)


@pytest.mark.parametrize("name", JOURNEYS)
def test_every_journey_passes_its_own_tests(name):
    project = loaded()
    plan = project.plans[name]
    for test in project.journeys[name].tests:
        result = run_test(plan, test, project.people[test.person], project.catalogue)
        assert result.mismatch is None, f"{test.name}: {[str(outcome) for outcome in result.outcomes]}"


@pytest.mark.parametrize("person", ["ana", "bo", "chen", "daan", "dirk", "layla", "pim", "sam", "willemijn"])
def test_every_mail_can_be_written_for_everybody_in_both_languages(person):
    project = loaded()
    library = project.library
    who = project.people[person]
    for name in library:
        for locale in ("en", "nl", "nl-BE"):
            made = renderer().render(name, context=context_of(who, name), reader=Reader(locale=locale))
            assert who.customer["first_name"] in made.text
            assert "{{" not in made.text
            assert "None" not in made.text
            assert made.sender is not None


def test_people_are_as_awkward_as_life():
    people = loaded().people

    assert "email" not in people["sam"].customer
    assert {"phone", "plan", "timezone", "locale"}.isdisjoint(people["pim"].customer)
    assert not people["layla"].customer["first_name"].isascii()
    assert max(len(person.customer["first_name"]) for person in people.values()) > 25
    assert len(people["willemijn"].things["contract"]) == 2
