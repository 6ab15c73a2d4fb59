"""Runs whose process died without a word: Prefect is told to look for them, as it does not by itself."""

from __future__ import annotations

from datetime import timedelta

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture

NAME = "lifeloop: runs whose process died"
SILENT = timedelta(seconds=540)
"""Three heartbeats of Prefect's usual 180 seconds."""
OVER = ("Completed", "Failed", "Cancelled", "Crashed")


async def watch_for_zombies(client: PrefectClient) -> None:
    """Create the automation, or bring it up to date; any number of times.

    Without it a run that died together with its worker stays "Running" for ever and holds a place in its
    deployment's limit. Nothing is lost by that: the next wave takes over what the dead one left.
    """
    known = await client.read_automations_by_name(NAME)
    if not known:
        await client.create_automation(automation())
    elif _differs(known[0]):
        await client.update_automation(known[0].id, automation())


def automation() -> AutomationCore:
    """Return the automation: a run of ours that stopped beating, and did not end, crashed."""
    return AutomationCore(
        name=NAME,
        description="Made by lifeloop deploy. A run that stopped beating without an end is marked as crashed.",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            match_related={"prefect.resource.id": "prefect.tag.lifeloop", "prefect.resource.role": "tag"},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *(f"prefect.flow-run.{state}" for state in OVER)},
            threshold=1,
            within=SILENT,
        ),
        actions=[
            ChangeFlowRunState(
                name=None, state=StateType.CRASHED, message="its process stopped without an end", force=False
            )
        ],
    )


def _differs(known: Automation) -> bool:
    ours = automation()
    return (known.trigger, known.actions, known.description) != (ours.trigger, ours.actions, ours.description)
