"""Which data a step can count on: what the start, the audience and the conditions around it have made sure of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lifeloop.journey.compiler_names import blocks_of
from lifeloop.journey.condition import AllOf, AnyOf, Compare, Condition, Not
from lifeloop.journey.plan import OnEvent, OnMoment
from lifeloop.journey.spec import AnyStep, ChooseStep, Clause, IfStep, JourneySpec, Start, WaitForStep

Names = frozenset[str]
Sure = Iterator[tuple[AnyStep, Names]]


def surely_known(spec: JourneySpec) -> Sure:
    """Yield every step of a journey with the dotted names of data that are surely known there."""
    first = _of_clause(spec.audience) | _of_all(_of_start(start) for start in spec.starts)
    yield from _along(spec.steps, first)
    for rule in spec.stops:
        yield from _along(rule.then, _without_event(first) | _of_clause(rule.when))


def _along(steps: tuple[AnyStep, ...], surely: Names) -> Sure:
    for step in steps:
        here = surely | _of_clause(step.when)
        yield step, here
        match step:
            case IfStep():
                yield from _along(step.then, here | _of_clause(step.condition))
                yield from _along(step.otherwise or (), here)
            case ChooseStep():
                for arm in step.arms:
                    yield from _along(arm.then, here | _of_clause(arm.when))
                yield from _along(step.otherwise or (), here)
            case WaitForStep():
                yield from _along(step.then, _without_event(here) | _of_clause(step.where))
                yield from _along(step.otherwise or (), here)
            case _:
                for block in blocks_of(step):
                    yield from _along(block, here)
        if _brings_event(step):
            surely = _without_event(surely)


def _brings_event(step: AnyStep) -> bool:
    nested = (part for block in blocks_of(step) for part in block)
    return isinstance(step, WaitForStep) or any(_brings_event(part) for part in nested)


def _of_start(start: Start) -> Names:
    """Return what is known of whoever comes in this way: the date it was counted from, and what its ``where`` asks."""
    asked = _of_clause(start.where)
    match start.trigger:
        case OnEvent():
            return asked | {f"start.{name.removeprefix('event.')}" for name in asked if name.startswith("event.")}
        case OnMoment(moments=moments):
            return asked | _of_all(frozenset({str(moment.anchor)}) for moment in moments)
        case _:
            return asked


def _of_all(ways: Iterable[Names]) -> Names:
    first, *others = [*ways] or [frozenset[str]()]
    return first.intersection(*others)


def _without_event(names: Names) -> Names:
    """Another event may have come since."""
    return frozenset(name for name in names if not name.startswith("event."))


def _of_clause(clause: Clause | None) -> Names:
    """Return the data that is surely known when a condition holds: every comparison with it says so."""
    return frozenset(_known_if(clause.tree)) if clause else frozenset()


def _known_if(tree: Condition) -> Iterator[str]:
    match tree:
        case AllOf(parts=parts):
            for part in parts:
                yield from _known_if(part)
        case AnyOf(parts=parts) if parts:
            yield from frozenset.intersection(*(frozenset(_known_if(part)) for part in parts))
        case Compare(operator=operator, subject=subject) if operator != "is missing":
            yield str(subject)
        case Not(part=Compare(operator="is missing", subject=subject)):
            yield str(subject)
        case _:
            pass
