"""Habits that hurt later: trusting opens, nesting deeply, waiting for years."""

from __future__ import annotations

from collections.abc import Iterator

from lifeloop.journey.compiler_names import blocks_of
from lifeloop.journey.compiler_reads import parts_of
from lifeloop.journey.condition import MessageWas
from lifeloop.journey.diagnostic import Diagnostic, Suggestion
from lifeloop.journey.length import Length
from lifeloop.journey.rules.subject import Subject, clauses_of, place_of
from lifeloop.journey.spec import AnyStep, AskStep, RepeatStep, WaitForStep, WaitStep

DEEPEST = 4
LONGEST_DAYS = 2 * 366
_MONTH = 30.4


def opens_are_unreliable(subject: Subject) -> Iterator[Diagnostic]:
    """J221: a step decides on opens, which mail programs report without anybody having looked."""
    for step in subject.steps():
        for clause in clauses_of(step):
            if any(isinstance(part, MessageWas) and part.what == "opened" for part in parts_of(clause.tree)):
                message = "opens are unreliable: mail programs open messages by themselves, or hide that they did"
                place = place_of("opened", clause)
                fixes = (Suggestion("clicked"),)
                yield Diagnostic("J221", "warning", message, place, 'prefer "clicked"', suggestions=fixes)


def deep_nesting(subject: Subject) -> Iterator[Diagnostic]:
    """J222: steps are nested so deeply that nobody can follow."""
    for step in _deep(subject.spec.steps, 1):
        label = "move these steps to journeys/_steps/ and put them in with  use:"
        message = f"this step is nested more than {DEEPEST} levels deep"
        yield Diagnostic("J222", "warning", message, step.place, label)


def long_wait(subject: Subject) -> Iterator[Diagnostic]:
    """J202: a wait of more than two years is nearly always a slip."""
    for step in subject.steps():
        match step:
            case WaitStep(until=Length() as length):
                key = "wait"
            case WaitForStep(max=Length() as length) | AskStep(max=Length() as length):
                key = "max"
            case RepeatStep(every=length):
                key = "every"
            case _:
                continue
        if days_of(length) > LONGEST_DAYS:
            place = step.places.get(key, step.place)
            yield Diagnostic("J202", "warning", "this waits for more than two years", place, "is that what you mean?")


def days_of(length: Length) -> float:
    """Return about how many days a length has."""
    return length.months * _MONTH + length.days + length.working_days * 7 / 5 + length.seconds / 86_400


def _deep(steps: tuple[AnyStep, ...], depth: int) -> Iterator[AnyStep]:
    for step in steps:
        if depth > DEEPEST:
            yield step
            return
        for block in blocks_of(step):
            yield from _deep(block, depth + 1)
