"""Checks of a journey that can be read: each rule is a function in a list and yields diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.known import Known
from lifeloop.journey.rules.circles import circles_between_journeys
from lifeloop.journey.rules.countdown import countdown_runs_backwards
from lifeloop.journey.rules.delivery import hours_never_fit, no_topic, promotion_as_service
from lifeloop.journey.rules.flow import event_may_be_unknown, never_remembered, unreachable_steps
from lifeloop.journey.rules.habits import deep_nesting, long_wait, opens_are_unreliable
from lifeloop.journey.rules.ids import path_pins, renamed_to_nothing, same_id_twice
from lifeloop.journey.rules.messages import messages_never_sent, missing_data, missing_translations
from lifeloop.journey.rules.subject import Subject
from lifeloop.journey.spec import JourneySpec

Rule = Callable[[Subject], Iterator[Diagnostic]]
ProjectRule = Callable[[Sequence[JourneySpec], Known], Iterator[Diagnostic]]

RULES: tuple[Rule, ...] = (
    same_id_twice,
    path_pins,
    no_topic,
    countdown_runs_backwards,
    hours_never_fit,
    promotion_as_service,
    opens_are_unreliable,
    deep_nesting,
    long_wait,
    missing_data,
)
"""Hold for every step on its own: asked even when other steps of the file could not be read."""

FLOW_RULES: tuple[Rule, ...] = (event_may_be_unknown, never_remembered, unreachable_steps, renamed_to_nothing)
"""Need the whole flow: asked when every step could be read, so that one mistake gives one message."""

PROJECT_RULES: tuple[ProjectRule, ...] = (circles_between_journeys, missing_translations)
"""Look at all journeys together."""

WHOLE_PROJECT_RULES: tuple[ProjectRule, ...] = (messages_never_sent,)
"""Need every step of every journey: asked when all files could be read."""


def check_journey(spec: JourneySpec, known: Known, *, whole: bool) -> Iterator[Diagnostic]:
    """Yield what the rules say of one journey; ``whole``: all of the file could be read."""
    subject = Subject(spec, known)
    for rule in (*RULES, *(FLOW_RULES if whole else ())):
        yield from rule(subject)


def check_project(specs: Sequence[JourneySpec], known: Known, *, whole: bool) -> Iterator[Diagnostic]:
    """Yield what the rules say of all journeys together; ``whole``: all of them could be read."""
    for rule in (*PROJECT_RULES, *(WHOLE_PROJECT_RULES if whole else ())):
        yield from rule(specs, known)
