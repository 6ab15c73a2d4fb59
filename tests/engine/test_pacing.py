"""The arithmetic of rates, quotas, warm-ups and circuits, with a set clock and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeloop.engine.circuit import FIRST_REST, FIRST_WAIT, IN_A_ROW, LONGEST_REST, LONGEST_WAIT, WINDOW, Heard, hear
from lifeloop.engine.pacing import AHEAD, PROBE, PROBE_LOOK, Limits, Pace, Today, take
from lifeloop.journey.pacing import WarmUp

NOW, DAY = 1_780_000_000, 86_400
BAD = Heard(bad=IN_A_ROW, bad_last=IN_A_ROW, why="it broke off")


def at(seconds: int = 0, day: str = "monday") -> Today:
    return Today(NOW + seconds, day, NOW + DAY)


@given(
    rate=st.sampled_from([0.01, 0.3, 1, 2.5, 7, 10, 333, 5000]),
    asks=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 300)), max_size=30),
)
def test_no_stretch_of_time_lets_more_through_than_the_rate_and_one_second_of_it(rate, asks) -> None:
    pace, now, granted = Pace("way"), 0, []
    for pause, wanted in asks:
        now += pause
        pace, grant = take(pace, Limits(rate=rate), wanted, at(now))
        granted.append((now, grant.count))
        assert grant.count + len(grant.turns) == wanted
        assert all(NOW + now < turn <= NOW + now + max(AHEAD, 1) for turn in grant.turns)
    for first in range(len(granted)):
        for last in range(first, len(granted)):
            took = granted[last][0] - granted[first][0]
            assert sum(count for _, count in granted[first : last + 1]) <= rate * took + max(1, rate) + 1e-6


@pytest.mark.parametrize(("rate", "seconds"), [(10, 100), (1, 100), (0.5, 100), (10 / 60, 600), (100 / 3600, 3600)])
def test_whoever_asks_every_second_gets_the_whole_rate(rate, seconds) -> None:
    pace, total = Pace("way"), 0
    for second in range(seconds):
        pace, grant = take(pace, Limits(rate=rate), int(rate) + 2, at(second))
        total += grant.count
    assert rate * seconds - 1 <= total <= rate * (seconds - 1) + max(1, rate)


def test_each_that_has_to_wait_gets_a_turn_of_its_own() -> None:
    pace, grant = take(Pace("way"), Limits(rate=2), 7, at())
    assert (grant.count, grant.why) == (2, "rate")
    assert [turn - NOW for turn in grant.turns] == [1, 1, 2, 2, 3]
    _, grant = take(pace, Limits(rate=2), 2, at())
    assert [turn - NOW for turn in grant.turns] == [3, 4], "behind those who asked before"


def test_a_quota_is_of_one_day() -> None:
    limits = Limits(quota=50)
    pace, grant = take(Pace("way"), limits, 60, at())
    assert (grant.count, grant.why, set(grant.turns)) == (50, "quota", {NOW + DAY})
    assert take(pace, limits, 1, at(DAY - 1))[1].count == 0
    assert take(pace, limits, 60, at(DAY, "tuesday"))[1].count == 50
    given_back = hear(pace, Heard(returned=8), NOW, "monday")
    assert take(given_back, limits, 60, at())[1].count == 8
    assert hear(pace, Heard(returned=8), NOW, "tuesday") == pace, "it was another day's"


def test_seats_are_requests_and_without_one_nothing_is_taken() -> None:
    limits = Limits(concurrency=4, per_request=10)
    _, grant = take(Pace("way"), limits, 25, at(), free_seats=4)
    assert (grant.count, grant.seats) == (25, 3)
    _, grant = take(Pace("way"), limits, 500, at(), free_seats=2)
    assert (grant.count, grant.seats) == (500, 2)
    _, grant = take(Pace("way"), limits, 5, at(), free_seats=0)
    assert (grant.count, grant.why, set(grant.turns)) == (0, "concurrency", {NOW + 1})


@pytest.mark.parametrize(
    ("wait", "closed_for"), [(30, 30), (None, FIRST_WAIT), (0, FIRST_WAIT), (315_360_000, LONGEST_WAIT)]
)
def test_a_provider_that_says_too_fast_is_left_alone_by_everybody(wait, closed_for) -> None:
    pace = hear(Pace("way"), Heard(slow_down=True, wait=wait, why="429"), NOW, "monday")
    assert pace.closed_until == NOW + closed_for
    assert take(pace, Limits(), 3, at())[1].turns == (NOW + closed_for,) * 3
    assert take(pace, Limits(), 3, at(closed_for))[1].count == 3
    assert hear(pace, Heard(good=1), NOW + closed_for, "monday").clean


def test_one_that_says_it_again_and_again_is_left_alone_for_longer_and_longer() -> None:
    pace, now, pauses = Pace("way"), NOW, []
    for _ in range(10):
        pace = hear(pace, Heard(slow_down=True), now, "monday")
        pauses.append(pace.closed_until - now)
        now = pace.closed_until
    assert pauses == [5, 10, 20, 40, 80, 160, 320, 640, 900, 900]


def test_a_circuit_opens_lets_one_try_and_closes() -> None:
    pace = hear(Pace("way"), BAD, NOW, "monday")
    assert (pace.state, pace.retry_at, pace.why) == ("open", NOW + FIRST_REST, "it broke off")
    _, grant = take(pace, Limits(), 9, at(FIRST_REST - 1))
    assert (grant.count, grant.why, set(grant.turns)) == (0, "open", {NOW + FIRST_REST})
    pace, grant = take(pace, Limits(), 9, at(FIRST_REST))
    assert (grant.count, len(grant.turns), pace.state) == (1, 8, "half-open")
    assert set(grant.turns) == {NOW + FIRST_REST + PROBE_LOOK}
    assert take(pace, Limits(), 9, at(FIRST_REST + 1))[1].count == 0, "the one is still out"
    assert hear(pace, Heard(good=1), NOW + FIRST_REST + 2, "monday").clean


def test_three_in_a_row_that_nobody_answers_in_time_open_it() -> None:
    late = Heard(bad=1, bad_last=1, silent_last=1, why="it took too long")
    twice = hear(hear(Pace("way"), late, NOW, "monday"), late, NOW + 20, "monday")
    assert twice.state == "closed"
    assert hear(twice, late, NOW + 40, "monday").state == "open"
    answered = hear(hear(twice, Heard(good=1), NOW + 41, "monday"), late, NOW + 50, "monday")
    assert answered.state == "closed"


def test_a_circuit_that_fails_again_rests_longer_and_a_lost_probe_is_replaced() -> None:
    pace, now, rests = Pace("way"), NOW, []
    for _ in range(7):
        pace = hear(pace, BAD, now, "monday")
        rests.append(pace.retry_at - now)
        now = pace.retry_at
        pace, grant = take(pace, Limits(), 5, Today(now, "monday", NOW + DAY))
        assert grant.count == 1
    assert rests == [30, 60, 120, 240, 480, 600, LONGEST_REST]
    later = Today(now + PROBE, "monday", NOW + DAY)
    assert take(pace, Limits(), 5, later)[1].count == 1
    unused = hear(pace, Heard(returned=1), now + 1, "monday")
    assert take(unused, Limits(), 5, Today(now + 1, "monday", NOW + DAY))[1].count == 1


def test_stragglers_neither_reopen_nor_prolong_an_open_circuit() -> None:
    pace = hear(Pace("way"), BAD, NOW, "monday")
    assert hear(pace, BAD, NOW + 5, "monday") == pace


def test_half_of_many_failing_within_a_window_opens_it_and_a_few_do_not() -> None:
    mixed = Heard(good=5, bad=5, bad_last=2)
    once = hear(Pace("way"), mixed, NOW, "monday")
    assert once.state == "closed"
    assert hear(once, mixed, NOW + 5, "monday").state == "open"
    assert hear(once, mixed, NOW + WINDOW, "monday").state == "closed", "another window"
    rare = Pace("way")
    for nth in range(50):
        rare = hear(rare, Heard(good=9, bad=1, bad_last=1), NOW + nth, "monday")
        assert rare.state == "closed"


def test_a_wrong_setting_opens_it_at_once() -> None:
    pace = hear(Pace("way"), Heard(broken_for=300, why="log in first"), NOW, "monday")
    assert (pace.state, pace.retry_at, pace.why) == ("open", NOW + 300, "log in first")


def test_a_probe_does_not_leave_when_the_quota_is_used_up() -> None:
    pace = replace(hear(Pace("way"), BAD, NOW, "monday"), day="monday", used=5)
    after, grant = take(pace, Limits(quota=5), 3, at(FIRST_REST))
    assert (grant.count, grant.why, after.state) == (0, "quota", "open")


def test_a_warm_up_grows_day_by_day_until_it_is_over() -> None:
    plan = WarmUp(date(2026, 3, 2), first_day=50, growth=100, until=1000)
    days = [plan.allows(plan.starts + timedelta(days=day)) for day in (-3, 0, 1, 2, 3, 4, 5, 400)]
    assert days == [50, 50, 100, 200, 400, 800, None, None]
    assert WarmUp(plan.starts, 1, 10, 4).allows(date(2026, 3, 4)) == 3, "it grows by one at least"


def test_turns_are_neither_too_early_nor_later_than_needed() -> None:
    pace, grant = take(Pace("way"), Limits(rate=10), 35, at())
    due = sorted(turn - NOW for turn in grant.turns)
    left = 0
    for second in range(1, 4):
        wanted = left + due.count(second)
        pace, grant = take(pace, Limits(rate=10), wanted, at(second))
        left = wanted - grant.count
        assert grant.count == min(10, wanted)
        assert left == 0
    assert max(due) == 3


def test_turns_are_given_out_for_a_quarter_of_an_hour_and_no_further() -> None:
    pace, grant = take(Pace("way"), Limits(rate=1), 5000, at())
    assert max(grant.turns) == NOW + AHEAD
    _, again = take(pace, Limits(rate=1), 5000, at(AHEAD))
    assert again.count == 1
    assert max(again.turns) <= NOW + 2 * AHEAD
