"""All tests of a project, or some of them: how they went, and which branches no test has taken."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from lifeloop.journey.plan import Enter
from lifeloop.journey.project import Journey, Project
from lifeloop.rehearse.forks import Arm, Taken, arms_of
from lifeloop.rehearse.reasons import Reason, why_then
from lifeloop.rehearse.testing import TestResult, run_test

AND_WHAT_IT_ENTERS = "+"


@dataclass(frozen=True, slots=True)
class Tested:
    """One journey and how its tests went. ``journey.plan`` None: it has mistakes, so nothing could be tested."""

    __test__ = False

    journey: Journey
    results: tuple[TestResult, ...] = ()

    @property
    def failures(self) -> tuple[TestResult, ...]:
        """The tests that failed."""
        return tuple(result for result in self.results if not result.passed)

    @property
    def arms(self) -> tuple[Arm, ...]:
        """All ways on from the journey's forks."""
        return arms_of(self.journey.spec) if self.journey.spec else ()

    @property
    def taken(self) -> frozenset[Taken]:
        """The ways that some test went."""
        return frozenset(taken for result in self.results for taken in result.taken)

    @property
    def missed(self) -> tuple[Arm, ...]:
        """The ways that no test went."""
        taken = self.taken
        return tuple(arm for arm in self.arms if arm.taken not in taken)

    def why(self, result: TestResult) -> Reason | None:
        """Return which line of the journey is behind what a failed test got."""
        got = result.mismatch.got if result.mismatch else None
        if got is None or self.journey.plan is None:
            return None
        return why_then(self.journey.plan, self.journey.places, got)


def run_tests(project: Project, journeys: Iterable[str], text: str = "") -> Iterator[Tested]:
    """Run the tests of these journeys whose name, or whose journey's name, has that text in it."""
    for name in journeys:
        journey = project.journeys[name]
        plan = journey.plan
        if plan is None:
            yield Tested(journey)
            continue
        chosen = (test for test in journey.tests if text.lower() in f"{name} {test.name}".lower())
        results = (run_test(plan, test, project.people[test.person], project.catalogue) for test in chosen)
        yield Tested(journey, tuple(results))


def with_entered(journeys: Mapping[str, Journey], name: str) -> tuple[str, ...]:
    """Return a journey, those it enters, those they enter, and so on."""
    found: dict[str, None] = {}
    waiting = [name]
    while waiting:
        one = waiting.pop(0)
        if one in journeys and one not in found:
            found[one] = None
            waiting += entered_by(journeys[one])
    return tuple(found)


def entered_by(journey: Journey) -> Sequence[str]:
    """Return the journeys that a journey enters."""
    nodes = journey.plan.nodes if journey.plan else ()
    return [node.journey for node in nodes if isinstance(node, Enter)]
