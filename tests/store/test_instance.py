"""The restore guard: a copy or a backup holds still until somebody decides."""

from __future__ import annotations

import pytest

from lifeloop.store import instance, journeys


def test_the_first_start_and_a_restart_go_on(store) -> None:
    with store.transaction() as tx:
        with pytest.raises(LookupError):
            instance.accept(tx, "a", 5)
        assert instance.open_guard(tx, "a", 10).held is None
        assert instance.open_guard(tx, "a", 3000, epoch=1).held is None
        assert journeys.halted(tx) is None


@pytest.mark.parametrize(
    ("host", "now", "epoch", "word"),
    [("b", 20, 1, "another machine"), ("a", 90_000, 1, "for 24 hours"), ("a", 20, 2, "backup")],
)
def test_a_copy_an_old_one_and_a_backup_are_held_until_accepted(
    store, host: str, now: int, epoch: int, word: str
) -> None:
    with store.transaction() as tx:
        instance.open_guard(tx, "a", 10)
        held = instance.open_guard(tx, host, now, epoch=epoch)
        assert word in (held.held or "")
        assert instance.open_guard(tx, host, now).held == held.held
        assert journeys.halted(tx) == held.held
        journeys.release(tx)
        assert journeys.halted(tx) == held.held  # the kill switch is another one
        accepted = instance.accept(tx, host, now)
        assert (accepted.epoch, accepted.host, accepted.held) == (2, host, None)
        assert instance.open_guard(tx, host, now + 5, epoch=2).held is None
