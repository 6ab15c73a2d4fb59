from __future__ import annotations

import pytest

from lifeloop.journey.nearest import distance, nearest
from lifeloop.journey.words import STEP_MEANINGS, TOP, TOP_MEANINGS, VERBS


@pytest.mark.parametrize(
    ("left", "right", "steps"),
    [("", "abc", 3), ("snd", "send", 1), ("ab", "ba", 1), ("kitten", "sitting", 3), ("a", "a", 0)],
)
def test_the_distance_counts_letters(left: str, right: str, steps: int):
    assert distance(left, right) == distance(right, left) == steps


@pytest.mark.parametrize(
    ("word", "words", "right"),
    [
        ("snd", ["send", "set", "wait"], "send"),
        ("first name", ["first_name", "last_name"], "first_name"),
        ("frist_name", ["last_name", "first_name"], "first_name"),
        ("renewal/special-offer", ["renewal/offer", "renewal/reminder"], "renewal/offer"),
        ("xyz", ["send", "wait"], None),
        ("x", [], None),
    ],
)
def test_a_misspelt_word_finds_its_neighbour(word: str, words: list[str], right: str | None):
    assert nearest(word, words) == right


def test_meaning_goes_before_letters():
    assert nearest("delay", VERBS, STEP_MEANINGS) == "wait"
    assert nearest("trigger", [word.name for word in TOP], TOP_MEANINGS) == "start"


def test_a_meaning_that_is_not_possible_here_is_not_offered():
    assert nearest("delay", ["send"], STEP_MEANINGS) is None
