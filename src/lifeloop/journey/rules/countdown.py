"""Waits that count down to the same date must come nearer to it, never go back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lifeloop.journey.compiler_names import blocks_of
from lifeloop.journey.condition import DataName
from lifeloop.journey.diagnostic import Diagnostic, Place, Related
from lifeloop.journey.lengths import say_length
from lifeloop.journey.moment import FromAnchor
from lifeloop.journey.plan import OnMoment
from lifeloop.journey.rules.habits import days_of
from lifeloop.journey.rules.subject import Subject
from lifeloop.journey.spec import AnyStep, WaitStep


@dataclass(frozen=True, slots=True)
class _Here:
    """The dated moment a run has surely reached: days from the anchor, below 0 before it."""

    days: float
    moment: FromAnchor
    place: Place


_Reached = dict[DataName, _Here]


def countdown_runs_backwards(subject: Subject) -> Iterator[Diagnostic]:
    """J201: a dated wait lies before one that was already waited for; everybody would skip what follows it."""
    reached: _Reached = {}
    for start in subject.spec.starts:
        if isinstance(start.trigger, OnMoment) and len(subject.spec.starts) == 1 and len(start.trigger.moments) == 1:
            moment = start.trigger.moments[0]
            reached[moment.anchor] = _Here(_days(moment), moment, start.place)
    yield from _along(subject.spec.steps, reached)


def _along(steps: tuple[AnyStep, ...], reached: _Reached) -> Iterator[Diagnostic]:
    for step in steps:
        if isinstance(step, WaitStep) and isinstance(step.until, FromAnchor):
            yield from _waited(step, step.until, reached)
        for block in blocks_of(step):
            # What happens on one way is not known to have happened behind it.
            yield from _along(block, dict(reached))


def _waited(step: WaitStep, moment: FromAnchor, reached: _Reached) -> Iterator[Diagnostic]:
    here = _Here(_days(moment), moment, step.places.get("wait", step.place))
    before = reached.get(moment.anchor)
    if before and here.days < before.days - 0.5:
        earlier, now = say_length(before.moment.offset), say_length(moment.offset)
        side = "before" if before.moment.before else "after"
        related = (Related(before.place, f"here it is {earlier} {side} {moment.anchor}"),)
        side = "before" if moment.before else "after"
        label = f"{now} {side} is earlier: everybody would skip what follows. Swap the blocks?"
        message = "this moment lies before the one above it"
        yield Diagnostic("J201", "error", message, here.place, label, related=related)
        return
    if step.when is None:
        reached[moment.anchor] = here


def _days(moment: FromAnchor) -> float:
    days = days_of(moment.offset)
    return -days if moment.before else days
