"""Journey files to Prefect flows, at import. A broken file becomes a flow that says so; the others work."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect import Flow, flow

from lifeloop.flows.naming import identifier
from lifeloop.flows.running import Options, run_flow, run_name
from lifeloop.flows.tasks import StepTasks
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.frames import frame
from lifeloop.journey.plan import Plan
from lifeloop.journey.project import Journey, Project
from lifeloop.work.project import open_project

Parameters = Mapping[str, Any]


def compile_folder(journeys: Path, *, module: str) -> dict[str, Flow[..., Any]]:
    """Return one flow per journey file of a folder, by identifier (the journey's name with underscores).

    ``module`` is the ``__name__`` of the file that puts them into its globals: Prefect finds them there.
    Never raises for what a file says, so that one mistake does not take the other journeys down.
    """
    root = journeys.resolve().parent
    project = open_project(root)
    flows = {}
    for name, journey in project.journeys.items():
        found = [one for one in project.diagnostics if one.place.file == journey.file]
        flows[identifier(name)] = (
            _working(root, journey.plan, module) if journey.plan else _broken(journey, found, project, module)
        )
    return flows


def _working(root: Path, plan: Plan, module: str) -> Flow[..., Any]:
    tasks = StepTasks.of(plan)

    async def wave(
        batch_size: int = 500,
        as_of: str | None = None,
        dry_run: bool = False,
        shard: str = "1/1",
        customer_id: str | None = None,
        budget: int = 240,
    ) -> dict[str, int]:
        options = Options(batch_size, as_of, dry_run, shard, customer_id, budget)
        return await run_flow(root, plan, tasks, options)

    return _named(wave, plan.journey, module, plan.name, version=plan.digest)


def _broken(journey: Journey, found: list[Diagnostic], project: Project, module: str) -> Flow[..., Any]:
    reason = "\n\n".join(frame(one, project.sources) for one in found if one.severity == "error")

    async def wave(
        batch_size: int = 500,
        as_of: str | None = None,
        dry_run: bool = False,
        shard: str = "1/1",
        customer_id: str | None = None,
        budget: int = 240,
    ) -> dict[str, int]:
        del batch_size, as_of, dry_run, shard, customer_id, budget
        raise BrokenJourneyError(
            f"{journey.file} has mistakes, so its last version stays live, and upkeep moves those who are on the way."
            f"\n\n{reason}"
        )

    return _named(wave, journey.name, module, f"{journey.name} (its file has mistakes)", version="broken")


class BrokenJourneyError(RuntimeError):
    """A journey file has mistakes; its flow can only say which."""


def _named(wave: Any, journey: str, module: str, description: str, *, version: str) -> Flow[..., Any]:
    # Prefect loads the file and looks the flow up by name: the function must look as if it stood there.
    wave.__name__ = wave.__qualname__ = identifier(journey)
    wave.__module__ = module
    wave.__doc__ = (
        f"{description}.\n\nOne wave: admit who may enter, move who is due, step by step, hand over what is ready."
    )
    made: Flow[..., Any] = flow(
        name=journey,
        description=wave.__doc__,
        version=version,
        flow_run_name=lambda: run_name(journey),
        retries=0,
        persist_result=False,
        validate_parameters=True,
    )(wave)
    return made
