"""What operators see on Prefect after a wave: tables of counts, events to hang automations on. No person in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from time import monotonic

from prefect.artifacts import acreate_markdown_artifact, acreate_table_artifact
from prefect.events import emit_event

from lifeloop.clock import Instant
from lifeloop.flows.naming import artifact_key, resource
from lifeloop.journey.plan import Plan
from lifeloop.store import pictures
from lifeloop.work.labels import node_labels
from lifeloop.work.status import Standing, funnel, waiting_where
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace

LATE = 3600
"""Seconds behind from which a wave calls itself late."""
REST = 100
"""How many times as long as counting everybody took nobody counts again: a hundredth of the time, however many wait.
A wave that comes too early is shown by one of the next, at the latest by the safety net's."""


async def show(space: Workspace, wave: Wave, plan: Plan) -> None:
    """Write the journey's artifacts and tell Prefect that a wave is over. ``plan``: as it is written in the file."""
    if _is_drawn_now(space, wave, plan.journey):
        await _tables(space, plan)
    await acreate_markdown_artifact(
        key=artifact_key(plan.journey, "last-wave"), markdown=_wave_text(wave, plan), description="The last wave"
    )
    _emit(plan.journey, "finished", wave.counts())
    if wave.latest > LATE:
        _emit(plan.journey, "late", {"seconds": wave.latest})
    if wave.halted:
        _emit(plan.journey, "halted", {"messages": wave.counts().get("held", 0)})
    for trip in wave.tripped:
        _emit(plan.journey, "halted", {"what": trip.scope, "name": trip.name, "by": trip.by, **trip.figures})


def _is_drawn_now(space: Workspace, wave: Wave, journey: str) -> bool:
    with space.store.transaction() as tx:
        return pictures.is_due(tx, journey, space.clock.now(), changed=any(wave.counts().values()))


async def _tables(space: Workspace, plan: Plan) -> None:
    began = monotonic()
    with space.store.reading() as tx:
        live = space.plans.live(tx).get(plan.journey, plan)
        labels = {**node_labels(plan), **node_labels(live)}
        passed = funnel(tx, live)
        standing = waiting_where(tx, plan.journey)
    with space.store.transaction() as tx:
        pictures.drawn(tx, plan.journey, space.clock.now() + int(REST * (monotonic() - began)))
    await acreate_table_artifact(
        key=artifact_key(plan.journey, "funnel"),
        table=[{"step": labels.get(node, node), "people": count} for node, count in passed],
        description="How many came how far",
    )
    await acreate_table_artifact(
        key=artifact_key(plan.journey, "waiting"),
        table=[_row(one, labels) for one in standing],
        description="Who waits until when: people per step, never who they are",
    )


def _row(one: Standing, labels: dict[str, str]) -> dict[str, str | int]:
    return {"step": labels.get(one.node, one.node), "people": one.count, "next": utc_text(one.next_due)}


def _wave_text(wave: Wave, plan: Plan) -> str:
    rows = "\n".join(f"| {what} | {count} |" for what, count in wave.counts().items())
    due = wave.next_due()
    return f"## {plan.name}\n\n| what | people |\n|---|---|\n{rows}\n\nNext due: {utc_text(due)}\n"


def _emit(journey: str, what: str, payload: Mapping[str, int | str]) -> None:
    emit_event(
        event=f"lifeloop.wave.{what}",
        resource={"prefect.resource.id": resource(journey), "prefect.resource.name": journey},
        payload=dict(payload),
    )


def utc_text(instant: Instant | None) -> str:
    """Return ``Tue 24 Nov 2026 10:00 UTC``: operators sit in many zones."""
    return "nobody waits" if instant is None else f"{datetime.fromtimestamp(instant, UTC):%a %d %b %Y %H:%M} UTC"
