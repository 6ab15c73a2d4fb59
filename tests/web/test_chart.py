import re
from datetime import date

from lifeloop.store.values import InboxTally
from lifeloop.web import chart
from lifeloop.web.query import start_of


def tally(day, count, journey="renewal"):
    return InboxTally(start_of(day), journey, "send", count)


FIRST, LAST = date(2026, 1, 1), date(2026, 12, 31)


def draw(*tallies, first=FIRST, last=LAST):
    return chart.draw(tallies, first, last, chart.colours(tallies))


def test_every_day_has_its_count_and_days_without_mail_are_empty():
    drawn = draw(tally(date(2026, 1, 2), 3), tally(date(2026, 1, 2), 1, "welcome"), tally(LAST, 5))

    assert drawn.counts[:3] == (0, 4, 0)
    assert drawn.counts[-1] == 5
    assert drawn.days == 365


def test_bars_of_one_day_stand_on_each_other_and_reach_the_top_on_the_busiest_day():
    drawn = draw(tally(FIRST, 1, "a"), tally(FIRST, 3, "b"))

    bars = {layer.journey: layer.path for layer in drawn.layers}
    assert bars == {"a": "M0 75.0h.86v25.0h-.86z", "b": "M0 0.0h.86v75.0h-.86z"}


def test_a_journey_keeps_its_colour_whatever_else_is_shown():
    palette = chart.colours([tally(FIRST, 1, "welcome"), tally(FIRST, 1, "growth")])

    only = chart.draw([tally(FIRST, 1, "welcome")], FIRST, LAST, palette)

    assert only.layers[0].colour == palette["welcome"] == 1


def test_months_are_named_where_there_is_room_and_hold_their_counts():
    drawn = draw(tally(date(2026, 2, 28), 7), first=date(2026, 1, 28), last=date(2026, 12, 31))

    assert [month.label for month in drawn.months[:3]] == ["Jan 2026", "Feb", "Mar"]
    assert [month.has_room for month in drawn.months[:2]] == [False, True]
    assert [month.count for month in drawn.months[:3]] == [0, 7, 0]
    assert drawn.months[1].last == date(2026, 2, 28)


def test_a_day_outside_stands_at_the_nearest_edge():
    drawn = draw(tally(FIRST, 1))

    assert drawn.index(date(2025, 5, 5)) == 0
    assert drawn.index(date(2030, 1, 1)) == 364
    assert drawn.day(9999) == LAST


def test_a_single_day_can_be_drawn():
    drawn = draw(tally(FIRST, 1), first=FIRST, last=FIRST)

    assert drawn.counts == (1,)


def test_a_sparkline_stays_in_its_box():
    line = chart.sparkline([tally(FIRST, 1), tally(LAST, 9)], FIRST, LAST)

    points = [(float(x), float(y)) for x, y in re.findall(r"[ML](\d+) ([\d.]+)", line)]
    assert len(points) == 52
    assert points[-1] == (51, 1)
    assert all(0 <= y <= 20 for _, y in points)
