"""Steps without branches as English: what is sent, remembered, noted, asked of another system."""

from __future__ import annotations

from collections.abc import Mapping

from lifeloop.journey.condition import DataName
from lifeloop.journey.prose_names import (
    Constants,
    action_words,
    capital,
    data_words,
    event_words,
    flag_words,
    hours_words,
    listed,
    target_words,
    template_words,
    title_of,
    words_of,
)
from lifeloop.journey.prose_time import length_words
from lifeloop.journey.saying import say_limit
from lifeloop.journey.spec import (
    AnyStep,
    CallStep,
    EnterStep,
    Given,
    MilestoneStep,
    RecordStep,
    SendStep,
    SetStep,
    StopStep,
)

WAYS = {"email": "e-mail", "sms": "text message", "push": "push message"}


def deed_words(step: AnyStep, values: Constants) -> str:
    """Return what a step without arms does."""
    match step:
        case SetStep():
            return "remember " + listed([_remembered(name, value, values) for name, value in step.assignments])
        case RecordStep():
            return f"note that {event_words(step.event, tense='was')}{_handed(step.args, values)}"
        case CallStep():
            kept = f", and remember the answer as “{step.answer_as}”" if step.answer_as else ""
            return f"have “{words_of(step.connection)}” {action_words(step.action)}{_titled(step.args, values)}{kept}"
        case EnterStep():
            return f"start the journey “{step.journey}” as well{_handed(step.args, values)}"
        case MilestoneStep():
            return f"mark the milestone “{words_of(step.milestone)}”"
        case StopStep():
            return f"end the journey (“{step.reason}”)"
        case _:
            return ""


def send_words(step: SendStep, values: Constants) -> str:
    """Return a send with whatever differs from the rest of the journey."""
    way = " or else ".join(WAYS.get(channel, channel) for channel in step.by)
    parts = (
        f" by {way}" if way else "",
        f" from {capital(words_of(step.sender))}" if step.sender else "",
        f" with the subject “{template_words(step.subject, values)}”" if step.subject else "",
        _about(step.topic) if step.topic else "",
        f", only {hours_words(step.hours)}" if step.hours else "",
        f", at most {say_limit(step.limit)}" if step.limit else "",
        f", or not at all if it cannot leave within {length_words(step.expires)}" if step.expires else "",
    )
    return f"send {title_of(step.message)}{''.join(parts)}"


def _about(topic: str) -> str:
    return ", as a service message" if topic == "service" else f", as a message about “{words_of(topic)}”"


def _titled(args: Mapping[str, object], values: Constants) -> str:
    """Return what a call is about, if it says so."""
    title = args.get("title")
    return f" “{template_words(title, values)}”" if isinstance(title, str) else ""


def _remembered(name: DataName, value: Given, values: Constants) -> str:
    """Return one thing that is remembered."""
    match value:
        case None:
            return f"that {data_words(name, {})} is not known"
        case bool():
            return f"that {flag_words(name, holds=value)}"
        case DataName():
            return f"{data_words(value, values)} as {target_words(name)}"
        case _:
            return f"“{value}” as {target_words(name)}"


def _handed(args: Mapping[str, Given], values: Constants) -> str:
    """Return what is handed on with an event or to a journey."""
    if not args:
        return ""
    said = [f"{words_of(name)} {_given(value, values)}" for name, value in args.items()]
    return f" (with {listed(said)})"


def _given(value: Given, values: Constants) -> str:
    return data_words(value, values) if isinstance(value, DataName) else f"“{value}”"
