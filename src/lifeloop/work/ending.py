"""A run that ends at the gate: a message of it was dropped there, and its step says that the run stops with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lifeloop.clock import Instant
from lifeloop.engine.machine import ended_at
from lifeloop.engine.values import Status
from lifeloop.store import enrollments, messages, visits
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Decision, Line, Message, Run, Saved


class LostClaimError(RuntimeError):
    """Somebody else moved a run that we had claimed; our transaction is taken back."""


def end_runs(tx: Tx, claimed: Sequence[Message], decisions: Sequence[Decision], now: Instant) -> None:
    """End the runs that end with what was decided, each at the step of the first such message.

    It is the end that they would have come to, had the message been dropped when they decided it: what they said
    before it stays, and what they said after it is not said any more. To be called under the customers' locks, and
    before the mark, which leaves out what is cancelled here. A run that is over stays as it is.

    Raises:
        LostClaimError: somebody moved a run all the same.
    """
    ends = {one.id: one.ends for one in decisions if one.ends is not None}
    dropped = sorted((row for row in claimed if row.id in ends), key=lambda row: row.visit, reverse=True)
    first = {row.run_id: row for row in dropped if row.run_id is not None}
    if not first:
        return
    messages.cancel_behind(tx, {id_: row.visit for id_, row in first.items()}, "the journey was stopped")
    runs = enrollments.find(tx, sorted(first))
    _end(tx, [run for run in runs.values() if run.state.status is Status.WAITING], first, ends, now)


def _end(tx: Tx, runs: Sequence[Run], first: Mapping[int, Message], ends: Mapping[str, str], now: Instant) -> None:
    saved, lines = [], []
    for run in runs:
        row = first[run.id]
        state, line = ended_at(run.state, row.node, row.visit, ends[row.id], now)
        saved.append(Saved(run.id, run.fence, state, run))
        lines.append(Line(run.id, run.fence, 0, line))
    if lost := enrollments.save_moves(tx, saved):
        raise LostClaimError(f"{lost} runs were moved by somebody else")
    visits.add(tx, lines)
