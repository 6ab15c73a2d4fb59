from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from lifeloop.engine.errors import BrokenPlanError
from lifeloop.engine.holiday import days_off, is_working_day
from lifeloop.engine.hours import ANY_HOUR, next_open
from lifeloop.engine.timing import add_length, anchor_moment, next_moment, next_occurrence, occurrence
from lifeloop.journey.condition import DataName
from lifeloop.journey.length import Length
from lifeloop.journey.moment import AtTime, FromAnchor, Hours, InHours, OnDate, OnMonthDay, OnWeekday

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
BRUSSELS = ZoneInfo("Europe/Brussels")
OFFICE = Hours((1, 2, 3, 4, 5), time(9), time(18))
END = DataName("customer", ("contract_end",))
MINUTE = 60


def at(text):
    return int(datetime.fromisoformat(text).timestamp())


def shown(instant, zone=AMSTERDAM):
    return datetime.fromtimestamp(instant, zone).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2027-01-31T10:00+01:00", Length(months=1), "2027-02-28T10:00+01:00"),
        ("2028-01-31T10:00+01:00", Length(months=1), "2028-02-29T10:00+01:00"),
        ("2024-02-29T10:00+01:00", Length(months=12), "2025-02-28T10:00+01:00"),
        ("2027-03-27T10:00+01:00", Length(days=1), "2027-03-28T10:00+02:00"),
        ("2027-03-27T10:00+01:00", Length(seconds=86_400), "2027-03-28T11:00+02:00"),
        ("2027-03-27T02:30+01:00", Length(days=1), "2027-03-28T03:00+02:00"),
        ("2027-10-30T02:30+02:00", Length(days=1), "2027-10-31T02:30+02:00"),
        ("2027-01-30T10:00+01:00", Length(months=1, days=1, seconds=3600), "2027-03-01T11:00+01:00"),
        ("2027-03-26T10:00+01:00", Length(working_days=1), "2027-03-29T10:00+02:00"),
        ("2027-03-27T10:00+01:00", Length(working_days=10), "2027-04-09T10:00+02:00"),
    ],
)
def test_lengths(start, length, end):
    assert shown(add_length(at(start), length, AMSTERDAM)) == end


def test_an_exact_length_out_of_the_second_half_of_an_overlap_is_exact():
    second = at("2027-10-31T02:30+01:00")
    assert add_length(second, Length(seconds=60), AMSTERDAM) == second + 60


def test_backwards():
    assert shown(add_length(at("2027-03-31T10:00+02:00"), Length(months=1), AMSTERDAM, back=True)) == (
        "2027-02-28T10:00+01:00"
    )
    assert shown(add_length(at("2027-03-29T10:00+02:00"), Length(working_days=1), AMSTERDAM, back=True)) == (
        "2027-03-26T10:00+01:00"
    )


def test_working_days_know_the_countrys_holidays():
    friday = at("2027-04-23T10:00+02:00")
    assert shown(add_length(friday, Length(working_days=2), AMSTERDAM)) == "2027-04-27T10:00+02:00"
    assert shown(add_length(friday, Length(working_days=2), AMSTERDAM, country="NL")) == "2027-04-28T10:00+02:00"


def test_the_nth_month_never_drifts():
    anchor = at("2027-01-31T10:00+01:00")
    days = [
        datetime.fromtimestamp(occurrence(anchor, Length(months=1), n, AMSTERDAM), AMSTERDAM).day for n in range(1, 13)
    ]
    assert days == [28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, 31]


@pytest.mark.parametrize(
    ("end", "offset", "zone", "wanted"),
    [
        ("2027-04-27", Length(days=30), AMSTERDAM, "2027-03-28T10:00+02:00"),
        ("2027-05-31", Length(months=1), AMSTERDAM, "2027-04-30T10:00+02:00"),
        ("2027-03-31", Length(months=1), BRUSSELS, "2027-02-28T10:00+01:00"),
        ("2028-02-29", Length(months=12), AMSTERDAM, "2027-02-28T10:00+01:00"),
        ("2027-05-31T22:30:00Z", Length(), AMSTERDAM, "2027-06-01T10:00+02:00"),
    ],
)
def test_so_long_before_a_date(end, offset, zone, wanted):
    moment = FromAnchor(offset, before=True, anchor=END, at=time(10))
    assert shown(anchor_moment(moment, end, zone), zone) == wanted


def test_without_a_time_the_anchors_own_or_midnight():
    after = FromAnchor(Length(days=9), before=False, anchor=END)
    assert shown(anchor_moment(after, "2027-03-20", AMSTERDAM)) == "2027-03-29T00:00+02:00"
    assert shown(anchor_moment(after, "2027-03-20T08:15:00+01:00", AMSTERDAM)) == "2027-03-29T08:15+02:00"
    hours = FromAnchor(Length(seconds=7200), before=True, anchor=END)
    assert shown(anchor_moment(hours, "2027-03-20T08:15:00+01:00", AMSTERDAM)) == "2027-03-20T06:15+01:00"


@pytest.mark.parametrize("value", [None, "", "soon", 20270427, "2027-13-01", "0001-01-01"])
def test_an_anchor_that_is_no_date_is_unknown(value):
    assert anchor_moment(FromAnchor(Length(months=24), before=True, anchor=END), value, AMSTERDAM) is None


@pytest.mark.parametrize(
    ("moment", "now", "wanted"),
    [
        (AtTime(time(10)), "2026-03-03T08:00+01:00", "2026-03-03T10:00+01:00"),
        (AtTime(time(10)), "2026-03-03T10:00+01:00", "2026-03-03T10:00+01:00"),
        (AtTime(time(10)), "2026-03-03T10:01+01:00", "2026-03-04T10:00+01:00"),
        (AtTime(time(2, 30)), "2027-03-28T00:00+01:00", "2027-03-28T03:00+02:00"),
        (OnWeekday((2,), time(10)), "2026-08-01T10:00+02:00", "2026-08-04T10:00+02:00"),
        (OnWeekday((2,), time(10)), "2026-08-04T10:00+02:00", "2026-08-04T10:00+02:00"),
        (OnWeekday((2,), time(10)), "2026-08-04T10:01+02:00", "2026-08-11T10:00+02:00"),
        (OnWeekday((1, 2, 3, 4, 5), time(10)), "2026-08-07T20:15+02:00", "2026-08-10T10:00+02:00"),
        (OnMonthDay(31, time(9)), "2027-02-03T09:00+01:00", "2027-02-28T09:00+01:00"),
        (OnMonthDay(1, time(9)), "2027-02-03T09:00+01:00", "2027-03-01T09:00+01:00"),
        (OnDate(date(2026, 12, 1), time(9)), "2027-01-01T00:00+01:00", "2026-12-01T09:00+01:00"),
        (InHours(OFFICE), "2026-08-07T17:59+02:00", "2026-08-07T17:59+02:00"),
        (InHours(OFFICE), "2026-08-07T18:00+02:00", "2026-08-10T09:00+02:00"),
    ],
)
def test_moments(moment, now, wanted):
    assert shown(next_moment(moment, at(now), AMSTERDAM)) == wanted


def test_a_wall_clock_shows_a_time_for_a_whole_minute():
    some_seconds_past = at("2026-03-03T10:00:42+01:00")
    assert next_moment(AtTime(time(10)), some_seconds_past, AMSTERDAM) == some_seconds_past


def test_a_calendar_start_comes_round_once_per_time():
    first = next_occurrence(OnMonthDay(31, time(9)), at("2027-01-31T08:59+01:00"), AMSTERDAM)
    assert shown(first) == "2027-01-31T09:00+01:00"
    assert shown(next_occurrence(OnMonthDay(31, time(9)), first, AMSTERDAM)) == "2027-02-28T09:00+01:00"


def test_a_daily_start_comes_once_on_the_days_the_clock_changes():
    daily, here = OnWeekday((1, 2, 3, 4, 5, 6, 7), time(2, 30)), at("2027-10-29T12:00+02:00")
    found = []
    for _ in range(4):
        here = next_occurrence(daily, here, AMSTERDAM)
        found.append(shown(here))
    assert found == [
        "2027-10-30T02:30+02:00",
        "2027-10-31T02:30+02:00",
        "2027-11-01T02:30+01:00",
        "2027-11-02T02:30+01:00",
    ]


@pytest.mark.parametrize(
    ("now", "anywhere", "dutch", "belgian"),
    [
        ("2027-03-26T09:30", "2027-03-26T10:30+01:00", "2027-03-30T09:00+02:00", "2027-03-26T10:30+01:00"),
        ("2027-03-26T18:00", "2027-03-29T09:00+02:00", "2027-03-30T09:00+02:00", "2027-03-30T09:00+02:00"),
        ("2027-10-29T16:30", "2027-11-01T09:00+01:00", "2027-11-01T09:00+01:00", "2027-11-02T09:00+01:00"),
        ("2027-04-26T16:00", "2027-04-27T09:00+02:00", "2027-04-28T09:00+02:00", "2027-04-27T09:00+02:00"),
        ("2027-07-20T16:30", "2027-07-21T09:00+02:00", "2027-07-21T09:00+02:00", "2027-07-22T09:00+02:00"),
        ("2027-07-01T15:59", "2027-07-01T17:59+02:00", "2027-07-01T17:59+02:00", "2027-07-01T17:59+02:00"),
        ("2027-07-01T16:00", "2027-07-02T09:00+02:00", "2027-07-02T09:00+02:00", "2027-07-02T09:00+02:00"),
    ],
)
def test_office_hours_with_and_without_holidays(now, anywhere, dutch, belgian):
    instant = int(datetime.fromisoformat(now).replace(tzinfo=UTC).timestamp())
    assert shown(next_open(OFFICE, instant, AMSTERDAM)) == anywhere
    assert shown(next_open(OFFICE, instant, AMSTERDAM, avoid="NL")) == dutch
    assert shown(next_open(OFFICE, instant, BRUSSELS, avoid="BE")) == belgian


def test_a_window_over_midnight_belongs_to_the_day_it_starts_on():
    night = Hours((5,), time(22), time(2))
    assert shown(next_open(night, at("2026-08-08T01:30+02:00"), AMSTERDAM)) == "2026-08-08T01:30+02:00"
    assert shown(next_open(night, at("2026-08-08T02:00+02:00"), AMSTERDAM)) == "2026-08-14T22:00+02:00"
    assert shown(next_open(night, at("2026-08-08T23:00+02:00"), AMSTERDAM)) == "2026-08-14T22:00+02:00"


def test_a_night_that_starts_on_a_holiday_is_off_until_its_end():
    night = Hours((1, 2, 3, 4, 5, 6, 7), time(22), time(6))
    assert shown(next_open(night, at("2027-04-28T01:00+02:00"), AMSTERDAM, avoid="NL")) == "2027-04-28T22:00+02:00"


def test_a_window_cut_by_the_gap_opens_after_it_and_one_inside_it_stays_shut():
    cut, inside = Hours((7,), time(2, 10), time(3, 50)), Hours((7,), time(2, 10), time(2, 50))
    saturday = at("2027-03-27T12:00+01:00")
    assert shown(next_open(cut, saturday, AMSTERDAM)) == "2027-03-28T03:00+02:00"
    assert shown(next_open(inside, saturday, AMSTERDAM)) == "2027-04-04T02:10+02:00"


def test_round_the_clock_is_always_open():
    for text in ("2027-03-28T01:59+01:00", "2027-10-31T02:30+01:00", "2027-01-01T00:00+01:00"):
        assert next_open(ANY_HOUR, at(text), AMSTERDAM) == at(text)


def test_hours_without_days_break_the_plan():
    with pytest.raises(BrokenPlanError, match="never open"):
        next_open(Hours((), time(9), time(18)), at("2027-01-01T00:00+01:00"), AMSTERDAM)


def test_holidays_in_any_letters_and_none_where_nobody_knows():
    assert date(2027, 4, 27) in days_off("nl", 2027)
    assert days_off("XX", 2027) == frozenset()
    assert is_working_day(date(2027, 4, 27), None)
    assert not is_working_day(date(2027, 4, 27), "NL")
