"""Names inside one file: step ids, and the paths that tests pin."""

from __future__ import annotations

from collections.abc import Iterator

from lifeloop.journey.compiler_names import name_steps, steps_within
from lifeloop.journey.diagnostic import Diagnostic, Place, Related, Suggestion
from lifeloop.journey.nearest import nearest
from lifeloop.journey.rules.subject import Subject
from lifeloop.journey.spec import SplitStep, UseStep


def same_id_twice(subject: Subject) -> Iterator[Diagnostic]:
    """J153: two steps have the same id, so nobody could say where somebody stands."""
    shared = {id(step) for use in subject.steps() if isinstance(use, UseStep) for step in steps_within(use.steps)}
    seen: dict[str, Place] = {}
    for step in subject.steps():
        place = step.places.get("id")
        if step.id is None or place is None or id(step) in shared:
            continue
        if step.id in seen:
            related = (Related(seen[step.id], "the first one"),)
            message = f'two steps have the id "{step.id}"'
            yield Diagnostic("J153", "error", message, place, "give this one another id", related=related)
        seen.setdefault(step.id, place)


def path_pins(subject: Subject) -> Iterator[Diagnostic]:
    """J193: a test pins a split or a path that the journey does not have."""
    splits = {
        step.experiment: [path.name for path in step.into] for step in subject.steps() if isinstance(step, SplitStep)
    }
    for test in subject.spec.tests:
        for split, path in test.paths.items():
            if split not in splits:
                yield _unknown("split", split, list(splits), test.place)
            elif path not in splits[split]:
                yield _unknown(f'path of "{split}"', path, splits[split], test.place)


def renamed_to_nothing(subject: Subject) -> Iterator[Diagnostic]:
    """J158: ``renamed`` leads to a step that is not there, or from one that still is."""
    steps = set(name_steps(subject.spec).values())
    place = subject.spec.places.get("renamed")
    if place is None:
        return
    for old, new in subject.spec.renamed.items():
        if new not in steps:
            near = nearest(new, steps)
            label = f"did you mean {near}?" if near else "give the step this id"
            yield Diagnostic("J158", "error", f'no step has the id "{new}"', place, label)
        elif old in steps:
            label = "people on it stay where they are; remove this line"
            yield Diagnostic("J158", "warning", f'the step "{old}" is still there', place, label)


def _unknown(what: str, name: str, names: list[str], place: Place) -> Diagnostic:
    near = nearest(name, names)
    label = f'did you mean "{near}"?' if near else f"there is: {', '.join(names) or 'none'}"
    message = f'this test pins "{name}", and there is no such {what}'
    fixes = (Suggestion(near),) if near else ()
    return Diagnostic("J193", "error", message, place, label, suggestions=fixes)
