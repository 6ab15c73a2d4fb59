"""What is written becomes what runs: plans in the database and deployments on Prefect, both or neither."""

from __future__ import annotations

from lifeloop.flows.deploying import Deployed, deploy
from lifeloop.flows.manifest import UPKEEP
from lifeloop.flows.server import connected
from lifeloop.flows.waking import Waking
from lifeloop.work.publishing import publish
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace


async def go_live(space: Workspace, pool: str) -> Deployed:
    """Deploy all flows of a project, make its plans live, and schedule each journey's next wave for when it is due.

    The last also brings a Prefect server up to date that is new or was wiped: what waits is in our own tables.

    Raises:
        ServerUnreachable: there is no server, and nothing was changed.
        NotOursError: another project on the server has a deployment of that name, and nothing was changed.
    """
    now = space.clock.now()
    async with connected() as client:
        done = await deploy(client, space.project, space.root, pool=pool, meanwhile=lambda: publish(space, now))
        waking = Waking(client, now)
        for name in (*done.created, *done.updated):
            due = None if name == UPKEEP else Wave(space, name).next_due()
            if due is not None:
                await waking.by_name(name, due)
    return done
