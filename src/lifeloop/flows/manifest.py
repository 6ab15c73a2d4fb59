"""Which deployments a project has, and ``prefect.yaml``, which is written from that and never by hand."""

from __future__ import annotations

import json
from dataclasses import dataclass

from lifeloop.flows.naming import DEPLOYMENT, identifier
from lifeloop.journey.project import Project
from lifeloop.journey.reader import OWN_FLOW

POOL = "journeys"
SAFETY_INTERVAL = 900
"""Seconds between the waves that catch a lost wake-up; everything else is woken when it is due."""
UPKEEP_INTERVAL = 600
UPKEEP = OWN_FLOW
"""No journey can have this name."""
AT_ONCE = 4
"""Waves of one journey that may run side by side: a run for one customer, or parts, beside the scheduled one. More are
cancelled, so that what piled up while no worker ran is not all started at once."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One flow as it is deployed. ``interval``: seconds between safety runs, in UTC: no clock change skips one."""

    flow: str
    name: str
    entrypoint: str
    description: str
    tags: tuple[str, ...]
    interval: int
    slug: str

    @property
    def full_name(self) -> str:
        """How Prefect calls it: ``renewal/live``."""
        return f"{self.flow}/{self.name}"


def deployments_of(project: Project) -> tuple[Deployment, ...]:
    """Return what a project deploys: one flow per journey file, broken ones too, and upkeep."""
    mark = project_tag(project.catalogue.project)
    journeys = (
        Deployment(
            flow=name,
            name=DEPLOYMENT,
            entrypoint=f"flows/journeys.py:{identifier(name)}",
            description=journey.plan.name if journey.plan else name,
            tags=("lifeloop", mark, f"journey:{name}", *((f"phase:{journey.plan.phase}",) if journey.plan else ())),
            interval=SAFETY_INTERVAL,
            slug="safety",
        )
        for name, journey in sorted(project.journeys.items())
    )
    upkeep = Deployment(
        flow=UPKEEP,
        name=project.catalogue.project,
        entrypoint="flows/upkeep.py:upkeep",
        description="Settles what was left open, refreshes segments, moves people whose journey has no file any more",
        tags=("lifeloop", mark),
        interval=UPKEEP_INTERVAL,
        slug="tidy",
    )
    return (*journeys, upkeep)


def project_tag(project: str) -> str:
    """Return the tag by which a project recognises its own deployments, and prunes only those."""
    return f"project:{project}"


def manifest_text(project: Project) -> str:
    """Return the text of ``prefect.yaml``: the same for every run over the same files."""
    head = (
        "# Written by: lifeloop deploy --write. A test compares it with journeys/; change those, not this.\n"
        f"name: {json.dumps(project.catalogue.project)}\n"
        "deployments:\n"
    )
    return head + "".join(_block(one) for one in deployments_of(project))


def _block(one: Deployment) -> str:
    tags = ", ".join(json.dumps(tag) for tag in one.tags)
    return (
        f"  - name: {json.dumps(one.name)}\n"
        f"    entrypoint: {one.entrypoint}\n"
        f"    description: {json.dumps(one.description, ensure_ascii=False)}\n"
        f"    tags: [{tags}]\n"
        f"    work_pool: {{name: {POOL}}}\n"
        f"    concurrency_limit: {{limit: {AT_ONCE}, collision_strategy: CANCEL_NEW}}\n"
        f"    schedules: [{{interval: {one.interval}, timezone: UTC, slug: {one.slug}, active: true}}]\n"
    )
