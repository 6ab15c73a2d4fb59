"""What a flow run does: one wave, then its picture for the operator, then the next wake-up."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from prefect import get_run_logger
from prefect.runtime import deployment, flow_run

from lifeloop.clock import Instant
from lifeloop.flows.discreet import discreet
from lifeloop.flows.showing import show, utc_text
from lifeloop.flows.tasks import StepTasks, present
from lifeloop.flows.waking import Waking
from lifeloop.journey.plan import Plan
from lifeloop.store.values import Shard
from lifeloop.work.guarding import open_guard
from lifeloop.work.settling import settled
from lifeloop.work.tidying import settle_lost
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace, open_workspace

GATHERS = 0.5
"""Seconds after which a deployed wave looks once more before it ends: while events keep coming, one run moves them all,
and nobody waits until the next has begun. Few at a time are gathered for so long, for each round is told to Prefect."""

FEW = 100


@dataclass(frozen=True, slots=True)
class Options:
    """The parameters of a flow run. Prefect shows and keeps them, so none may hold a person's data.

    ``as_of``: a moment to decide by, instead of now. ``dry_run``: decide and count, write and send nothing.
    ``shard``: ``2/4`` is the second of four parts of the customers. ``customer_id``: only this one; it is the
    company's own number for them, never an address or a name. ``budget``: seconds after which the wave ends,
    whatever is left.
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
    now, shard = read_instant(options.as_of), read_shard(options.shard)
    ends = monotonic() + options.budget
    with discreet("the wave"), closing(open_workspace(root)) as space, settled():
        wave = Wave(
            space,
            plan.journey,
            now=now,
            batch=options.batch_size,
            shard=shard,
            customer=options.customer_id,
            dry_run=options.dry_run,
            enough=lambda: monotonic() > ends,
        )
        await _drain(space, wave, tasks, ends)
        await _tell(space, wave, plan)
        return wave.counts()


async def _drain(space: Workspace, wave: Wave, tasks: StepTasks, ends: float) -> None:
    """Go round until nothing is due or the time is used up: what is left, the next wave takes."""
    token = present.set(wave)
    try:
        if not wave.dry_run:
            open_guard(space)
            settle_lost(space, wave.now)
        await _go_round(wave, tasks, ends, looks_again=bool(deployment.id) and not wave.dry_run)
    finally:
        present.reset(token)


async def _go_round(wave: Wave, tasks: StepTasks, ends: float, *, looks_again: bool) -> None:
    moved = await _round(wave, tasks)
    while moved and monotonic() < ends:
        if looks_again and moved < FEW:
            await asyncio.sleep(GATHERS)
        moved = await _round(wave, tasks)


async def _round(wave: Wave, tasks: StepTasks) -> int:
    """Do what is due once, kind by kind; returns how many were looked at."""
    moved = 0
    if waiting := wave.candidates_due():
        moved += await tasks.admit(waiting)
    for step in wave.standing():
        moved += await tasks.step(step.node, step.label)(step.node, step.count)
    if wave.dry_run:
        return 0
    if ready := wave.messages_due():
        moved += sum((await tasks.deliver(ready)).values())
    return moved


async def _tell(space: Workspace, wave: Wave, plan: Plan) -> None:
    due = wave.next_due()
    said = ", ".join(f"{count} {what}" for what, count in wave.counts().items() if count) or "nobody had to move"
    get_run_logger().info("%s%s; next due: %s", "dry run: " if wave.dry_run else "", said, utc_text(due))
    if wave.dry_run:
        return
    await show(space, wave, plan)
    if due is not None and deployment.id:
        async with Waking.open(space.clock.now()) as waking:
            await waking.again(deployment.id, plan.journey, due, own=flow_run.id)


def run_name(journey: str) -> str:
    """Return ``renewal · Tue 24 Nov 10:00`` for the run that is going on, with what is special about it."""
    given = Options(**flow_run.parameters)
    special = [
        *([f"part {given.shard}"] if given.shard != "1/1" else []),
        *(["one customer"] if given.customer_id else []),
        *(["dry run"] if given.dry_run else []),
    ]
    at = flow_run.scheduled_start_time or datetime.fromtimestamp(0, UTC)
    return " · ".join((journey, f"{at.astimezone(UTC):%a %d %b %H:%M}", *special))


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


def read_instant(text: str | None) -> Instant | None:
    """Read ``2026-12-01T09:00+01:00``.

    Raises:
        ValueError: it is not a date with a time, or it does not say its zone.
    """
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f'"{text}" does not say its zone: write 2026-12-01T09:00+01:00, or end it with Z')
    return int(moment.timestamp())
