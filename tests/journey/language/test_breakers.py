"""Thresholds in a marketer's words, and what is said about those that cannot be meant."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lifeloop.journey.breakers import DAY, Breakers, Rate
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Report


def read(tmp_path, text: str):
    (tmp_path / "lifeloop.yaml").write_text(f"project: x\n{text}\n")
    report = Report()
    return read_catalogue(tmp_path, report), report.found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", Breakers()),
        ("breakers: {bounces: 3%}", Breakers(bounces=Fraction(3, 100))),
        ("breakers: {complaints: 0.05 %}", Breakers(complaints=Fraction(5, 10_000))),
        ("breakers: {duplicate: 2 days, volume: off}", Breakers(duplicate=2 * DAY, volume=False)),
        ("breakers: {texts: off, volume: usual}", Breakers(texts=None)),
        ("breakers: {release: 200 per hour}", Breakers(release=Rate(200))),
        ("breakers: {release: 4000 per day}", Breakers(release=Rate(4000, DAY))),
    ],
)
def test_thresholds_are_read(tmp_path, text, said) -> None:
    catalogue, found = read(tmp_path, text)
    assert (catalogue.breakers, found) == (said, [])


def test_a_volume_is_declared_where_delivery_is(tmp_path) -> None:
    catalogue, found = read(tmp_path, "delivery: {volume: 2000 per day}")
    assert (catalogue.delivery.volume, found) == (Rate(2000, DAY), [])


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("breakers: {bounces: 5}", "J186"),
        ("breakers: {bounces: 0%}", "J186"),
        ("breakers: {bounces: 200%}", "J186"),
        ("breakers: {duplicate: 2 months}", "J186"),
        ("breakers: {duplicate: 8 days}", "J186"),
        ("breakers: {volume: 200 per day}", "J186"),
        ("breakers: {release: off}", "J118"),
        ("breakers: {release: quickly}", "J118"),
        ("breakers: {bounce: 5%}", "J105"),
        ("delivery: {volume: 10 per month}", "J186"),
    ],
)
def test_what_cannot_be_meant_is_said_and_the_rest_holds(tmp_path, text, code) -> None:
    catalogue, found = read(tmp_path, text)
    assert [one.code for one in found] == [code]
    assert (catalogue.breakers, catalogue.delivery.volume) == (Breakers(), None)
