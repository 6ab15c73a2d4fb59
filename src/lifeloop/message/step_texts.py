"""The Jinja in journeys themselves: what a send or a call hands on, a subject of its own, the question of an ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from lifeloop.journey.catalogue import Attribute, Catalogue
from lifeloop.journey.compiler_names import all_steps, remembered_by, steps_within
from lifeloop.journey.diagnostic import Diagnostic, Place
from lifeloop.journey.known import Known
from lifeloop.journey.project import Journey, Project
from lifeloop.journey.rules.flow import last_events
from lifeloop.journey.rules.subject import Subject
from lifeloop.journey.rules.surely import surely_known
from lifeloop.journey.scope import Names, any_of
from lifeloop.journey.source import Report, Scalar
from lifeloop.journey.spec import AskStep, CallStep, JourneySpec, RepeatStep, SendStep
from lifeloop.message.names import PROVIDED, Use, declared, may_be_missing, unknown, uses
from lifeloop.message.pieces import InScalar, cut
from lifeloop.message.syntax import read_pieces

_OF_MAILS = {"subject", "preheader", "content", "unsubscribe_url", "preferences_url", "confirm_url"}
_GIVEN = PROVIDED - _OF_MAILS
Texts = SendStep | CallStep | AskStep


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the texts of one step may read. ``words``: names without a dot; ``sure``: names that are known by then."""

    names: Mapping[str, Names | None]
    words: frozenset[str]
    sure: frozenset[str]
    is_whole: bool
    """Whether all of the journey could be read: only then is it certain that something may be missing."""


def check_step_texts(project: Project) -> Mapping[str, tuple[Diagnostic, ...]]:
    """Return, by journey, what is wrong in the texts of its steps and was not said yet. Raises for nothing."""
    said = frozenset(_spot(found) for found in project.diagnostics)
    found = {name: _check(journey, project) for name, journey in project.journeys.items()}
    return {name: tuple(one for one in some if _spot(one) not in said) for name, some in found.items()}


def _spot(found: Diagnostic) -> tuple[str, int, str]:
    """Return the line and the word that a mistake begins with: a name that is wrong is told once."""
    return found.place.file, found.place.line, found.message.split(" ")[0].strip('"')


def _check(journey: Journey, project: Project) -> list[Diagnostic]:
    report = Report()
    if journey.spec is not None:
        for step, ground in _grounds(journey.spec, project, is_whole=journey.plan is not None):
            for text in step.texts:
                _check_text(text, ground, report)
    return report.found


def _check_text(text: Scalar, ground: _Ground, report: Report) -> None:
    seen: set[tuple[str, Place]] = set()
    for use in uses(read_pieces(cut(text.text, InScalar(text)), report)):
        key = use.name, use.piece.spot(use.name)
        if key not in seen:
            seen.add(key)
            _check_use(use, ground, report)


def _check_use(use: Use, ground: _Ground, report: Report) -> None:
    root, _, rest = use.name.partition(".")
    names = ground.names.get(root)
    if root in ground.words and root not in ground.names:
        return
    if root not in ground.names or (not rest and names is None):
        unknown(use, [*_full(ground), *ground.words], report)
    elif not rest:
        message = f'"{root}" is a whole record; say what you want of it'
        label = f"for instance {root}.{next(iter(names or ()), 'name')}"
        report.add("J123", message, use.piece.spot(root), label=label)
    elif names is not None:
        _check_attribute(use, names.get(rest.partition(".")[0]), ground, report)


def _check_attribute(use: Use, attribute: Attribute | None, ground: _Ground, report: Report) -> None:
    if attribute is None:
        unknown(use, _full(ground), report)
    elif attribute.optional and not use.spared and use.name not in ground.sure and ground.is_whole:
        may_be_missing(use, report, step=True)


def _full(ground: _Ground) -> list[str]:
    return [f"{root}.{name}" for root, names in ground.names.items() for name in names or ()]


def _grounds(spec: JourneySpec, project: Project, *, is_whole: bool) -> Iterator[tuple[Texts, _Ground]]:
    catalogue = project.catalogue
    subject = Subject(spec, Known(catalogue, project.library))
    events, sure = last_events(subject), {id(step): names for step, names in surely_known(spec)}
    words = _GIVEN | remembered_by(spec)
    rounds = {
        id(inner) for step in all_steps(spec) if isinstance(step, RepeatStep) for inner in steps_within(step.steps)
    }
    for step in all_steps(spec):
        if isinstance(step, SendStep | CallStep | AskStep) and step.texts:
            bound = _bound(step, in_rounds=id(step) in rounds)
            names = _names(spec, catalogue, events.get(id(step)))
            yield step, _Ground(names, words | bound, sure.get(id(step), frozenset()), is_whole)


def _bound(step: Texts, *, in_rounds: bool) -> frozenset[str]:
    """Return the words that a step brings along: what it hands on, and the number of its round."""
    if isinstance(step, AskStep):
        return frozenset()
    return frozenset((*step.args, *(("round",) if in_rounds else ())))


def _names(spec: JourneySpec, catalogue: Catalogue, events: Iterable[str] | None) -> Mapping[str, Names | None]:
    names = {**spec.names, "company": declared("company", catalogue), "customer": declared("customer", catalogue)}
    last = spec.names.get("event")
    if events:
        known = [catalogue.events[event].attributes for event in events if event in catalogue.events]
        names["event"] = {**any_of([last or {}, {}]), **any_of(known)}
    elif last is not None:  # a closing step: whatever came last, if anything did
        names["event"] = any_of([last, {}])
    return names
