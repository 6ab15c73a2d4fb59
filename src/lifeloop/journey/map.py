"""The map of a journey as a value: a tree of what happens, with the words to show. Drawn by ``map_text``, ``map_svg``
and ``map_mermaid``; the studio may draw it too.

The language has no ``goto``, so every journey is nested sequences and branches, and its map is a tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lifeloop.journey import prose_time as words
from lifeloop.journey.compiler_names import Names, name_steps
from lifeloop.journey.condition import DataName
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
from lifeloop.journey.moment import Moment, OnMonthDay, OnWeekday
from lifeloop.journey.length import Length
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
    return JourneyMap(
        name=spec.name,
        title=spec.title or spec.name,
        phase=spec.phase,
        starts=tuple(Item("start", start_words(start.trigger), line=start.place.line) for start in spec.starts),
        items=_items(spec.steps),
        stops=tuple(Early(rule.when.text if rule.when else "goal reached", _items(rule.then)) for rule in spec.stops),
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
            return every_words(trigger.every)
        case ByHand():
            return "by hand"
        case FromJourney():
            return "from another journey"


def every_words(every: OnWeekday | OnMonthDay) -> str:
    """Return ``every month on the 1st at 09:00``."""
    if isinstance(every, OnMonthDay):
        return f"every month on {words.moment_words(every)}"
    return "every " + words.moment_words(every).removeprefix("a ").removeprefix("any ")


def share_words(share: int) -> str:
    """Return ``45%`` or ``12.5%``."""
    return f"{share / HUNDREDTHS:g}%"


def _items(steps: tuple[AnyStep, ...]) -> tuple[Item, ...]:
    return tuple(item for step in steps for item in _guarded(step))


def _guarded(step: AnyStep) -> tuple[Item, ...]:
    if isinstance(step, UseStep):
        inner = _items(step.steps)
    else:
        inner = (_item(step),)
    if step.when is None:
        return inner
    asked = Item("if", step.when.text, line=step.when.place.line, arms=(Arm("yes", inner), Arm("no", ())))
    return (asked,)


def _item(step: AnyStep) -> Item:
    label, detail, kind, arms = _drawn(step)
    return Item(kind, step.name or label, detail, step.note or "", step.id or "", step.place.line, arms)


Drawn = tuple[str, str, Kind, tuple[Arm, ...]]


def _drawn(step: AnyStep) -> Drawn:
    match step:
        case SendStep() | WaitStep() | SetStep() | RecordStep() | CallStep() | EnterStep():
            return _doing(step)
        case MilestoneStep():
            return step.milestone, "", "milestone", ()
        case StopStep():
            return step.reason, "", "stop", ()
        case UseStep():
            return step.shared, "", "repeat", (Arm("", _items(step.steps)),)
        case _:
            return _forking(step)


def _doing(step: SendStep | WaitStep | SetStep | RecordStep | CallStep | EnterStep) -> Drawn:
    match step:
        case SendStep():
            return step.message, " or ".join(step.by), "send", ()
        case WaitStep():
            return words.until_words(step.until), "", "wait", ()
        case SetStep():
            return ", ".join(f"{name} = {_given(value)}" for name, value in step.assignments), "", "set", ()
        case RecordStep():
            return step.event, "", "record", ()
        case CallStep():
            return f"{step.connection}.{step.action}", _first_text(step.args), "call", ()
        case EnterStep():
            return step.journey, "", "enter", ()


def _forking(step: WaitForStep | IfStep | ChooseStep | SplitStep | RepeatStep | AskStep) -> Drawn:
    match step:
        case WaitForStep():
            came, late = Arm("it came", _items(step.then)), Arm("time is up", _items(step.otherwise or ()))
            return step.event, _at_most(step.max), "listen", (came, late)
        case IfStep():
            arms = Arm("yes", _items(step.then)), Arm("no", _items(step.otherwise or ()))
            return step.condition.text, "", "if", arms
        case ChooseStep():
            return _choice(step)
        case SplitStep():
            arms_ = tuple(Arm(f"{path.name} {share_words(path.share)}", _items(path.steps)) for path in step.into)
            return step.experiment, "", "split", arms_
        case RepeatStep():
            until = f"until {step.until.text}" if step.until else ""
            first = Item("wait", words.length_words(step.every), line=step.place.line)
            return words.counted(step.times, "time"), until, "repeat", (Arm("each time", (first, *_items(step.steps))),)
        case AskStep():
            yes, no = Arm("yes", _items(step.then)), Arm("no, or time is up", _items(step.otherwise or ()))
            return step.who, _at_most(step.max), "ask", (yes, no)


def _choice(step: ChooseStep) -> Drawn:
    """Name what all arms ask about once, at the fork: ``event.score``, then ``is at most 6``, ``is at most 8``."""
    texts = [arm.when.text for arm in step.arms]
    subjects = {text.split(" ", 1)[0] for text in texts if " " in text}
    shared = subjects.pop() if len(subjects) == 1 and all(" " in text for text in texts) else ""
    arms = [Arm(arm.when.text.removeprefix(f"{shared} ") if shared else arm.when.text, _items(arm.then)) for arm in step.arms]
    return shared or "the first that holds", "", "choose", (*arms, Arm("otherwise", _items(step.otherwise or ())))


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


def _first_text(args: Mapping[str, object]) -> str:
    """A call is best known by its title; the rest is for machines."""
    title = args.get("title")
    return title if isinstance(title, str) and "{{" not in title else ""
