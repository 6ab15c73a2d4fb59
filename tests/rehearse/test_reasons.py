"""What holds a message is said in words."""

import pytest

from lifeloop.engine.gate import HoldRule
from lifeloop.journey.catalogue import Limit
from lifeloop.journey.length import Length
from lifeloop.journey.plan import Policy
from lifeloop.rehearse.reasons import held_words

POLICY = Policy("news", gap=Length(days=1), limit=Limit(2, Length(days=7)))


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("gap", "less than 1 day after the message before"),
        ("pace", "they asked for one a week at the most"),
        ("pause", "they asked for silence for a while"),
        ("holidays", "a public holiday"),
    ],
)
def test_each_rule_has_its_words(rule, words):
    assert held_words(POLICY, rule) == words
    assert rule in HoldRule.__args__
