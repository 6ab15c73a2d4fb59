"""Bringing a project's flows to a Prefect server: all of them or none, and nothing left behind that is gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectNotFound
from prefect.utilities.callables import parameter_schema

from lifeloop.flows.compiling import compile_folder
from lifeloop.flows.manifest import POOL, UPKEEP, Deployment, deployments_of, project_tag
from lifeloop.flows.naming import DEPLOYMENT, identifier
from lifeloop.flows.upkeep import upkeep
from lifeloop.journey.project import Project

PAGE = 200


@dataclass(frozen=True, slots=True)
class Deployed:
    """What changed on the server, by flow name."""

    created: tuple[str, ...]
    updated: tuple[str, ...]
    removed: tuple[str, ...]


async def deploy(project: Project, root: Path, pool: str = POOL) -> Deployed:
    """Deploy every flow of a project, then remove the deployments whose journeys are gone.

    If the server refuses one, those before it are put back as they were, and the server's error is raised.
    """
    flows = {**compile_folder(root / "journeys", module="journeys"), UPKEEP: upkeep}
    wanted = deployments_of(project)
    async with get_client() as client:
        await _ensure_pool(client, pool)
        before = {one.name_of_flow: one.found for one in await _existing(client, project)}
        await _put_all(client, wanted, before, flows, root, pool)
        gone = sorted(before.keys() - {one.flow for one in wanted})
        for name in gone:
            await client.delete_deployment(before[name].id)
    names = [one.flow for one in wanted]
    return Deployed(
        created=tuple(name for name in names if name not in before),
        updated=tuple(name for name in names if name in before),
        removed=tuple(gone),
    )


@dataclass(frozen=True, slots=True)
class _Existing:
    name_of_flow: str
    found: DeploymentResponse


async def _existing(client: PrefectClient, project: Project) -> list[_Existing]:
    mine = DeploymentFilter(tags=DeploymentFilterTags(all_=["lifeloop", project_tag(project.catalogue.project)]))
    found: list[DeploymentResponse] = []
    while page := await client.read_deployments(deployment_filter=mine, limit=PAGE, offset=len(found)):
        found += page
    return [_Existing((await client.read_flow(one.flow_id)).name, one) for one in found]


async def _put_all(
    client: PrefectClient,
    wanted: tuple[Deployment, ...],
    before: dict[str, DeploymentResponse],
    flows: dict[str, Flow[..., Any]],
    root: Path,
    pool: str,
) -> None:
    done: list[Deployment] = []
    try:
        for one in wanted:
            done.append(one)
            await _put(client, one, flows[identifier(one.flow)], root, pool)
    except BaseException:
        for one in done:
            await _put_back(client, one, before.get(one.flow))
        raise


async def _put(client: PrefectClient, one: Deployment, made: Flow[..., Any], root: Path, pool: str) -> None:
    await client.create_deployment(
        flow_id=await client.create_flow_from_name(one.flow),
        name=DEPLOYMENT,
        version=made.version,
        description=one.description,
        tags=list(one.tags),
        entrypoint=one.entrypoint,
        path=str(root),
        pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(root)}}],
        work_pool_name=pool,
        schedules=[_schedule(one)],
        concurrency_limit=1,
        concurrency_options=ConcurrencyOptions(collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        parameter_openapi_schema=parameter_schema(made).model_dump(),
        enforce_parameter_schema=True,
    )


def _schedule(one: Deployment) -> DeploymentScheduleCreate:
    every = IntervalSchedule(interval=timedelta(seconds=one.interval), timezone="UTC")
    return DeploymentScheduleCreate(schedule=every, active=True, slug=one.slug)


async def _put_back(client: PrefectClient, one: Deployment, old: DeploymentResponse | None) -> None:
    if old is None:
        await _remove(client, one.flow)
        return
    await client.create_deployment(
        flow_id=old.flow_id,
        name=old.name,
        version=old.version,
        description=old.description,
        tags=old.tags,
        entrypoint=old.entrypoint,
        path=old.path,
        pull_steps=old.pull_steps,
        work_pool_name=old.work_pool_name,
        schedules=[_same(one) for one in old.schedules],
        parameter_openapi_schema=old.parameter_openapi_schema,
        enforce_parameter_schema=old.enforce_parameter_schema,
    )


def _same(one: Any) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(schedule=one.schedule, active=one.active, slug=one.slug)


async def _remove(client: PrefectClient, flow: str) -> None:
    try:
        found = await client.read_deployment_by_name(f"{flow}/{DEPLOYMENT}")
    except ObjectNotFound:
        return
    await client.delete_deployment(found.id)


async def _ensure_pool(client: PrefectClient, pool: str) -> None:
    try:
        await client.read_work_pool(pool)
    except ObjectNotFound:
        await client.create_work_pool(WorkPoolCreate(name=pool, type="process"))
