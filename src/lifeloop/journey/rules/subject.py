"""What a rule looks at, and how it points at the words it means."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lifeloop.journey.compiler_names import all_steps
from lifeloop.journey.diagnostic import Place
from lifeloop.journey.known import Known
from lifeloop.journey.shape import scalars_of
from lifeloop.journey.source import inside
from lifeloop.journey.spec import AnyStep, ChooseStep, Clause, IfStep, JourneySpec, RepeatStep, WaitForStep


@dataclass(frozen=True, slots=True)
class Subject:
    """One journey, and the names of its project."""

    spec: JourneySpec
    known: Known

    def steps(self) -> Iterator[AnyStep]:
        """Yield every step with those nested in it, in reading order."""
        return all_steps(self.spec)


def clauses_of(step: AnyStep) -> Iterator[Clause]:
    """Yield the conditions that a step asks itself, those of nested steps left out."""
    if step.when:
        yield step.when
    match step:
        case IfStep():
            yield step.condition
        case ChooseStep():
            yield from (arm.when for arm in step.arms)
        case RepeatStep(until=Clause() as until):
            yield until
        case WaitForStep(where=Clause() as where):
            yield where
        case _:
            pass


def place_of(words: str, clause: Clause) -> Place:
    """Return where some words of a condition stand; all of it when they cannot be found."""
    for scalar in scalars_of(clause.source):
        found = re.search(rf"(?<![\w.]){re.escape(words)}(?![\w-])", scalar.text)
        if found:
            return inside(scalar, found.start(), found.end())
    return clause.place
