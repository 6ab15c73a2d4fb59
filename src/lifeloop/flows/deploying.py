"""Bringing a project's flows to a Prefect server: all of them or none, and nothing left behind that is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectNotFound
from prefect.utilities.callables import parameter_schema

from lifeloop.flows.compiling import compile_folder
from lifeloop.flows.manifest import AT_ONCE, POOL, UPKEEP, Deployment, deployments_of, project_tag
from lifeloop.flows.naming import identifier
from lifeloop.flows.upkeep import upkeep_flow
from lifeloop.flows.zombies import watch_for_zombies
from lifeloop.journey.project import Project

PAGE = 200


@dataclass(frozen=True, slots=True)
class Deployed:
    """What changed on the server, by flow name."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]


class NotOursError(RuntimeError):
    """Another project on this server has a deployment of the same name; it is left alone."""


async def deploy(
    client: PrefectClient,
    project: Project,
    root: Path,
    *,
    pool: str = POOL,
    meanwhile: Callable[[], object] = lambda: None,
) -> Deployed:
    """Deploy every flow of a project, then remove the deployments whose journeys are gone.

    ``meanwhile`` is called when all are in place, and belongs to it: make the plans live there. If it fails, or the
    server refuses one flow, every deployment is put back as it was, and the error is raised.
    """
    wanted = deployments_of(project)
    await _ensure_pool(client, pool)
    await watch_for_zombies(client)
    before = await deployed(client, project.catalogue.project)
    await _refuse_foreign(client, wanted, before)
    await _put_all(_Putting(client, flows_of(root), root, pool, before), wanted, meanwhile)
    gone = sorted(before.keys() - {one.flow for one in wanted})
    for name in gone:
        await client.delete_deployment(before[name].id)
    names = [one.flow for one in wanted]
    return Deployed(
        created=tuple(name for name in names if name not in before),
        updated=tuple(name for name in names if name in before),
        removed=tuple(gone),
    )


def flows_of(root: Path) -> dict[str, Flow[..., Any]]:
    """Return every flow of the project in a folder, by identifier."""
    return {**compile_folder(root / "journeys", module="journeys"), UPKEEP: upkeep_flow(root, module="upkeep")}


async def deployed(client: PrefectClient, project: str) -> dict[str, DeploymentResponse]:
    """Return what a project has on a server, by flow name."""
    mine = DeploymentFilter(tags=DeploymentFilterTags(all_=["lifeloop", project_tag(project)]))
    found: list[DeploymentResponse] = []
    while page := await client.read_deployments(deployment_filter=mine, limit=PAGE, offset=len(found)):
        found += page
    return {(await client.read_flow(one.flow_id)).name: one for one in found}


async def _refuse_foreign(
    client: PrefectClient, wanted: tuple[Deployment, ...], before: Mapping[str, DeploymentResponse]
) -> None:
    for one in wanted:
        if one.flow not in before and await _found(client, one) is not None:
            raise NotOursError(f'there is a deployment "{one.full_name}" on this server that another project made')


@dataclass(frozen=True, slots=True)
class _Putting:
    """Where the deployments of one project go, and how they were before."""

    client: PrefectClient
    flows: Mapping[str, Flow[..., Any]]
    root: Path
    pool: str
    before: Mapping[str, DeploymentResponse]

    async def put(self, one: Deployment) -> None:
        """Make one deployment, or bring it up to date; what an operator set on it by hand stays."""
        made, old = self.flows[identifier(one.flow)], self.before.get(one.flow)
        await self.client.create_deployment(
            flow_id=await self.client.create_flow_from_name(one.flow),
            name=one.name,
            version=made.version,
            description=one.description,
            tags=list(one.tags),
            entrypoint=one.entrypoint,
            path=str(self.root),
            pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(self.root)}}],
            work_pool_name=self.pool,
            work_queue_name=old.work_queue_name if old and old.work_pool_name == self.pool else None,
            parameters=old.parameters if old else None,
            job_variables=old.job_variables if old else None,
            schedules=[_schedule(one, old)],
            concurrency_limit=_limit(old) or AT_ONCE,
            concurrency_options=ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
            parameter_openapi_schema=parameter_schema(made).model_dump(),
            enforce_parameter_schema=True,
        )

    async def put_back(self, one: Deployment) -> None:
        """Make one deployment as it was, or nothing if it was not there."""
        old = self.before.get(one.flow)
        if old is None:
            await _remove(self.client, one)
            return
        await self.client.create_deployment(
            flow_id=old.flow_id,
            name=old.name,
            version=old.version,
            description=old.description,
            tags=old.tags,
            entrypoint=old.entrypoint,
            path=old.path,
            pull_steps=old.pull_steps,
            work_pool_name=old.work_pool_name,
            work_queue_name=old.work_queue_name,
            parameters=old.parameters,
            job_variables=old.job_variables,
            schedules=[_same(schedule) for schedule in old.schedules],
            concurrency_limit=_limit(old),
            concurrency_options=old.concurrency_options,
            parameter_openapi_schema=old.parameter_openapi_schema,
            enforce_parameter_schema=old.enforce_parameter_schema,
        )


async def _put_all(putting: _Putting, wanted: tuple[Deployment, ...], meanwhile: Callable[[], object]) -> None:
    done: list[Deployment] = []
    try:
        for one in wanted:
            done.append(one)
            await putting.put(one)
        meanwhile()
    except BaseException:
        for one in done:
            await putting.put_back(one)
        raise


def _schedule(one: Deployment, old: DeploymentResponse | None) -> DeploymentScheduleCreate:
    every = IntervalSchedule(interval=timedelta(seconds=one.interval), timezone="UTC")
    stopped = any(schedule.slug == one.slug and not schedule.active for schedule in old.schedules) if old else False
    return DeploymentScheduleCreate(schedule=every, active=not stopped, slug=one.slug)


def _limit(old: DeploymentResponse | None) -> int | None:
    return old.global_concurrency_limit.limit if old and old.global_concurrency_limit else None


def _same(one: Any) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(
        schedule=one.schedule, active=one.active, slug=one.slug, parameters=one.parameters or {}
    )


async def _found(client: PrefectClient, one: Deployment) -> DeploymentResponse | None:
    try:
        return await client.read_deployment_by_name(one.full_name)
    except ObjectNotFound:
        return None


async def _remove(client: PrefectClient, one: Deployment) -> None:
    if found := await _found(client, one):
        await client.delete_deployment(found.id)


async def _ensure_pool(client: PrefectClient, pool: str) -> None:
    try:
        await client.read_work_pool(pool)
    except ObjectNotFound:
        await client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
