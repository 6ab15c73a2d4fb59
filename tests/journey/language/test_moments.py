from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeloop.journey.catalogue import Limit
from lifeloop.journey.condition import DataName
from lifeloop.journey.length import Length
from lifeloop.journey.moment import AtTime, FromAnchor, Hours, InHours, OnDate, OnMonthDay, OnWeekday
from lifeloop.journey.moments import (
    parse_hours,
    read_anchors,
    read_every,
    read_hours,
    read_limit,
    read_moment,
    read_when,
)
from lifeloop.journey.saying import say_anchor, say_every, say_hours, say_limit, say_moment

TEN, NINE, SIX = time(10), time(9), time(18)
WEEK, ALL = (1, 2, 3, 4, 5), (1, 2, 3, 4, 5, 6, 7)
END = DataName("customer", ("contract_end",))

MOMENTS = [
    ("10:00", AtTime(TEN)),
    ("until 10:00", AtTime(TEN)),
    ("at 9:30", AtTime(time(9, 30))),
    ("10am", AtTime(TEN)),
    ("noon", AtTime(time(12))),
    ("Tuesday 10:00", OnWeekday((2,), TEN)),
    ("tue at 10:00", OnWeekday((2,), TEN)),
    ("next Monday at 10:00", OnWeekday((1,), TEN)),
    ("a weekday at 10:00", OnWeekday(WEEK, TEN)),
    ("every day at 10:00", OnWeekday(ALL, TEN)),
    ("weekend 10:00", OnWeekday((6, 7), TEN)),
    ("Monday or Thursday at 10:00", OnWeekday((1, 4), TEN)),
    ("Monday to Thursday at 10:00", OnWeekday((1, 2, 3, 4), TEN)),
    ("the 1st at 09:00", OnMonthDay(1, NINE)),
    ("the 31st at 09:00", OnMonthDay(31, NINE)),
    ("2026-12-01 09:00", OnDate(date(2026, 12, 1), NINE)),
    ("2026-12-01", OnDate(date(2026, 12, 1), time(0))),
    ("weekdays 09:00-18:00", InHours(Hours(WEEK, NINE, SIX))),
    ("09:00-18:00", InHours(Hours(ALL, NINE, SIX))),
    ("45 days before customer.contract_end at 10:00", FromAnchor(Length(days=45), True, END, TEN)),
    ("10 working days after customer.contract_end", FromAnchor(Length(working_days=10), False, END)),
]


@pytest.mark.parametrize(("text", "moment"), MOMENTS, ids=[text for text, _ in MOMENTS])
def test_moments_are_read_and_survive_being_said(reading, scope, text: str, moment):
    assert reading(read_moment, text, scope) == (moment, [])
    assert reading(read_moment, say_moment(moment), scope) == (moment, [])


def test_the_date_of_the_start_event_can_be_an_anchor(reading, scope, catalogue):
    here = scope.having("start", catalogue.events["contract.started"].attributes)
    moment, found = reading(read_moment, "9 days after start.date at 10:00", here)
    assert (moment, found) == (FromAnchor(Length(days=9), False, DataName("start", ("date",)), TEN), [])


@pytest.mark.parametrize(
    ("text", "code", "columns"),
    [
        ("Tuesday", "J116", (11, 18)),
        ("3 days", "J116", (11, 17)),
        ("25:00", "J116", (11, 16)),
        ("2026-02-30 09:00", "J116", (11, 27)),
        ("the 32nd at 09:00", "J116", (11, 28)),
        ("soon", "J116", (11, 15)),
        ("until", "J116", (16, 17)),
        ("45 before customer.contract_end", "J111", (11, 13)),
        ("45 days before customer.contract_ent", "J123", (26, 47)),
        ("45 days before customer.plan", "J122", (26, 39)),
        ("45 days before customer.contract_end at ten", "J116", (51, 54)),
        ("45 days before contract.ends", "J123", (26, 39)),
    ],
)
def test_what_is_wrong_is_shown_at_its_own_words(reading, scope, text, code, columns):
    value, found = reading(read_moment, text, scope)
    assert value is None
    assert [(one.code, (one.place.column, one.place.end_column)) for one in found] == [(code, columns)]


def test_misspelt_days_find_their_neighbours(reading, scope):
    _, found = reading(read_moment, "Tusday at 10:00", scope)
    assert [one.text for one in found[0].suggestions] == ["Tuesday at 10:00"]
    _, found = reading(read_hours, "evryday 09:00-19:00")
    assert [one.text for one in found[0].suggestions] == ["every day 09:00-19:00"]


def test_a_wait_is_a_length_or_until_a_moment(reading, scope):
    assert reading(read_when, "3 days", scope) == (Length(days=3), [])
    assert reading(read_when, "until 10:00", scope) == (AtTime(TEN), [])


def test_a_moment_without_until_is_fixed_for_sure(reading, scope):
    value, found = reading(read_when, "Tuesday 10:00", scope)
    assert value is None
    assert [(one.text, one.certain) for one in found[0].suggestions] == [("until Tuesday 10:00", True)]


ANCHORS = [
    ("75 days before customer.contract_end", (FromAnchor(Length(days=75), True, END),)),
    ("on customer.contract_end", (FromAnchor(Length(), False, END),)),
    ("customer.contract_end at 09:00", (FromAnchor(Length(), False, END, NINE),)),
    (
        "90 days before customer.competitor_end, or 9 months after customer.left_at",
        (
            FromAnchor(Length(days=90), True, DataName("customer", ("competitor_end",))),
            FromAnchor(Length(months=9), False, DataName("customer", ("left_at",))),
        ),
    ),
]


@pytest.mark.parametrize(("text", "moments"), ANCHORS, ids=[text for text, _ in ANCHORS])
def test_start_dates_are_read_and_survive_being_said(reading, scope, text, moments):
    assert reading(read_anchors, text, scope) == (moments, [])
    assert reading(read_anchors, ", or ".join(map(say_anchor, moments)), scope) == (moments, [])


def test_the_time_of_day_may_stand_elsewhere(reading, scope):
    moments, _ = reading(lambda s, r: read_anchors(s, r, scope, TEN), "on customer.since")
    assert moments[0].at == TEN


def test_each_wrong_alternative_is_reported(reading, scope):
    value, found = reading(read_anchors, "90 before customer.competitor_end, or 9 months after customer.lefd_at", scope)
    assert value is None
    assert [(one.code, one.place.column) for one in found] == [("J111", 11), ("J123", 64)]


HOURS = [
    ("weekdays 09:00-18:00", Hours(WEEK, NINE, SIX)),
    ("every day 09:00-19:00", Hours(ALL, NINE, time(19))),
    ("Monday to Friday 9:00 to 18:00", Hours(WEEK, NINE, SIX)),
    ("Mon, Wed 10:00-12:00", Hours((1, 3), TEN, time(12))),
    ("Fri-Sun 10:00-18:00", Hours((5, 6, 7), TEN, SIX)),
    ("weekend from 10:00 to 18:00", Hours((6, 7), TEN, SIX)),
    ("22:00-06:00", Hours(ALL, time(22), time(6))),
    ("every day 00:00-24:00", Hours(ALL, time(0), time(0))),
    ("weekdays 9am-6pm", Hours(WEEK, NINE, SIX)),
]


@pytest.mark.parametrize(("text", "hours"), HOURS, ids=[text for text, _ in HOURS])
def test_hours_are_read_and_survive_being_said(reading, text, hours):
    assert reading(read_hours, text) == (hours, [])
    assert parse_hours(say_hours(hours)) == hours


@pytest.mark.parametrize("text", ["", "office hours", "weekdays", "funday 09:00-18:00", "09:00-25:00", "09:00-09:00"])
def test_what_are_no_hours_is_refused_once(reading, text):
    value, found = reading(read_hours, text)
    assert (value, [one.code for one in found]) == (None, ["J117"])


RHYTHMS = [
    ("month on the 1st at 09:00", OnMonthDay(1, NINE)),
    ("every month on the 15th at 09:00", OnMonthDay(15, NINE)),
    ("Monday at 10:00", OnWeekday((1,), TEN)),
    ("week on Monday at 10:00", OnWeekday((1,), TEN)),
    ("day at 10:00", OnWeekday(ALL, TEN)),
    ("weekday at 10:00", OnWeekday(WEEK, TEN)),
    ("Monday, Thursday at 10:00", OnWeekday((1, 4), TEN)),
]


@pytest.mark.parametrize(("text", "every"), RHYTHMS, ids=[text for text, _ in RHYTHMS])
def test_rhythms_are_read_and_survive_being_said(reading, text, every):
    assert reading(read_every, text) == (every, [])
    assert reading(read_every, say_every(every)) == (every, [])


LIMITS = [
    ("2 per week", Limit(2, Length(days=7)), "2 per week"),
    ("1 per 10 days", Limit(1, Length(days=10)), "1 per 10 days"),
    ("3 a day", Limit(3, Length(days=1)), "3 per day"),
    ("once per month", Limit(1, Length(months=1)), "1 per month"),
    ("2 messages per 2 weeks", Limit(2, Length(days=14)), "2 per 14 days"),
    ("1 per year", Limit(1, Length(months=12)), "1 per year"),
]


@pytest.mark.parametrize(("text", "limit", "said"), LIMITS, ids=[text for text, _, _ in LIMITS])
def test_limits_are_read_and_said(reading, text, limit, said):
    assert reading(read_limit, text) == (limit, [])
    assert say_limit(limit) == said


@pytest.mark.parametrize(
    ("text", "code"), [("a few", "J118"), ("2", "J118"), ("0 per week", "J118"), ("2 per fortnight", "J111")]
)
def test_what_is_no_limit_or_rhythm_is_refused_once(reading, text, code):
    value, found = reading(read_limit, text)
    assert (value, [one.code for one in found]) == (None, [code])
    assert [one.code for one in reading(read_every, text)[1]] == ["J118"]


DAYS = st.sets(st.integers(1, 7), min_size=1).map(lambda days: tuple(sorted(days)))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


@given(DAYS, TIMES, TIMES)
@settings(deadline=None)
def test_all_hours_that_can_be_said_are_read_as_the_same(days, opens, closes):
    assert parse_hours(say_hours(Hours(days, opens, closes))) == Hours(days, opens, closes)


@given(
    st.one_of(
        st.builds(OnWeekday, DAYS, TIMES), st.builds(OnMonthDay, st.integers(1, 31), TIMES), st.builds(AtTime, TIMES)
    )
)
@settings(deadline=None)
def test_all_moments_that_can_be_said_are_read_as_the_same(reading, scope, moment):
    assert reading(read_moment, say_moment(moment), scope) == (moment, [])
