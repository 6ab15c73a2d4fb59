"""Names every written step: an id that the author gave, or one derived from what the step does.

Derived ids are the same on every machine and every time: a verb and its object (``send-offer``), or a verb and a
count (``wait-3``), with ``-2``, ``-3`` behind the second and third of a kind. Written ids are never changed, but
for shared steps that are used twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lifeloop.journey.spec import (
    AnyStep,
    AskStep,
    CallStep,
    ChooseStep,
    IfStep,
    JourneySpec,
    RepeatStep,
    SendStep,
    SetStep,
    SplitStep,
    UseStep,
    WaitForStep,
)

Names = Mapping[int, str]
"""``id()`` of a written step to its name; the spec keeps the steps alive."""

_SAYING = ("experiment", "action", "who", "journey", "shared", "milestone", "reason")
"""What tells a step from others of its verb; an event wait, like any wait, is told by its number."""


def blocks_of(step: AnyStep) -> tuple[tuple[AnyStep, ...], ...]:
    """Return the lists of steps nested in a step, in reading order; an ``else`` that was not written is left out."""
    match step:
        case IfStep() | WaitForStep() | AskStep():
            return (step.then, *((step.otherwise,) if step.otherwise is not None else ()))
        case ChooseStep():
            return (*(arm.then for arm in step.arms), *((step.otherwise,) if step.otherwise is not None else ()))
        case SplitStep():
            return tuple(path.steps for path in step.into)
        case RepeatStep() | UseStep():
            return (step.steps,)
        case _:
            return ()


def steps_within(steps: tuple[AnyStep, ...]) -> Iterator[AnyStep]:
    """Yield every step with those nested in it, in reading order."""
    for step in steps:
        yield step
        for block in blocks_of(step):
            yield from steps_within(block)


def all_steps(spec: JourneySpec) -> Iterator[AnyStep]:
    """Yield every step of a journey, the closing ones of ``stop`` last."""
    yield from steps_within(spec.steps)
    for rule in spec.stops:
        yield from steps_within(rule.then)


def remembered_by(spec: JourneySpec) -> frozenset[str]:
    """Return the names that a run of the journey may remember: ``journey.x``."""
    names: set[str] = set()
    for step in all_steps(spec):
        if isinstance(step, SetStep):
            names |= {name.path[0] for name, _ in step.assignments if name.root == "journey"}
        elif isinstance(step, CallStep) and step.answer_as:
            names.add(step.answer_as)
    return frozenset(names)


def name_steps(spec: JourneySpec) -> Names:
    """Give every step of a journey its name."""
    steps = tuple(all_steps(spec))
    taken: set[str] = set()
    names: dict[int, str] = {}
    for step in steps:
        if step.id:
            names[id(step)] = _free(step.id, taken)
    counts: dict[str, int] = {}
    for step in steps:
        counts[step.verb] = counts.get(step.verb, 0) + 1
        if not step.id:
            names[id(step)] = _free(_derived(step, counts[step.verb]), taken)
    return names


def _derived(step: AnyStep, count: int) -> str:
    match step:
        case SendStep(message=what):
            what = what.rsplit("/", 1)[-1]
        case SetStep(assignments=((name, _), *_)):
            what = name.path[-1]
        case _:
            what = next((getattr(step, part) for part in _SAYING if hasattr(step, part)), str(count))
    return f"{step.verb}-{_slug(what)}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "step"


def _free(name: str, taken: set[str]) -> str:
    found, count = name, 1
    while found in taken:
        count += 1
        found = f"{name}-{count}"
    taken.add(found)
    return found
