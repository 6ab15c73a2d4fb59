"""Which message somebody asked to see: as whom, when, and what the step that sends it adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from lifeloop.cli.completing import JourneyName, PersonName
from lifeloop.cli.errors import Findings, WrongUsage
from lifeloop.cli.opened import Opened
from lifeloop.clock import Instant, SystemClock
from lifeloop.engine.zones import instant_of, zone_named
from lifeloop.journey.condition import Value
from lifeloop.journey.literals import parse_datetime
from lifeloop.journey.near_date import near_date
from lifeloop.journey.nearest import nearest
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Send
from lifeloop.message.errors import MessageError
from lifeloop.message.preview import Preview
from lifeloop.message.preview import preview as preview_message
from lifeloop.message.render import Renderer


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Asking:
    """The options of every command that shows a message to somebody.

    Parameters
    ----------
    person
        One of your sample people, such as ana. Without it: the one that the message names as its sample.
    at
        The moment it is sent, such as 2026-06-01 or "2026-06-01 09:30".
    journey
        The journey that sends it, when several do: what the step says comes along.
    """

    person: Annotated[PersonName | None, Parameter(name="--as")] = None
    at: str | None = None
    journey: JourneyName | None = None


AS_USUAL = Asking()


class Asked:
    """What is looked at: which message, as whom, when, and what its step adds."""

    def __init__(self, opened: Opened, renderer: Renderer, message: str, asking: Asking) -> None:
        self.message = _known(message, renderer)
        self.now = _instant(opened, asking.at)
        self.person = _person(opened, renderer, message, asking.person)
        self._renderer = renderer
        self._step, self._values = _step(opened, message, asking.journey)

    def preview(self, locale: str | None) -> Preview:
        """Return it in one language, or in the person's own."""
        step = self._step
        try:
            return preview_message(
                self._renderer,
                self.message,
                person=self.person,
                at=self.now,
                locale=locale,
                topic=step.policy.topic if step else None,
                context={"values": dict(self._values)} if self._values else None,
                args=step.args if step else None,
            )
        except MessageError as problem:
            raise Findings(f"{self.message} cannot be written: {problem}") from problem

    def previews(self) -> list[Preview]:
        """Return it in every language it is written in."""
        texts = self._renderer.messages[self.message].values()
        return [self.preview(locale) for locale in sorted({self._renderer.locale_of(text) for text in texts})]


def _known(message: str, renderer: Renderer) -> str:
    """Return the name of a message that there is; ``WrongUsage`` names those near."""
    if message in renderer.messages:
        return message
    near = nearest(message, renderer.messages)
    question = f', did you mean "{near}"?' if near else ""
    folder = message.partition("/")[0]
    there = sorted(name for name in renderer.messages if name.startswith(f"{folder}/")) or sorted(renderer.messages)
    raise WrongUsage(f'there is no message "{message}"{question}', hint=f"there is: {', '.join(there)}")


def _person(opened: Opened, renderer: Renderer, message: str, name: str | None) -> Person | None:
    """Return who was asked for, else the sample that the text names, else the first there is."""
    if name is not None:
        return opened.person(name)
    people = opened.project.people
    return people.get(renderer.template(message).said("sample")) or next(iter(people.values()), None)


def _instant(opened: Opened, text: str | None) -> Instant:
    """Return the moment somebody typed, on the project's clock; now, if they typed none."""
    if text is None:
        return SystemClock().now()
    moment = parse_datetime(text)
    zone = zone_named(opened.catalogue.timezone) or ZoneInfo("UTC")
    if moment is None:
        meant = near_date(text)
        hint = meant.label if meant else 'write it like 2026-06-01 or "2026-06-01 09:30"'
        raise WrongUsage(f'"{text}" is not a moment', hint=hint)
    wall = datetime.fromisoformat(moment)
    return instant_of(wall.date(), wall.time(), zone)


def _step(opened: Opened, message: str, journey: str | None) -> tuple[Send | None, Mapping[str, Value]]:
    """Return the step that sends a message, of the named journey or of the first that does, and that one's values."""
    chosen = [opened.journey(journey)] if journey else list(opened.project.journeys.values())
    for one in chosen:
        for node in one.plan.nodes if one.plan else ():
            if isinstance(node, Send) and node.message == message and one.plan:
                return node, one.plan.values
    if journey:
        raise WrongUsage(f'"{journey}" does not send "{message}"', hint="leave --journey out")
    return None, {}
