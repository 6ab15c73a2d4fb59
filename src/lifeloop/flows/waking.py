"""Wake-ups as scheduled runs: Prefect's UI shows when a journey wakes, and an idle one costs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from lifeloop.clock import Clock, Instant
from lifeloop.flows.naming import deployment_name

DEBOUNCE = 10
"""Seconds: events that arrive within one such stretch wake a journey once."""


async def schedule_wake(deployment_id: str, journey: str, due: Instant) -> None:
    """Schedule one run for exactly then; asked again for the same moment, it stays one."""
    async with get_client() as client:
        await _schedule(client, UUID(str(deployment_id)), journey, due)


async def wake_now(journeys: Iterable[str], clock: Clock) -> None:
    """Wake journeys because something happened. A journey that is not deployed is left to the others who run it."""
    stretch = clock.now() // DEBOUNCE * DEBOUNCE
    async with get_client() as client:
        for journey in journeys:
            try:
                found = await client.read_deployment_by_name(deployment_name(journey))
            except ObjectNotFound:
                continue
            await _schedule(client, found.id, journey, stretch)


async def _schedule(client: PrefectClient, deployment_id: UUID, journey: str, due: Instant) -> None:
    at = datetime.fromtimestamp(due, UTC)
    await client.create_flow_run_from_deployment(
        deployment_id,
        name=f"{journey} wakes {at:%a %d %b %Y %H:%M} UTC",
        state=Scheduled(scheduled_time=at),
        idempotency_key=f"wake:{journey}:{due}",
        tags=["wake-up"],
    )
