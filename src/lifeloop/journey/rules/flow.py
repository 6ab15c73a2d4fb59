"""What surely happened before a step: the event whose data it reads, the word it remembers, whether it is reached.

A run is followed along every way at once. What is kept is the set of *possible* last events: ``event.`` is the
data of the event that started the run or of the last wait that was answered, and a wait that runs out of time
leaves it as it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lifeloop.journey.compiler_names import remembered_by
from lifeloop.journey.compiler_reads import parts_of
from lifeloop.journey.condition import AllOf, Compare, Condition, DataName
from lifeloop.journey.diagnostic import Diagnostic, Place, Related, Suggestion
from lifeloop.journey.moment import FromAnchor
from lifeloop.journey.nearest import nearest
from lifeloop.journey.plan import OnEvent
from lifeloop.journey.rules.subject import Subject, clauses_of, place_of
from lifeloop.journey.source import Scalar, inside
from lifeloop.journey.spec import (
    AnyStep,
    AskStep,
    CallStep,
    ChooseStep,
    Clause,
    EnterStep,
    IfStep,
    RecordStep,
    RepeatStep,
    SendStep,
    SetStep,
    SplitStep,
    StopStep,
    UseStep,
    WaitForStep,
    WaitStep,
)

_EVENT_IN_TEXT = re.compile(r"(?<![\w.])event\.(\w+)")


@dataclass(frozen=True, slots=True)
class Past:
    """One possible past: the event whose data ``event.`` is (None: none yet), and the wait that ran out since."""

    event: str | None
    timed_out: int | None = None


@dataclass(frozen=True, slots=True)
class Use:
    """One reading of ``event.x`` by a step."""

    attribute: str
    place: Place


@dataclass(slots=True)
class _Walk:
    """Follows one journey along all its ways."""

    subject: Subject
    waits: dict[int, WaitForStep] = field(default_factory=dict)
    before: dict[int, frozenset[str]] = field(default_factory=dict)
    found: list[Diagnostic] = field(default_factory=list)
    reported: set[tuple[str, Place]] = field(default_factory=set)

    def along(self, steps: tuple[AnyStep, ...], pasts: frozenset[Past]) -> frozenset[Past]:
        """Return the pasts that are possible behind some steps; none when no way leads there."""
        for step in steps:
            if not pasts:
                if steps.index(step):
                    self.found.append(_unreachable(step))
                return pasts
            pasts = self.past(step, pasts)
        return pasts

    def past(self, step: AnyStep, pasts: frozenset[Past]) -> frozenset[Past]:
        """Return the pasts that are possible behind one step."""
        asked = _present(step.when.tree, pasts) if step.when else pasts
        self.before[id(step)] = frozenset(past.event for past in asked if past.event)
        for use in _uses(step, self.subject):
            self._check(use, pasts if step.when and use.place == step.when.place else asked)
        behind = self._through(step, asked)
        return behind | pasts if step.when else behind

    def _through(self, step: AnyStep, pasts: frozenset[Past]) -> frozenset[Past]:
        match step:
            case StopStep():
                return frozenset()
            case WaitForStep():
                self.waits[id(step)] = step
                late = frozenset(Past(past.event, id(step)) for past in pasts)
                came = frozenset({Past(step.event)})
                return self.along(step.then, came) | self.along(step.otherwise or (), late)
            case IfStep():
                held = _present(step.condition.tree, pasts)
                return self.along(step.then, held) | self.along(step.otherwise or (), pasts)
            case ChooseStep():
                ways = [self.along(arm.then, _present(arm.when.tree, pasts)) for arm in step.arms]
                return frozenset().union(*ways, self.along(step.otherwise or (), pasts))
            case AskStep():
                return self.along(step.then, pasts) | self.along(step.otherwise or (), pasts)
            case SplitStep():
                return frozenset().union(*(self.along(path.steps, pasts) for path in step.into))
            case RepeatStep():
                return self.along(step.steps, pasts) | (pasts if step.until else frozenset())
            case UseStep():
                return self.along(step.steps, pasts)
            case _:
                return pasts

    def _check(self, use: Use, pasts: frozenset[Past]) -> None:
        events = self.subject.known.catalogue.events
        for past in sorted(pasts, key=lambda past: (past.timed_out is None, past.event or "")):
            declared = events.get(past.event) if past.event else None
            if declared is not None and use.attribute in declared.attributes:
                continue
            if past.event is not None and declared is None:
                continue
            key = (use.attribute, use.place)
            if key not in self.reported:
                self.reported.add(key)
                self.found.append(self._unknown(use, past))

    def _unknown(self, use: Use, past: Past) -> Diagnostic:
        name = f"event.{use.attribute}"
        if past.timed_out is not None:
            return _timed_out(name, use.place, self.waits[past.timed_out])
        if past.event is None:
            label = "wait for an event first; what started this journey is  start."
            return Diagnostic("J141", "error", f"{name} is unknown here: no event came before", use.place, label)
        message = f"{name} is unknown here: the last event is {past.event}"
        label = f"{past.event} has no {use.attribute}"
        return Diagnostic("J141", "error", message, use.place, label)


def event_may_be_unknown(subject: Subject) -> Iterator[Diagnostic]:
    """J141: a step reads data of an event that, on some way to it, never came."""
    return (found for found in _walked(subject).found if found.code == "J141")


def unreachable_steps(subject: Subject) -> Iterator[Diagnostic]:
    """J224: steps that no way leads to."""
    return (found for found in _walked(subject).found if found.code == "J224")


def never_remembered(subject: Subject) -> Iterator[Diagnostic]:
    """J142: a condition reads ``journey.x``, and nothing in this journey remembers x."""
    remembered = remembered_by(subject.spec)
    for step in subject.steps():
        for clause in clauses_of(step):
            for name in _names_in(clause.tree):
                if name.root == "journey" and name.path[0] not in remembered:
                    near = nearest(name.path[0], remembered)
                    label = f"did you mean journey.{near}?" if near else f"add a step:  - set: {{{name.path[0]}: …}}"
                    fixes = (Suggestion(f"journey.{near}"),) if near else ()
                    message = f"nothing in this journey remembers {name.path[0]}"
                    yield Diagnostic("J142", "error", message, place_of(str(name), clause), label, suggestions=fixes)


def last_events(subject: Subject) -> Mapping[int, frozenset[str]]:
    """Return, by the ``id`` of a written step, the events whose data ``event.`` may be there."""
    return _walked(subject).before


def _walked(subject: Subject) -> _Walk:
    walk = _Walk(subject)
    starts = [start.trigger for start in subject.spec.starts]
    pasts = frozenset(Past(start.event if isinstance(start, OnEvent) else None) for start in starts)
    walk.along(subject.spec.steps, pasts or frozenset({Past(None)}))
    return walk


def _uses(step: AnyStep, subject: Subject) -> Iterator[Use]:
    for clause in clauses_of(step):
        if not (isinstance(step, WaitForStep) and clause is step.where):
            yield from _uses_in(clause)
    match step:
        case SendStep():
            info = subject.known.library.get(step.message)
            place = step.places.get("send", step.place)
            needed = () if info is None else (name for name in info.uses if name not in info.spared)
            yield from (Use(name.split(".")[1], place) for name in needed if re.match(r"event\.\w", name))
            yield from _in_texts(step.texts)
        case CallStep() | AskStep():
            yield from _in_texts(step.texts)
        case SetStep():
            given = (value for _, value in step.assignments)
            yield from _copied(given, step.places.get("set", step.place))
        case RecordStep() | EnterStep():
            yield from _copied(iter(step.args.values()), step.places.get("with", step.place))
        case WaitStep(until=FromAnchor(anchor=anchor)) if anchor.root == "event":
            yield Use(anchor.path[0], step.places.get("wait", step.place))
        case _:
            pass


def _uses_in(clause: Clause) -> Iterator[Use]:
    for part in parts_of(clause.tree):
        if isinstance(part, Compare) and part.operator not in {"is present", "is missing"}:
            names = (part.subject, *(one for one in part.operands if isinstance(one, DataName)))
            yield from (Use(name.path[0], place_of(str(name), clause)) for name in names if name.root == "event")


def _copied(given: Iterator[object], place: Place) -> Iterator[Use]:
    for value in given:
        if isinstance(value, DataName) and value.root == "event":
            yield Use(value.path[0], place)


def _in_texts(texts: Iterable[Scalar]) -> Iterator[Use]:
    for scalar in texts:
        for found in _EVENT_IN_TEXT.finditer(scalar.text if "{{" in scalar.text else ""):
            if "default" not in scalar.text[found.end() :]:
                yield Use(found[1], inside(scalar, found.start(), found.end()))


def _names_in(tree: Condition) -> Iterator[DataName]:
    for part in parts_of(tree):
        if isinstance(part, Compare):
            yield part.subject
            yield from (one for one in part.operands if isinstance(one, DataName))


def _present(tree: Condition, pasts: frozenset[Past]) -> frozenset[Past]:
    """Return the pasts in which a condition may hold: ``event.x is present`` means that an event came."""
    parts = tree.parts if isinstance(tree, AllOf) else (tree,)
    if any(
        isinstance(part, Compare) and part.operator == "is present" and part.subject.root == "event" for part in parts
    ):
        return frozenset(past for past in pasts if past.event is not None and past.timed_out is None)
    return pasts


def _timed_out(name: str, place: Place, wait: WaitForStep) -> Diagnostic:
    message = f"{name} is unknown when the wait on line {wait.place.line} runs out of time"
    goes_on = f"without {wait.event} in time, the journey goes on to line {place.line}"
    if wait.otherwise is None:
        label = f"add to line {wait.place.line}:   else: [{{stop: no answer}}]"
    else:
        label = f"end its else with a stop, or ask first:  when: {name} is present"
    return Diagnostic("J141", "error", message, place, label, related=(Related(wait.place, goes_on),))


def _unreachable(step: AnyStep) -> Diagnostic:
    message = "nobody ever gets to this step"
    return Diagnostic("J224", "warning", message, step.place, "every way to it has stopped before")
