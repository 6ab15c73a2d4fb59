"""A runner that lives in one process: the compiled flows are called right here when something is due.

A worker starts a process for each run, which takes seconds; here a wave shows on Prefect after a third of one. It takes
the same scheduled runs as a worker would, so the two may stand beside each other.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import Any
from uuid import UUID

from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import Abort
from prefect.flow_engine import run_flow_async
from prefect.states import Pending
from prefect.utilities.engine import propose_state

from lifeloop.clock import Instant
from lifeloop.flows.deploying import deployed, flows_of
from lifeloop.flows.manifest import UPKEEP
from lifeloop.flows.naming import identifier
from lifeloop.flows.server import FAILURES
from lifeloop.flows.waking import Waking
from lifeloop.store import journeys
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace

log = logging.getLogger(__name__)

LOOK_AGAIN = 1.0
"""Seconds between two looks."""
GLANCE = 0.05
"""Seconds within which it is noticed that something happened."""
PATIENCE = 5.0
"""Seconds until a server or database that does not answer is asked again."""


@dataclass(slots=True)
class Resident:
    """Runs what is due, in this process, until ``stopping``. ``tell`` hears of every run that ended: name and state."""

    space: Workspace
    tell: Callable[[str, str], None]
    stopping: bool = False
    _flows: dict[str, Flow[..., Any]] = field(default_factory=dict)
    _deployments: dict[UUID, str] = field(default_factory=dict)
    _asked: dict[str, Instant] = field(default_factory=dict)
    _live: dict[str, str] = field(default_factory=dict)
    _under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _stirred: threading.Event = field(default_factory=threading.Event)

    def look(self) -> None:
        """Look now, and not only when it is time again: something has happened. Any thread may say so."""
        self._stirred.set()

    async def run_forever(self) -> None:
        """Go on until told to stop; what does not answer is asked again. Runs that have begun come to their end."""
        async with get_client() as client:
            while not self.stopping:
                try:
                    await self._learn(client)
                    await self._wake(client)
                    await self._begin(client)
                except (*FAILURES, ConnectionError) as problem:
                    await self._be_patient(problem)
                else:
                    await self._rest()
            await asyncio.gather(*self._under_way.values())

    async def _be_patient(self, problem: Exception) -> None:
        log.warning("looking again in %d s: %s", PATIENCE, type(problem).__name__)
        await asyncio.sleep(PATIENCE)

    async def _rest(self) -> None:
        """Wait until it is time to look again, or something happened."""
        ends = monotonic() + LOOK_AGAIN
        while not self._stirred.is_set() and monotonic() < ends:  # noqa: ASYNC110  # set from another thread
            await asyncio.sleep(GLANCE)
        self._stirred.clear()

    async def _learn(self, client: PrefectClient) -> None:
        """Compile the flows and look up their deployments: at the start, and when something was published since."""
        with self.space.store.reading() as tx:
            live = journeys.live_digests(tx)
        if self._flows and live == self._live:
            return
        found = await deployed(client, self.space.catalogue.project)
        self._flows, self._live = flows_of(self.space.root), live
        self._deployments = {one.id: name for name, one in found.items()}

    async def _wake(self, client: PrefectClient) -> None:
        """Schedule a run of each journey in which something fell due, as an event does where a worker runs."""
        now = self.space.clock.now()
        waking = Waking(client, now)
        for name in sorted(set(self._deployments.values()) - self._under_way.keys() - {UPKEEP}):
            due = Wave(self.space, name).next_due()
            if due is not None and due <= now and self._asked.get(name) != due:
                await waking.by_name(name, due)
                self._asked[name] = due

    async def _begin(self, client: PrefectClient) -> None:
        """Begin what is scheduled: journeys beside each other, the runs of one journey one after the other."""
        for run in await self._scheduled(client):
            name = self._deployments[run.deployment_id] if run.deployment_id else ""
            if name and name not in self._under_way:
                self._under_way[name] = asyncio.create_task(self._run_alone(client, run, name))

    async def _run_alone(self, client: PrefectClient, run: FlowRun, name: str) -> None:
        try:
            await self._run(client, run, name)
        except Exception as problem:  # noqa: BLE001  # whatever it is, the other journeys go on
            await self._be_patient(problem)
        finally:
            del self._under_way[name]
            self.look()  # it may have left something, or something came that it did not see

    async def _scheduled(self, client: PrefectClient) -> list[FlowRun]:
        before = datetime.fromtimestamp(self.space.clock.now(), UTC)
        return await client.get_scheduled_flow_runs_for_deployments(list(self._deployments), scheduled_before=before)

    async def _run(self, client: PrefectClient, run: FlowRun, name: str) -> None:
        made = self._flows.get(identifier(name))
        if made is None or not await _taken(client, run):
            return
        state = await run_flow_async(
            made, flow_run=await client.read_flow_run(run.id), parameters=run.parameters, return_type="state"
        )
        ended = await client.read_flow_run(run.id)
        self.tell(ended.name, state.name if isinstance(state, State) and state.name else "ended")


async def _taken(client: PrefectClient, run: FlowRun) -> bool:
    """Take a run as a worker does; False when somebody else has it, or its limit is reached."""
    try:
        state = await propose_state(client, Pending(), flow_run_id=run.id)
    except Abort:
        return False
    return state.type == StateType.PENDING
