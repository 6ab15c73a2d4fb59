"""What is kept away from the garbage collector, and that it gets it back."""

from __future__ import annotations

import gc

from lifeloop.work.settling import A_BATCH, passed_over, settled


def test_a_server_has_what_is_there_passed_over_and_nothing_else_changed() -> None:
    usual = gc.get_threshold()
    with passed_over():
        assert gc.get_freeze_count() > 0
        assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0


def test_a_wave_within_a_wave_leaves_the_collector_to_the_outer_one() -> None:
    usual = gc.get_threshold()
    with settled():
        with settled():
            assert gc.get_threshold()[0] == A_BATCH
        assert gc.get_threshold()[0] == A_BATCH
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (usual, 0)
