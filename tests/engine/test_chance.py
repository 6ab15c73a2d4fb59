from collections import Counter

from lifeloop.engine.chance import WHOLE, fraction_of, share_of


def test_the_same_customer_always_falls_in_the_same_place():
    assert share_of("tone", "c1") == share_of("tone", "c1")


def test_experiments_do_not_follow_each_other():
    places = {(share_of("tone", f"c{n}") < WHOLE // 2, share_of("offer", f"c{n}") < WHOLE // 2) for n in range(100)}
    assert len(places) == 4


def test_shares_are_even():
    tenths = Counter(share_of("tone", f"c{n}") // 1000 for n in range(20_000))
    assert sorted(tenths) == list(range(10))
    assert all(1800 < count < 2200 for count in tenths.values())


def test_fractions_lie_below_one():
    assert all(0 <= fraction_of(str(n)) < 1 for n in range(1000))
