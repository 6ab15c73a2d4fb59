"""Each share trips above its threshold and not one below; volumes are a ceiling; nothing trips on a handful."""

from __future__ import annotations

from dataclasses import fields, replace
from fractions import Fraction

import pytest

from lifeloop.engine import breaker
from lifeloop.engine.breaker import FAILURES, RULES, STRETCH, Rule
from lifeloop.journey.breakers import DAY, HOUR, Breakers, Rate

NOW = 1_780_000_200
"""In the middle of a stretch."""


def counts(rule: Rule, bad: int, good: int, at: int = NOW) -> breaker.Counts:
    """So many bad ones, and so many good ones beside them."""
    fine = next(what for what in rule.base if what != rule.bad)
    base = good + bad if rule.bad not in rule.base else good
    stretch = breaker.stretch_of(at)
    return {
        (rule.scope, "x", rule.bad): [(stretch, bad)],
        (rule.scope, "x", fine): [(stretch, base - base // 2), (stretch - 1, base // 2)],
    }


def tripped(rule: Rule, bad: int, good: int, breakers: Breakers = Breakers(), now: int = NOW) -> bool:  # noqa: B008
    return breaker.trips(rule, counts(rule, bad, good), "x", breakers, now) is not None


TABLE = [
    # rule, good ones, the number of bad ones that trips
    ("stale", 0, 50), ("stale", 4_950, 51), ("stale", 99_000, 1_000), ("stale", 500_000, 1_000),
    ("bounces", 0, 10), ("bounces", 190, 11), ("bounces", 1_900, 101),
    ("complaints", 0, 3), ("complaints", 2_997, 4), ("complaints", 9_990, 11),
    ("unsubscribes", 0, 10), ("unsubscribes", 490, 11), ("unsubscribes", 4_900, 101),
    ("texts", 0, 10), ("texts", 990, 11), ("texts", 9_900, 101),
    ("duplicate", 0, 20), ("duplicate", 380, 21),
    ("refusals", 0, 20), ("refusals", 80, 21), ("refusals", 400, 101),
    ("failures", 0, 10), ("failures", 190, 11), ("failures", 1_900, 101),
]  # fmt: skip


@pytest.mark.parametrize(("name", "good", "least"), TABLE)
def test_each_share_trips_at_its_threshold_and_not_one_below(name: str, good: int, least: int) -> None:
    (rule,) = [one for one in (*RULES, FAILURES) if one.name == name]
    assert tripped(rule, least, good)
    assert not tripped(rule, least - 1, good)


def test_every_rule_is_in_the_table_and_every_setting_has_a_rule() -> None:
    assert {name for name, _, _ in TABLE} == {rule.name for rule in (*RULES, FAILURES)}
    settings = {field.name for field in fields(Breakers)} - {"volume", "release"}
    assert settings == {rule.name for rule in (*RULES, FAILURES)}


@pytest.mark.parametrize("rule", [*RULES, FAILURES], ids=lambda rule: rule.name)
def test_each_can_be_switched_off_and_looks_no_further_back_than_it_says(rule: Rule) -> None:
    assert tripped(rule, 5_000, 0)
    assert not tripped(rule, 5_000, 0, replace(Breakers(), **{rule.name: None}))
    assert not tripped(rule, 5_000, 0, now=NOW + rule.window + 2 * STRETCH)


def test_a_threshold_of_the_project_counts() -> None:
    (bounces,) = [rule for rule in RULES if rule.name == "bounces"]
    strict = replace(Breakers(), bounces=Fraction(1, 1000))
    assert (tripped(bounces, 11, 989), tripped(bounces, 11, 989, strict)) == (False, True)
    trip = breaker.trips(bounces, counts(bounces, 11, 989), "x", strict, NOW)
    assert trip is not None
    assert trip.reason == "11 of 1,000 messages came back within 3 days: more than 0.1%"
    assert trip.figures == {"bounced": 11, "of": 1000, "seconds": 3 * DAY, "threshold": "0.1%"}


def test_what_a_person_released_is_known_to_be_late() -> None:
    figures = counts(breaker.STALE, 100, 0)
    assert [trip.by for trip in breaker.judge(figures, Breakers(), NOW)] == ["stale"]
    assert breaker.judge(figures, Breakers(), NOW, calm=["x"]) == ()


def test_a_volume_is_a_ceiling() -> None:
    left = {("journey", "x", "left"): [(breaker.stretch_of(NOW), 90), (breaker.stretch_of(NOW - 3 * HOUR), 50)]}
    assert breaker.room(left, "x", Rate(100, HOUR), NOW) == 10
    assert breaker.room(left, "x", Rate(100, DAY), NOW) == 0
    assert breaker.room(left, "x", Rate(141, DAY), NOW) == 1
    assert breaker.room({}, "x", Rate(7, DAY), NOW) == 7


def test_an_undeclared_volume_grows_with_the_people_inside() -> None:
    assert breaker.usual_most(0) == breaker.usual_most(100) == Rate(500, DAY)
    assert breaker.usual_most(10_000) == Rate(30_000, DAY)
