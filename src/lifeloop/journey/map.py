"""The map of a journey as a value: a tree of what happens, with the words to show.

Drawn by ``map_text``, ``map_svg`` and ``map_mermaid``.
The language has no ``goto``, so every journey is nested sequences and branches, and its map is a tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lifeloop.journey import prose_time as words
from lifeloop.journey.compiler_names import Names, name_steps
from lifeloop.journey.condition import DataName
from lifeloop.journey.length import Length
from lifeloop.journey.moment import Moment
from lifeloop.journey.plan import (
    ByHand,
    FromJourney,
    OnCalendar,
    OnChange,
    OnEvent,
    OnMoment,
    OnSegment,
    Trigger,
)
from lifeloop.journey.saying import say_every
from lifeloop.journey.spec import (
    AnyStep,
    AskStep,
    CallStep,
    ChooseStep,
    EnterStep,
    IfStep,
    JourneySpec,
    MilestoneStep,
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

Kind = Literal[
    "start",
    "send",
    "wait",
    "listen",
    "if",
    "choose",
    "split",
    "repeat",
    "set",
    "record",
    "call",
    "ask",
    "enter",
    "milestone",
    "stop",
]
HUNDREDTHS = 100
"""Shares are kept in hundredths of a percent."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way on from a fork: what must hold, and what happens then."""

    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One thing on the map. ``label`` is its short line, ``detail`` the smaller one, ``note`` the author's remark."""

    kind: Kind
    label: str
    detail: str = ""
    note: str = ""
    id: str = ""
    line: int = 0
    arms: tuple[Arm, ...] = ()


@dataclass(frozen=True, slots=True)
class Early:
    """A rule that ends the journey early, with what is still said then."""

    label: str
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class JourneyMap:
    """Everything there is to draw."""

    name: str
    title: str
    phase: str
    starts: tuple[Item, ...]
    items: tuple[Item, ...]
    stops: tuple[Early, ...] = ()
    goal: str = ""
    audience: str = ""


def chart(spec: JourneySpec) -> JourneyMap:
    """Return the map of a journey."""
    drawn = _Drawing(name_steps(spec))
    return JourneyMap(
        name=spec.name,
        title=spec.title or spec.name,
        phase=spec.phase,
        starts=tuple(Item("start", start_words(start.trigger), line=start.place.line) for start in spec.starts),
        items=drawn.items(spec.steps),
        stops=tuple(
            Early(rule.when.text if rule.when else "goal reached", drawn.items(rule.then)) for rule in spec.stops
        ),
        goal=spec.goal.text if spec.goal else "",
        audience=spec.audience.text if spec.audience else "",
    )


def start_words(trigger: Trigger) -> str:
    """Return what makes somebody enter, in few words."""
    match trigger:
        case OnEvent():
            return trigger.event
        case OnMoment():
            return ", or ".join(words.anchor_words(moment) for moment in trigger.moments)
        case OnSegment():
            return f"{'leaves' if trigger.leaves else 'joins'} {trigger.segment}"
        case OnChange():
            return f"{trigger.attribute} changes" + (f" to {trigger.to}" if trigger.to is not None else "")
        case OnCalendar():
            return f"every {say_every(trigger.every)}"
        case ByHand():
            return "by hand"
        case FromJourney():
            return "from another journey"


def share_words(share: int) -> str:
    """Return ``45%`` or ``12.5%``."""
    return f"{share / HUNDREDTHS:g}%"


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Turns steps into items. ``names``: the id of each step, the same that the plan uses."""

    names: Names

    def items(self, steps: tuple[AnyStep, ...] | None) -> tuple[Item, ...]:
        return tuple(item for step in steps or () for item in self.guarded(step))

    def guarded(self, step: AnyStep) -> tuple[Item, ...]:
        inner = self.items(step.steps) if isinstance(step, UseStep) else (self.item(step),)
        if step.when is None:
            return inner
        return (Item("if", step.when.text, line=step.when.place.line, arms=(Arm("yes", inner), Arm("no", ()))),)

    def item(self, step: AnyStep) -> Item:
        kind, label, detail = _said(step)
        name = self.names.get(id(step), "")
        return Item(kind, step.name or label, detail, step.note or "", name, step.place.line, self.arms(step))

    def arms(self, step: AnyStep) -> tuple[Arm, ...]:
        match step:
            case WaitForStep():
                return self.pair(step, "it came", "time is up")
            case IfStep():
                return self.pair(step, "yes", "no")
            case AskStep():
                return self.pair(step, "yes", "no, or time is up")
            case ChooseStep():
                subject = _asked_by_all(step)
                arms = (Arm(arm.when.text.removeprefix(subject).strip(), self.items(arm.then)) for arm in step.arms)
                return (*arms, Arm("otherwise", self.items(step.otherwise)))
            case SplitStep():
                return tuple(
                    Arm(f"{path.name} {share_words(path.share)}", self.items(path.steps)) for path in step.into
                )
            case RepeatStep():
                first = Item("wait", words.length_words(step.every), line=step.place.line)
                return (Arm("each time", (first, *self.items(step.steps))),)
            case _:
                return ()

    def pair(self, step: WaitForStep | IfStep | AskStep, yes: str, no: str) -> tuple[Arm, ...]:
        return Arm(yes, self.items(step.then)), Arm(no, self.items(step.otherwise))


def _said(step: AnyStep) -> tuple[Kind, str, str]:
    """Return the kind of an item, its short line and its smaller one."""
    match step:
        case WaitForStep():
            return "listen", step.event, _at_most(step.max)
        case IfStep():
            return "if", step.condition.text, ""
        case ChooseStep():
            return "choose", _asked_by_all(step) or "the first that holds", ""
        case SplitStep():
            return "split", step.experiment, ""
        case RepeatStep():
            return "repeat", words.counted(step.times, "time"), f"until {step.until.text}" if step.until else ""
        case AskStep():
            return "ask", step.who, _at_most(step.max)
        case _:
            return _done(step)


def _done(step: AnyStep) -> tuple[Kind, str, str]:
    match step:
        case SendStep():
            return "send", step.message, " or ".join(step.by)
        case WaitStep():
            return "wait", words.until_words(step.until), ""
        case SetStep():
            return "set", ", ".join(f"{name} = {_given(value)}" for name, value in step.assignments), ""
        case RecordStep():
            return "record", step.event, ""
        case CallStep():
            return "call", f"{step.connection}.{step.action}", _title(step.args)
        case EnterStep():
            return "enter", step.journey, ""
        case MilestoneStep():
            return "milestone", step.milestone, ""
        case StopStep():
            return "stop", step.reason, ""
        case _:
            return "repeat", step.verb, ""


def _asked_by_all(step: ChooseStep) -> str:
    """Return what all arms ask about, to say it once: ``event.score``, then ``is at most 6``, ``is at most 8``."""
    texts = [arm.when.text for arm in step.arms]
    subjects = {text.partition(" ")[0] for text in texts}
    is_shared = len(subjects) == 1 and all(
        " is " in text and " and " not in text and " or " not in text for text in texts
    )
    return subjects.pop() if is_shared else ""


def _at_most(until: Length | Moment) -> str:
    return f"max {words.until_words(until)}"


def _given(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case DataName():
            return str(value)
        case _:
            return f"{value}"


def _title(args: Mapping[str, object]) -> str:
    """A call is best known by its title; the rest is for machines."""
    title = args.get("title")
    return title if isinstance(title, str) and "{{" not in title else ""
