"""Short names of steps, the same in Prefect's tasks, in tables and in ``lifeloop who``."""

from __future__ import annotations

from typing import assert_never

from lifeloop.journey.plan import (
    Ask,
    Branch,
    Call,
    Enter,
    Milestone,
    Node,
    Plan,
    Record,
    Send,
    Set,
    Split,
    Stop,
    Wait,
    WaitFor,
)


def node_labels(plan: Plan) -> dict[str, str]:
    """Return the label of each step of a plan, by node id."""
    return {node.id: node_label(node) for node in plan.nodes}


def node_label(node: Node) -> str:  # noqa: C901  # one line for each kind of node, and nothing else
    """Return a step in a few words: ``send your-year-in-pictures``, ``wait for survey.answered``."""
    match node:
        case Send(message=message):
            return f"send {message.rpartition('/')[2]}"
        case Wait(id=name):
            return name.replace("-", " ", 1)
        case WaitFor(event=event):
            return f"wait for {event}"
        case Branch(id=name):
            return name
        case Split(experiment=experiment):
            return f"split {experiment}"
        case Set() | Record():
            return node.id
        case Call(connection=connection, action=action):
            return f"call {connection}.{action}"
        case Ask(who=who):
            return f"ask {who}"
        case Enter(journey=journey):
            return f"enter {journey}"
        case Milestone(name=name):
            return f"milestone {name}"
        case Stop(reason=reason):
            return f"stop: {reason}"
        case _:
            assert_never(node)
