"""Journeys that start each other: together they must come to an end, as each of them does alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from lifeloop.journey.compiler_names import all_steps
from lifeloop.journey.diagnostic import Diagnostic, Related
from lifeloop.journey.known import Known
from lifeloop.journey.plan import OnEvent
from lifeloop.journey.spec import EnterStep, JourneySpec, RecordStep

Begins = EnterStep | RecordStep
"""A step that can begin a journey: ``enter`` names it, ``record`` emits an event that it may start from."""
Enters = Mapping[str, Mapping[str, Begins]]


def circles_between_journeys(specs: Sequence[JourneySpec], known: Known) -> Iterator[Diagnostic]:  # noqa: ARG001  # every project rule is asked the same way
    """J211: journeys begin each other, and none of them limits how soon somebody may come back."""
    endless = {spec.name: spec for spec in specs if spec.again.rule == "always"}
    enters: Enters = {
        name: {begun: step for step in _beginning(spec) for begun in _begun_by(step, endless.values())}
        for name, spec in endless.items()
    }
    reported: set[frozenset[str]] = set()
    for name in endless:
        circle = _circle(name, enters)
        if circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            yield _endless(circle, enters)


def _beginning(spec: JourneySpec) -> Iterator[Begins]:
    return (step for step in all_steps(spec) if isinstance(step, EnterStep | RecordStep))


def _begun_by(step: Begins, endless: Iterable[JourneySpec]) -> Iterator[str]:
    for spec in endless:
        starts = [start.trigger for start in spec.starts]
        entered = isinstance(step, EnterStep) and step.journey == spec.name
        told = isinstance(step, RecordStep) and any(
            isinstance(one, OnEvent) and one.event == step.event for one in starts
        )
        if entered or told:
            yield spec.name


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
    related = tuple(Related(step.place, _words(step)) for step in steps[1:])
    label = "add  again: after 90 days  to one of them"
    return Diagnostic("J211", "error", message, steps[0].place, label, related=related)


def _words(step: Begins) -> str:
    return f"enter: {step.journey}" if isinstance(step, EnterStep) else f"record: {step.event}"
