"""A plan made ready to walk: nodes by id, conditions as code. Made once per plan and kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lifeloop.engine.asked import asks_messages, names_in
from lifeloop.engine.conditions import Reading, reading_of
from lifeloop.engine.errors import BrokenStateError
from lifeloop.journey.condition import Condition, DataName
from lifeloop.journey.plan import Branch, Node, Plan, StopRule, WaitFor

_KEPT = 512


@dataclass(slots=True)
class Prepared:
    """What a walk looks up.

    ``nodes``: also under the ids they once had; ``readings``: the conditions of a node, in order; ``reads``: the names
    a branch asks, each as it is written.
    """

    plan: Plan
    nodes: Mapping[str, Node]
    readings: Mapping[str, tuple[Reading, ...]]
    reads: Mapping[str, tuple[tuple[str, DataName], ...]]
    stops: tuple[tuple[Reading, StopRule], ...]
    goal: Reading | None
    rules_ask_messages: bool

    def node(self, name: str) -> Node:
        """Return the node of that id, or of the id it was renamed to.

        Raises:
            BrokenStateError: the plan has no such node.
        """
        found = self.nodes.get(name)
        if found is None:
            raise BrokenStateError(f"{self.plan.journey} has no step {name}")
        return found


_prepared: dict[str, Prepared] = {}


def prepare(plan: Plan) -> Prepared:
    """Return the prepared form of a plan. Kept by digest; plans that only pretend to be equal are told apart."""
    found = _prepared.get(plan.digest)
    if found is not None:
        if found.plan is plan:
            return found
        if found.plan == plan:
            found.plan = plan
            return found
    while len(_prepared) >= _KEPT:
        _prepared.pop(next(iter(_prepared)))
    _prepared[plan.digest] = fresh = _fresh(plan)
    return fresh


def _fresh(plan: Plan) -> Prepared:
    rules = (*(rule.when for rule in plan.stops), *(() if plan.goal is None else (plan.goal,)))
    nodes = {node.id: node for node in plan.nodes}
    asked = {node.id: tuple(_conditions(node)) for node in plan.nodes}
    return Prepared(
        plan=plan,
        nodes={**{old: nodes[new] for old, new in plan.renamed.items() if new in nodes}, **nodes},
        readings={name: tuple(reading_of(each) for each in conditions) for name, conditions in asked.items()},
        reads={
            name: tuple({str(n): n for each in found for n in names_in(each)}.items()) for name, found in asked.items()
        },
        stops=tuple((reading_of(rule.when), rule) for rule in plan.stops),
        goal=None if plan.goal is None else reading_of(plan.goal),
        rules_ask_messages=any(asks_messages(rule) for rule in rules),
    )


def _conditions(node: Node) -> Iterator[Condition]:
    if isinstance(node, Branch):
        yield from (case.when for case in node.cases)
    elif isinstance(node, WaitFor):
        yield node.where
