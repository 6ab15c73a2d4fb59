from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.journey.length import Length
from lifeloop.journey.lengths import parse_length, read_length, say_length

LENGTHS = [
    ("90 minutes", Length(seconds=5400), "90 minutes"),
    ("3 days", Length(days=3), "3 days"),
    ("2 weeks", Length(days=14), "14 days"),
    ("6 months", Length(months=6), "6 months"),
    ("1 year", Length(months=12), "1 year"),
    ("18 months", Length(months=18), "1 year 6 months"),
    ("1 day 6 hours", Length(days=1, seconds=21600), "1 day 6 hours"),
    ("1 day and 6 hours", Length(days=1, seconds=21600), "1 day 6 hours"),
    ("10 working days", Length(working_days=10), "10 working days"),
    ("1 working day", Length(working_days=1), "1 working day"),
    ("20 hours", Length(seconds=72000), "20 hours"),
    ("36 hours", Length(seconds=129600), "36 hours"),
    ("a week", Length(days=7), "7 days"),
    ("Three  Days", Length(days=3), "3 days"),
    ("P3D", Length(days=3), "3 days"),
    ("PT36H", Length(seconds=129600), "36 hours"),
    ("P1Y2M10DT2H30M", Length(14, 10, 0, 9000), "1 year 2 months 10 days 2 hours 30 minutes"),
]


@pytest.mark.parametrize(("text", "length", "said"), LENGTHS, ids=[text for text, _, _ in LENGTHS])
def test_lengths_are_read_and_said(reading, text: str, length: Length, said: str):
    assert reading(read_length, text) == (length, [])
    assert say_length(length) == said


def test_a_number_alone_asks_for_its_unit(reading):
    value, found = reading(read_length, "3")
    assert value is None
    assert [(one.code, one.message) for one in found] == [("J111", '"3" is not a length of time')]
    assert found[0].label == "3 what? Write 3 minutes, 3 hours, 3 days, 3 weeks or 3 months"


@pytest.mark.parametrize(
    ("text", "fix"), [("3d", "3 days"), ("2 hrs", "2 hours"), ("5 business days", "5 working days")]
)
def test_short_forms_are_fixed_for_sure(reading, text: str, fix: str):
    value, found = reading(read_length, text)
    assert value is None
    assert [(one.text, one.certain) for one in found[0].suggestions] == [(fix, True)]


@pytest.mark.parametrize(
    "text",
    ["", "days", "soon", "01:30", "3 fortnights", "-3 days", "3 days ago", "P", "PT", "0x3 days", "1.5 hours", "5m"],
)
def test_what_is_no_length_is_refused_once(reading, text: str):
    value, found = reading(read_length, text)
    assert value is None
    assert [one.code for one in found] == ["J111"]


def test_part_of_a_unit_is_said_in_whole_numbers(reading):
    _, found = reading(read_length, "1.5 hours")
    assert found[0].label == "write whole numbers: 90 minutes"


def test_working_days_stand_alone(reading):
    value, found = reading(read_length, "10 working days 2 hours")
    assert (value, found[0].message) == (None, "working days stand alone")


@pytest.mark.parametrize("text", ["101 years", "99999999999 days", "P99999999999D"])
def test_more_than_a_hundred_years_is_a_slip(reading, text: str):
    value, found = reading(read_length, text)
    assert (value, found[0].code) == (None, "J111")


PARTS = st.one_of(
    st.builds(Length, st.integers(0, 1200), st.integers(0, 5000), st.just(0), st.integers(0, 10**7)),
    st.builds(Length, working_days=st.integers(1, 400)),
)


@given(PARTS)
@settings(deadline=None)
def test_what_is_said_is_read_as_the_same(length: Length):
    assert parse_length(say_length(length)) == length


@pytest.mark.parametrize(
    ("text", "meant"), [("3 dayz", "3 days"), ("1 dya 6 huors", "1 day 6 hours"), ("2 wekks", "14 days")]
)
def test_a_misspelt_unit_gets_the_nearest(reading, text, meant):
    _, (found,) = reading(read_length, text)
    assert (found.code, found.label) == ("J111", f'did you mean "{meant}"?')
    assert [(one.text, one.certain) for one in found.suggestions] == [(meant, False)]


def test_what_is_like_no_unit_gets_an_example(reading):
    _, (found,) = reading(read_length, "3 bananas")
    assert found.suggestions == ()
    assert "for example 3 days" in found.label
