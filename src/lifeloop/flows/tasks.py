"""One Prefect task per step of a journey, so that its UI shows who is moved where. Customers are never tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE

from lifeloop.flows.discreet import discreet
from lifeloop.journey.plan import Plan
from lifeloop.work.labels import node_label
from lifeloop.work.wave import Wave

#: The wave of the flow run that is going on. Tasks find it here, because whatever is a task's argument is
#: inspected and recorded by Prefect.
present: ContextVar[Wave] = ContextVar("present")

ADMIT = "admit"
DELIVER = "hand over"


@dataclass(frozen=True, slots=True)
class StepTasks:
    """The tasks of one journey: admission, one per step that people can stand at, and hand-over."""

    admit: Task[..., Any]
    steps: dict[str, Task[..., Any]]
    deliver: Task[..., Any]

    @classmethod
    def of(cls, plan: Plan) -> StepTasks:
        """Make the tasks of a plan."""
        steps = {node.id: _task(node_label(node), _move) for node in plan.nodes}
        return cls(admit=_task(ADMIT, _admit), steps=steps, deliver=_task(DELIVER, _deliver))

    def step(self, node: str, label: str) -> Task[..., Any]:
        """Return the task of a step; of a plan before this one, whose steps may be gone, a new one."""
        return self.steps.get(node) or _task(label, _move)


async def _admit(count: int) -> int:
    del count
    with discreet("letting people in"):
        return await asyncio.to_thread(present.get().admit)


async def _move(node: str, count: int) -> int:
    del count
    with discreet("moving people"):
        return await asyncio.to_thread(present.get().move, node)  # a huge wave must not stop a small one beside it


async def _deliver(count: int) -> dict[str, int]:
    del count
    with discreet("handing over"):
        return dict(await present.get().deliver())


def _task(label: str, work: Callable[..., Awaitable[Any]]) -> Task[..., Any]:
    # No retries: a try that does not pass the gate again would go round consent, caps and lateness.
    made: Task[..., Any] = task(
        name=label,
        task_run_name=label.replace("{", "").replace("}", "") + " · {count}",
        retries=0,
        cache_policy=NO_CACHE,
        persist_result=False,
    )(work)
    return made
