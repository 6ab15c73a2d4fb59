"""The short words on a journey's map, close to what the author wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from lifeloop.journey import prose_time as words
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
    MilestoneStep,
    RecordStep,
    RepeatStep,
    SendStep,
    SetStep,
    SplitStep,
    StopStep,
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


def item_words(step: AnyStep) -> tuple[Kind, str, str]:
    """Return the kind of an item, its short line and its smaller one."""
    match step:
        case WaitForStep():
            return "listen", step.event, _at_most(step.max)
        case IfStep():
            return "if", step.condition.text, ""
        case ChooseStep():
            return "choose", asked_by_all(step) or "the first that holds", ""
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


def asked_by_all(step: ChooseStep) -> str:
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
