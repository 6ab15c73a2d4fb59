"""A journey as prose, for people who will never open a YAML file: approvers, legal, somebody listening.

Generated from what the file was understood to say, so it cannot drift from what runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.compiler_policy import GAP, is_service, topic_of
from lifeloop.journey.plan import (
    Again,
    ByHand,
    FromJourney,
    OnCalendar,
    OnChange,
    OnEvent,
    OnMoment,
    OnSegment,
    Trigger,
)
from lifeloop.journey.prose_conditions import condition_words, event_clause
from lifeloop.journey.prose_names import BEGAN, S, data_words, event_words, hours_words, listed, words_of
from lifeloop.journey.prose_steps import Said, Voice
from lifeloop.journey.prose_time import length_words
from lifeloop.journey.saying import say_every, say_limit
from lifeloop.journey.spec import Clause, JourneySpec, Start, StopWritten

__all__ = ["Prose", "Said", "prose_text", "read_aloud"]

INDENT = "   "


@dataclass(frozen=True, slots=True)
class Prose:
    """A journey told: who and when, the numbered steps, and the rules for its messages."""

    title: str
    about: str
    opening: tuple[str, ...]
    steps: tuple[Said, ...]
    closing: tuple[str, ...]


def read_aloud(spec: JourneySpec, catalogue: Catalogue) -> Prose:
    """Return a journey as prose."""
    voice = Voice({**catalogue.values, **spec.values})
    return Prose(
        title=spec.title or spec.name,
        about=" ".join(spec.about.split()),
        opening=(_who(spec, voice), *_ends(spec, voice), *_goal(spec, voice)),
        steps=tuple(voice.steps(spec.steps)),
        closing=(_delivery(spec, catalogue),),
    )


def prose_text(prose: Prose) -> str:
    """Return the prose as plain text, one paragraph or step a line."""
    about = [prose.about, ""] if prose.about else []
    steps = [f"{INDENT * said.depth}{f'{_label(said)} ' if said.number else ''}{said.text}" for said in prose.steps]
    return "\n".join([prose.title, "", *about, *prose.opening, "", *steps, "", *prose.closing]) + "\n"


def _label(said: Said) -> str:
    return said.number if "." in said.number else f"{said.number}."


def _who(spec: JourneySpec, voice: Voice) -> str:
    starts = listed([_start(start, voice) for start in spec.starts], "or") if spec.starts else "when somebody starts it"
    who = f", provided that {_entering(spec.audience, voice)}" if spec.audience else ""
    return f"It starts {starts}{who}. {_again(spec.again)}"


def _start(start: Start, voice: Voice) -> str:
    where = f", where {_entering(start.where, voice)}" if start.where else ""
    return f"{_trigger(start.trigger, voice)}{where}"


def _entering(clause: Clause, voice: Voice) -> str:
    """Say a condition at the door, where what it began with is what has just happened."""
    return condition_words(clause.tree, voice.values).replace(BEGAN, "")


def _trigger(trigger: Trigger, voice: Voice) -> str:
    match trigger:
        case OnEvent():
            return f"when {event_words(trigger.event)}"
        case OnMoment():
            return ", or failing that ".join(voice.anchor(moment) for moment in trigger.moments)
        case OnSegment():
            return f"when somebody {'leaves' if trigger.leaves else 'joins'} the segment “{words_of(trigger.segment)}”"
        case OnChange():
            to = f" to “{trigger.to}”" if trigger.to is not None else ""
            return f"when {data_words(trigger.attribute, {})} changes{to}"
        case OnCalendar():
            return f"every {say_every(trigger.every)}"
        case ByHand():
            return "by hand"
        case FromJourney():
            return "when another journey hands somebody over"


def _again(again: Again) -> str:
    match again.rule:
        case "always":
            return "Whoever has been through it may come again at any time."
        case "after" if again.after:
            return f"Whoever has been through it may come again after {length_words(again.after)}."
        case "once" if again.per:
            return f"Once for each new value of “{words_of(str(again.per))}”."
        case _:
            return "Once, and never again."


def _ends(spec: JourneySpec, voice: Voice) -> tuple[str, ...]:
    if not spec.stops:
        return ()
    return ("It ends early " + listed([_end(rule, voice) for rule in spec.stops], "or") + ".",)


def _end(rule: StopWritten, voice: Voice) -> str:
    when = event_clause(rule.when.tree, voice.values) if rule.when else "its goal is reached"
    closing = [said.text.rstrip(".") for said in voice.steps(rule.then)]
    then = f" (then: {'; '.join(text[:1].lower() + text[1:] for text in closing)})" if closing else ""
    return f"as soon as {when}{then}"


def _goal(spec: JourneySpec, voice: Voice) -> tuple[str, ...]:
    return (f"It is a success if {condition_words(spec.goal.tree, voice.values)}.",) if spec.goal else ()


def _delivery(spec: JourneySpec, catalogue: Catalogue) -> str:
    near, far = spec.delivery, catalogue.delivery
    if near.topic and is_service(topic_of(near.topic, catalogue)):
        # What is set further out than a service topic does not hold for it.
        hours, limit, gap, holidays = near.hours, near.limit, near.gap, near.holidays
    else:
        hours, limit = near.hours or far.hours, near.limit or far.limit
        gap, holidays = near.gap or far.gap or GAP, near.holidays or far.holidays
    zone = near.timezone or "customer"
    rules = [
        hours_words(hours) if hours else "at any hour",
        *(["not on public holidays"] if holidays == "avoid" else []),
        *([f"at most {say_limit(limit)}"] if limit else []),
        *([f"never two within {length_words(gap)}"] if gap else []),
    ]
    clock = f"on the customer{S} own clock" if zone == "customer" else f"on the clock of {zone}"
    return f"Messages leave {', '.join(rules)}; all times are {clock}.{_topic(near.topic, catalogue)}"


def _topic(name: str | None, catalogue: Catalogue) -> str:
    if name is None:
        return ""
    known = catalogue.topics.get(name)
    title = known.titles.get("en") if known else None
    return f" Their topic is “{title or words_of(name)}”."
