from __future__ import annotations

import pytest

from lifeloop.journey.near_date import near_date


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("31-12-2026", ("2026-12-31",)),
        ("31.12.2026", ("2026-12-31",)),
        ("12/31/2026", ("2026-12-31",)),
        ("2026/12/31", ("2026-12-31",)),
        ("31-12-2026 9:00", ("2026-12-31 09:00",)),
        ("3/4/2026", ("2026-04-03", "2026-03-04")),
        ("5/5/2026", ("2026-05-05",)),
        ("2026-02-30", ()),
        ("45-01-2026", ()),
    ],
)
def test_a_date_in_another_notation_is_understood(text, dates):
    assert near_date(text).dates == dates


@pytest.mark.parametrize("text", ["", "tomorrow", "12", "12-31", "31-12-26", "2026-12-2026", "31/12-2026"])
def test_what_is_no_date_is_left_alone(text):
    assert near_date(text) is None


def test_it_says_what_to_write():
    assert near_date("31-12-2026").label == 'did you mean "2026-12-31"?'
    assert near_date("3/4/2026").label == "the year comes first: write 2026-04-03 or 2026-03-04"
    assert near_date("2026-02-30").label.startswith("there is no such day")
