"""What a flow run does: one wave, then its picture for the operator, then the next wake-up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from prefect.runtime import deployment

from lifeloop.clock import Instant
from lifeloop.flows.showing import show
from lifeloop.flows.tasks import StepTasks, present
from lifeloop.flows.waking import schedule_wake
from lifeloop.journey.plan import Plan
from lifeloop.store.values import Shard
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace, open_workspace


@dataclass(frozen=True, slots=True)
class Options:
    """The parameters of a flow run.

    ``as_of``: a moment to decide by, instead of now. ``dry_run``: decide and count, write and send nothing.
    ``shard``: ``2/4`` is the second of four parts of the customers. ``customer_id``: only this person.
    ``budget``: seconds after which the wave ends, whatever is left.
    """

    batch_size: int = 500
    as_of: str | None = None
    dry_run: bool = False
    shard: str = "1/1"
    customer_id: str | None = None
    budget: int = 240


async def run_flow(root: Path, plan: Plan, tasks: StepTasks, options: Options) -> dict[str, int]:
    """Run one wave of one journey.

    Returns counts only: no flow run ever holds a customer's data.
    """
    space = open_workspace(root)
    try:
        wave = Wave(
            space,
            plan.journey,
            now=_instant(options.as_of) if options.as_of else None,
            batch=options.batch_size,
            shard=read_shard(options.shard),
            customer=options.customer_id,
            dry_run=options.dry_run,
        )
        await _drain(wave, tasks, options.budget)
        await _tell(space, wave, plan)
        return wave.counts()
    finally:
        space.close()


async def _drain(wave: Wave, tasks: StepTasks, budget: int) -> None:
    """Go round until nothing is due or the time is used up: what is left, the next wave takes."""
    token = present.set(wave)
    ends = monotonic() + budget
    try:
        while monotonic() < ends:
            if not await _round(wave, tasks):
                return
    finally:
        present.reset(token)


async def _round(wave: Wave, tasks: StepTasks) -> bool:
    moved = 0
    if waiting := wave.candidates_due():
        moved += await tasks.admit(waiting)
    for step in wave.standing():
        moved += await tasks.step(step.node, step.label)(step.node, step.count)
    if ready := wave.messages_due():
        moved += sum((await tasks.deliver(ready)).values())
    return moved > 0 and not wave.dry_run


async def _tell(space: Workspace, wave: Wave, plan: Plan) -> None:
    await show(space, wave, plan)
    due = wave.next_due()
    if due is not None and deployment.id and not wave.dry_run:
        await schedule_wake(deployment.id, plan.journey, due)


def read_shard(text: str) -> Shard:
    """Read ``2/4``: the second of four parts.

    Raises:
        ValueError: it is not two whole numbers, or the first is beyond the second.
    """
    part, _, count = text.partition("/")
    if not (part.isdigit() and count.isdigit() and 1 <= int(part) <= int(count)):
        raise ValueError(
            f'"{text}" is not a part of the customers: write 1/1 for all of them, or 2/4 for the second of four'
        )
    return Shard(int(part) - 1, int(count))


def _instant(text: str) -> Instant:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f'"{text}" does not say its zone: write 2026-12-01T09:00+01:00, or end it with Z')
    return int(moment.timestamp())
