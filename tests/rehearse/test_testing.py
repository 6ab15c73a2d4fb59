import re
from datetime import time

import pytest

from lifeloop.journey.catalogue import MessageInfo
from lifeloop.journey.known import Known
from lifeloop.journey.project import check_text
from lifeloop.rehearse.forks import arms_of
from lifeloop.rehearse.suite import Tested, run_tests, with_entered
from lifeloop.rehearse.testing import run_test

FIVE = ["loyalty", "reactivation", "renewal", "satisfaction", "welcome"]


def test_the_five_journeys_of_the_reference_pass_their_eleven_tests(five):
    tested = list(run_tests(five, FIVE))
    assert sum(len(one.results) for one in tested) == 11
    assert [result.test.name for one in tested for result in one.failures] == []


def test_every_starter_journey_passes_and_every_branch_is_taken(starter):
    tested = list(run_tests(starter, starter.journeys))
    assert all(one.results and not one.failures for one in tested)
    assert [arm.words for one in tested for arm in one.missed] == []


def broken(project, name, old, new):
    """Return the results of a journey with one word of it changed."""
    text = project.sources[f"journeys/{name}.yaml"].replace(old, new, 1)
    library = {message: MessageInfo(message) for message in re.findall(r"send: ([a-z-]+/[a-z-]+)", text)}
    known = Known(project.catalogue, library, frozenset(project.journeys), frozenset(project.people))
    journey, found = check_text(text, f"journeys/{name}.yaml", known)
    assert journey.plan is not None, found
    results = (run_test(journey.plan, test, project.people[test.person], project.catalogue) for test in journey.tests)
    return Tested(journey, tuple(results))


def test_a_failure_says_what_was_expected_what_came_and_which_line_made_it_so(five):
    tested = broken(five, "satisfaction", "max: 4 days", "max: 5 days")
    (result,) = tested.failures
    assert result.test.name == "Silence means one reminder and no more"
    assert (result.mismatch.expected.at.day, result.mismatch.got.day) == (7, 8)
    assert result.mismatch.got.at == time(10)
    why = tested.why(result)
    lines = five.sources["journeys/satisfaction.yaml"].splitlines()
    assert "for: survey.answered" in lines[why.line]
    assert why.words == "max: 5 days"


@pytest.mark.parametrize(
    ("old", "new", "expected", "got"),
    [
        ("      - send: satisfaction/one-click\n", "", "satisfaction/one-click", "no answer"),
        ("stop: no answer", "stop: silence", "no answer", "silence"),
    ],
)
def test_a_message_that_stays_out_and_another_reason_are_told(five, old, new, expected, got):
    (result,) = broken(five, "satisfaction", old, new).failures
    assert (result.mismatch.expected.name, result.mismatch.got.name) == (expected, got)


def test_what_nobody_expected_fails(five):
    old = "- wait: until 10:00\n"
    tested = broken(five, "satisfaction", old, f"- send: satisfaction/thanks\n  {old}")
    assert {result.mismatch.got.name for result in tested.failures} == {"satisfaction/thanks"}


def test_what_never_comes_fails(five):
    tested = broken(five, "loyalty", "          - send: loyalty/thank-you-gift\n", "")
    (result,) = tested.failures
    assert result.mismatch.got is None
    assert result.mismatch.expected.name == "loyalty/thank-you-gift"


def test_branches_are_named_as_their_author_reads_them(starter):
    words = [" / ".join(arm.words) for arm in arms_of(starter.journeys["renewal"].spec)]
    assert "question.answered: time is up" in words
    assert "next_year_wish is price / retention-lead: no, or time is up" in words
    assert "phone is present: no" in words


def test_a_journey_comes_with_those_it_enters(starter):
    assert with_entered(starter.journeys, "satisfaction") == ("satisfaction", "recovery")
    assert with_entered(starter.journeys, "renewal") == ("renewal",)
