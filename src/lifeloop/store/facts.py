"""Everything one decision may read, loaded with one query per table and batch."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.engine.values import Facts
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Needs, Subject


def load(tx: Tx, subjects: Sequence[Subject], needs: Needs) -> tuple[Facts, ...]:
    """Facts in the order of the subjects."""
    raise NotImplementedError
