"""Dates, numbers and yes or no, decided for a column and never cell by cell."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from lifeloop.journey.catalogue import Attribute
from lifeloop.work.importing.cells import (
    decide_comma,
    decide_dates,
    fitter,
    instant_at,
    iso_date,
    plain_number,
    yes_or_no,
    zone_name,
)


@pytest.mark.parametrize(
    ("cells", "order", "certain"),
    [
        (["03/04/2026", "30/06/2026"], "day first", True),
        (["03/04/2026", "06/30/2026"], "month first", True),
        (["03.04.2026"], "day first", True),
        (["03/04/2026", "05/06/2026"], "month first", False),
        (["03/04/2026", "45/01/2026", "31/04/2026"], "month first", False),
        (["31.02.2026", "03/30/2026"], "month first", True),
    ],
)
def test_the_whole_column_decides_which_comes_first(cells, order, certain):
    found = decide_dates(cells, "month first")
    assert (found.order, found.certain) == (order, certain)


def test_dates_that_leave_nothing_open_need_no_decision():
    assert decide_dates(["2026-06-30", "20260630", ""], "day first") is None


@pytest.mark.parametrize(
    ("text", "order", "iso"),
    [
        ("30.06.2026", "day first", "2026-06-30"),
        ("3/4/2026", "day first", "2026-04-03"),
        ("3/4/2026", "month first", "2026-03-04"),
        ("30-06-2026 9:05", "day first", "2026-06-30T09:05:00"),
        ("20260630", "day first", "2026-06-30"),
        ("2026/6/3", "month first", "2026-06-03"),
        ("2026-06-30", "month first", "2026-06-30"),
        ("soon", "day first", "soon"),
    ],
)
def test_a_date_of_either_order_becomes_one_notation(text, order, iso):
    assert iso_date(text, order) == iso


@pytest.mark.parametrize(
    ("cells", "comma"),
    [
        (["1.234", "12,5"], "comma"),
        (["1.234,50"], "comma"),
        (["1,234", "12.50"], "point"),
        (["1,234.50"], "point"),
        (["1.234.567"], "comma"),
        (["12", "1.234"], "usual"),
    ],
)
def test_the_whole_column_decides_what_stands_before_the_cents(cells, comma):
    assert decide_comma(cells, "usual") == comma


def test_a_comma_becomes_a_point():
    assert [plain_number("1.234,50", "comma"), plain_number("1,234.50", "point")] == ["1234.50", "1,234.50"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02T10:00:00Z", 1772445600),
        ("2026-03-02 10:00", 1772442000),
        ("02.03.2026 10:00", 1772442000),
        ("1772445600", 1772445600),
        ("1772445600123", 1772445600),
        ("2026-03-02", 1772406000),
        ("tomorrow", None),
        ("2026-13-02", None),
    ],
)
def test_a_moment_is_read_on_the_clock_of_its_zone(text, moment):
    assert instant_at(text, "day first", ZoneInfo("Europe/Amsterdam")) == moment


@pytest.mark.parametrize(
    ("word", "said"), [("Ja", True), ("YES", True), ("nee", False), ("0", False), ("maybe", None), ("", None)]
)
def test_yes_and_no_in_several_languages(word, said):
    assert yes_or_no(word) is said


def test_cells_are_fitted_to_what_is_declared():
    def fit(attribute, text, comma="point"):
        return fitter(attribute, "day first", comma)(text)

    assert fit(Attribute("ends", "date"), "30.06.2026").value == "2026-06-30"
    assert fit(Attribute("price", "money"), "1.234,50", "comma").value == 1234.5
    assert fit(Attribute("on", "boolean"), "ja").value is True
    assert fit(Attribute("timezone"), "europe/LISBON").value == "Europe/Lisbon"
    assert fit(Attribute("ends", "date"), "30.13.2026").reason.startswith('"30.13.2026" is not a date')
    assert "is not a number" in fit(Attribute("price", "money"), "twelve").reason
    assert zone_name("CEST").reason is not None
    assert zone_name("").value is None
