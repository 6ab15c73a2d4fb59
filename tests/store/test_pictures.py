"""A journey's people are counted for its picture when something happened, and seldom enough."""

from __future__ import annotations

from lifeloop.store import pictures


def test_it_is_drawn_at_first_and_then_when_something_happened(world) -> None:
    with world.store.transaction() as tx:
        assert pictures.is_due(tx, "renewal", 100, changed=False)
        pictures.drawn(tx, "renewal", 100)
        assert not pictures.is_due(tx, "renewal", 200, changed=False)
        assert pictures.is_due(tx, "renewal", 200, changed=True)


def test_what_comes_too_early_is_drawn_later_though_nothing_more_happens(world) -> None:
    with world.store.transaction() as tx:
        pictures.drawn(tx, "renewal", 160)
        assert not pictures.is_due(tx, "renewal", 159, changed=True)
        assert pictures.is_due(tx, "renewal", 160, changed=False)
        pictures.drawn(tx, "renewal", 300)
        assert not pictures.is_due(tx, "renewal", 400, changed=False)
