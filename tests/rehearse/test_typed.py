from datetime import date
from zoneinfo import ZoneInfo

import pytest

from lifeloop.engine.zones import instant_of
from lifeloop.journey.times import parse_time
from lifeloop.rehearse.days import Days
from lifeloop.rehearse.typed import Typed, UnreadableError, begins_with_a_moment

LISBON = ZoneInfo("Europe/Lisbon")


@pytest.fixture
def typed(starter):
    return Typed(Days(date(2026, 4, 15), LISBON), starter.catalogue)


def at(day, clock):
    return instant_of(date.fromisoformat(day), parse_time(clock), LISBON)


@pytest.mark.parametrize(
    "text",
    [
        "35d 09:30 question.answered answer=upgrade",
        "day 35 09:30 question.answered answer=upgrade",
        "2026-05-20 09:30 question.answered 'answer=upgrade'",
    ],
)
def test_a_day_is_counted_or_named(typed, text):
    given = typed.event(text)
    assert (given.at, given.what, given.name) == (at("2026-05-20", "09:30"), "event", "question.answered")
    assert given.data == {"answer": "upgrade"}


def test_data_get_the_type_that_the_catalogue_declares(typed):
    data = typed.event("3d survey.answered score=3 comment='a bit slow'").data
    assert data == {"score": 3, "comment": "a bit slow"}
    assert typed.change("40d 12:00 contract.ends=2026-12-31 auto_renews=true phone=").data == {
        "contract.ends": "2026-12-31",
        "auto_renews": True,
        "phone": None,
    }


def test_people_open_click_answer_and_are_put_in(typed):
    assert (typed.event("3d open renewal/offer").what, typed.event("3d click renewal/offer").name) == (
        "open",
        "renewal/offer",
    )
    assert typed.event("3d 15:00 answer approved").name == "approved"
    assert typed.event("0d enter renewal").what == "enter"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("question.answered", "does not begin with a moment"),
        ("25 question.answered", "does not begin with a moment"),
        ("3d question.answerd", 'there is no event "question.answerd"'),
        ("3d question.answered upgrade", '"upgrade" is not of the form name=value'),
        ("3d survey.answered score=many", "score: "),
        ("2026-02-31 contract.renewed", 'there is no day "2026-02-31"'),
        ("3d contract.renewed 'open", "a quotation mark is open"),
    ],
)
def test_what_is_not_understood_is_said_in_words(typed, text, sentence):
    with pytest.raises(UnreadableError) as problem:
        typed.event(text)
    assert sentence in str(problem.value)


def test_an_attribute_nobody_declared_is_asked_back(typed):
    with pytest.raises(UnreadableError) as problem:
        typed.values("auto_renew=true")
    assert problem.value.hint == 'did you mean "auto_renews"?'


def test_data_without_a_moment_hold_from_the_beginning():
    assert begins_with_a_moment("40d 12:00 plan=free")
    assert not begins_with_a_moment("plan=free")
