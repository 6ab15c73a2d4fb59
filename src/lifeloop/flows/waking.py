"""Wake-ups as scheduled runs: Prefect's UI shows when a journey wakes, and an idle one costs nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Scheduled

from lifeloop.clock import Instant
from lifeloop.flows.naming import deployment_name
from lifeloop.flows.server import FAILURES

WAKE_UP = "wake-up"
"""The tag of runs that were made because something falls due; they move everybody, whatever else an operator starts."""
SOON = 15
"""Seconds from one wave of a journey to the next at the earliest: however often something falls due, no stampede."""


async def wake(dues: Mapping[str, Instant], now: Instant) -> tuple[str, ...]:
    """Schedule a wave of each of these journeys for when it is due, at once if that is past; returns which.

    A journey that is not deployed is left to the others who run it.

    Raises:
        NotToldError: the server does not answer, or refuses.
    """
    try:
        async with Waking.open(now) as waking:
            return tuple([journey for journey, due in dues.items() if await waking.by_name(journey, due)])
    except FAILURES as problem:
        raise NotToldError(type(problem).__name__) from problem


class NotToldError(ConnectionError):
    """Prefect could not be told to wake somebody; its next safety wave will find it."""


@dataclass(frozen=True, slots=True)
class Waking:
    """One connection to Prefect's server, at one moment."""

    client: PrefectClient
    now: Instant

    @classmethod
    @asynccontextmanager
    async def open(cls, now: Instant) -> AsyncIterator[Waking]:
        """Connect."""
        async with get_client() as client:
            yield cls(client, now)

    async def by_name(self, journey: str, due: Instant) -> FlowRun | None:
        """Wake a journey because something happened; None when it is not deployed."""
        try:
            found = await self.client.read_deployment_by_name(deployment_name(journey))
        except ObjectNotFound:
            return None
        begins = await self._about_to_begin(found.id) if due <= self.now else None
        return begins or await self.at(found.id, journey, due, max(due, self.now))

    async def again(self, deployment_id: Any, journey: str, due: Instant, *, own: Any) -> FlowRun:
        """Schedule the wave after this one, whose run is ``own``: exactly when due, but not in a rush."""
        return await self.at(UUID(str(deployment_id)), journey, due, max(due, self.now + SOON), own=str(own))

    async def at(
        self, deployment_id: UUID, journey: str, due: Instant, start: Instant, *, own: str | None = None
    ) -> FlowRun:
        """Make one run for what falls due then; asked again by whomever, it stays one.

        A run that came to its end without the work being done (cancelled because another was running, crashed) is
        followed by another, so that no key is ever used up.
        """
        key = f"wake:{journey}:{due}"
        at = datetime.fromtimestamp(start, UTC)
        while True:
            run = await self.client.create_flow_run_from_deployment(
                deployment_id,
                name=f"{journey} wakes {at:%a %d %b %Y %H:%M} UTC",
                state=Scheduled(scheduled_time=at),
                idempotency_key=key,
                tags=[WAKE_UP],
            )
            over = run.state is not None and run.state.is_final()
            if not over and str(run.id) != own:
                return run
            key = f"wake:{journey}:after:{run.id}"

    async def _about_to_begin(self, deployment_id: UUID) -> FlowRun | None:
        """Return a wake-up that nobody has taken yet: it will look after us, so one for each event would be a crowd."""
        now = datetime.fromtimestamp(self.now, UTC)
        found = await self.client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                deployment_id=FlowRunFilterDeploymentId(any_=[deployment_id]),
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
                tags=FlowRunFilterTags(all_=[WAKE_UP]),
                expected_start_time=FlowRunFilterExpectedStartTime.model_validate({"before_": now}),
            ),
            limit=1,
        )
        return found[0] if found else None
