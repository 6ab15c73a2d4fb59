"""Journeys that start each other: together they must come to an end, as each of them does alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from lifeloop.journey.compiler_names import all_steps
from lifeloop.journey.diagnostic import Diagnostic, Related
from lifeloop.journey.known import Known
from lifeloop.journey.spec import EnterStep, JourneySpec

Enters = Mapping[str, Mapping[str, EnterStep]]


def circles_between_journeys(specs: Sequence[JourneySpec], known: Known) -> Iterator[Diagnostic]:  # noqa: ARG001  # every project rule is asked the same way
    """J211: journeys enter each other, and none of them limits how soon somebody may come back."""
    endless = {spec.name: spec for spec in specs if spec.again.rule == "always"}
    enters: Enters = {
        name: {
            step.journey: step for step in all_steps(spec) if isinstance(step, EnterStep) and step.journey in endless
        }
        for name, spec in endless.items()
    }
    reported: set[frozenset[str]] = set()
    for name in endless:
        circle = _circle(name, enters)
        if circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            yield _endless(circle, enters)


def _circle(name: str, enters: Enters) -> tuple[str, ...]:
    """Return the shortest way from a journey back to itself, without the return; nothing when there is none."""
    ways: list[tuple[str, ...]] = [(name,)]
    seen = {name}
    while ways:
        way = ways.pop(0)
        for target in enters.get(way[-1], ()):
            if target == name:
                return way
            if target not in seen:
                seen.add(target)
                ways.append((*way, target))
    return ()


def _endless(circle: tuple[str, ...], enters: Enters) -> Diagnostic:
    steps = [enters[name][circle[(index + 1) % len(circle)]] for index, name in enumerate(circle)]
    if len(circle) == 1:
        message = f"{circle[0]} can start itself for ever"
    else:
        message = f"{', '.join(circle[:-1])} and {circle[-1]} can send a person back and forth for ever"
    related = tuple(Related(step.place, f"enter: {step.journey}") for step in steps[1:])
    label = "add  again: after 90 days  to one of them"
    return Diagnostic("J211", "error", message, steps[0].place, label, related=related)
