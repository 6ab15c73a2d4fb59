import time as stopwatch
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from lifeloop.engine.stamps import instant_in, local_in
from lifeloop.engine.timing import add_length
from lifeloop.engine.zones import instant_of, local, zone_named, zone_of
from lifeloop.journey.length import Length
from lifeloop.journey.plan import Plan

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
FIRST, LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2025, 2036))
WEEK = 7 * 86_400


def at(text):
    return int(datetime.fromisoformat(text).timestamp())


def offset(instant, zone):
    return datetime.fromtimestamp(instant, zone).utcoffset()


@cache
def changes_of(name):
    """All clock changes of a zone, found without help from the code under test."""
    zone, found, here = ZoneInfo(name), [], FIRST
    before = offset(here, zone)
    while here < LAST:
        there = here + WEEK
        if offset(there, zone) != before:
            low, high = here, there
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if offset(middle, zone) == before else (low, middle)
            found.append((high, before, offset(high, zone)))
            there, before = high, offset(high, zone)
        here = there
    return tuple(found)


def naive(instant, delta):
    return datetime(1970, 1, 1) + timedelta(seconds=instant) + delta  # noqa: DTZ001


@pytest.fixture(scope="module")
def changes():
    return [(name, *change) for name in sorted(available_timezones()) for change in changes_of(name)]


def test_the_installed_database_has_thousands_of_clock_changes(changes):
    assert len(changes) > 4000
    assert {True, False} == {after > before for _, _, before, after in changes}


def test_every_time_that_does_not_exist_is_the_first_instant_after_the_gap(changes):
    for name, changed, before, after in changes:
        if after <= before:
            continue
        zone, gap = ZoneInfo(name), after - before
        for part in (timedelta(), gap / 4, gap / 2, gap - timedelta(seconds=1)):
            wall = naive(changed, before) + part
            assert instant_of(wall.date(), wall.time(), zone) == changed, (name, wall)


def test_every_time_that_happens_twice_is_the_first(changes):
    for name, changed, before, after in changes:
        if after >= before:
            continue
        zone, overlap = ZoneInfo(name), before - after
        for part in (timedelta(seconds=1), overlap / 2, overlap):
            wall = naive(changed, before) - part
            assert instant_of(wall.date(), wall.time(), zone) == changed - part.total_seconds(), (name, wall)


def test_a_quarter_of_an_hour_later_is_never_earlier_around_any_clock_change(changes):
    for name, changed, before, _ in changes:
        zone, wall = ZoneInfo(name), naive(changed, before) - timedelta(hours=2)
        found = []
        for _ in range(17):
            found.append(instant_of(wall.date(), wall.time(), zone))
            wall += timedelta(minutes=15)
        assert found == sorted(found), (name, changed)


def test_one_day_keeps_the_wall_clock_and_24_hours_keep_the_count_around_any_clock_change(changes):
    for name, changed, _, _ in changes:
        zone, noon_before = ZoneInfo(name), changed - 12 * 3600
        later = add_length(noon_before, Length(days=1), zone)
        shown, was = local(later, zone), local(noon_before, zone)
        assert shown.date() == was.date() + timedelta(days=1), name
        if shown.time().replace(second=0) != was.time().replace(second=0):
            assert later in {change[0] for change in changes_of(name)}, name
        assert add_length(noon_before, Length(seconds=86_400), zone) == noon_before + 86_400


def test_all_of_this_is_quick(changes):
    began = stopwatch.process_time()
    for name, changed, before, _ in changes:
        wall = naive(changed, before) + timedelta(seconds=7)
        instant_of(wall.date(), wall.time(), ZoneInfo(name))
    assert stopwatch.process_time() - began < 5


def test_the_two_clock_changes_of_amsterdam():
    assert instant_of(date(2027, 3, 28), time(2, 30), AMSTERDAM) == at("2027-03-28T03:00+02:00")
    assert instant_of(date(2027, 10, 31), time(2, 30), AMSTERDAM) == at("2027-10-31T02:30+02:00")


def test_lord_howe_moves_by_half_an_hour():
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert instant_of(date(2027, 10, 3), time(2, 10), lord_howe) == at("2027-10-03T02:30+11:00")


def test_a_midnight_that_does_not_exist_is_one_o_clock():
    assert instant_of(date(2027, 9, 5), time(), ZoneInfo("America/Santiago")) == at("2027-09-05T01:00-03:00")


def test_a_day_that_samoa_skipped_is_the_next_one():
    assert instant_of(date(2011, 12, 30), time(10), ZoneInfo("Pacific/Apia")) == at("2011-12-31T00:00+14:00")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Asia/Kolkata", "2027-06-01T10:00+05:30"),
        ("Asia/Kathmandu", "2027-06-01T10:00+05:45"),
        ("America/St_Johns", "2027-06-01T10:00-02:30"),
        ("Pacific/Marquesas", "2027-06-01T10:00-09:30"),
        ("Etc/GMT+12", "2027-06-01T10:00-12:00"),
    ],
)
def test_negative_and_broken_offsets(name, wanted):
    assert instant_of(date(2027, 6, 1), time(10), ZoneInfo(name)) == at(wanted)


def test_times_beyond_2038_are_ordinary():
    assert instant_of(date(2038, 1, 19), time(10), AMSTERDAM) == at("2038-01-19T10:00+01:00")
    assert instant_of(date(2060, 7, 1), time(10), AMSTERDAM) > 2**31


@pytest.mark.parametrize(
    "name", ["Europe", "../../etc/passwd", "", "europe/amsterdam", "+02:00", "Mars/Base", None, 3, ["UTC"]]
)
def test_what_is_not_a_zone_is_none(name):
    assert zone_named(name) is None


def plan(**changed):
    return Plan("j", "d", "J", "welcome", (), (), None, **changed)


def test_the_customers_zone_then_the_projects():
    project = plan(project_timezone="Europe/Lisbon")
    assert zone_of({"timezone": "Asia/Tokyo"}, project).key == "Asia/Tokyo"
    assert zone_of({"timezone": "Europe"}, project).key == "Europe/Lisbon"
    assert zone_of({}, project).key == "Europe/Lisbon"
    assert zone_of({}, plan(project_timezone="nowhere")).key == "UTC"


def test_a_journeys_own_zone_wins_over_both():
    fixed = plan(project_timezone="Europe/Lisbon", timezone="Europe/Brussels")
    assert zone_of({"timezone": "Asia/Tokyo"}, fixed).key == "Europe/Brussels"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2027-05-31T22:30:00Z", "2027-05-31T22:30+00:00"),
        ("2027-05-31T22:30:00.750+02:00", "2027-05-31T22:30+02:00"),
        ("2027-05-31 22:30", "2027-05-31T22:30+02:00"),
        ("2027-05-31", "2027-05-31T00:00+02:00"),
        ("2027-03-28T02:30", "2027-03-28T03:00+02:00"),
    ],
)
def test_date_times_in_data(text, wanted):
    assert instant_in(text, AMSTERDAM) == at(wanted)


@pytest.mark.parametrize("text", ["tomorrow", "2027-02-30", "20270531", "2027-W05-1", "", None, 5, True, "2027-05-31T"])
def test_what_is_no_date_is_unknown(text):
    assert instant_in(text, AMSTERDAM) is None
    assert local_in(text, AMSTERDAM) is None


def test_an_instant_is_a_day_only_in_a_zone():
    assert local_in("2027-05-31T22:30:00Z", AMSTERDAM) == (date(2027, 6, 1), time(0, 30))
    assert local_in("2027-05-31", AMSTERDAM) == (date(2027, 5, 31), None)
