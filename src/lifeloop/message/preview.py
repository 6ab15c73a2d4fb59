"""A message as one person would get it at one instant, with all that is worth knowing before it goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lifeloop.clock import Instant
from lifeloop.journey.person import Person
from lifeloop.journey.plan import Json
from lifeloop.journey.source import Report
from lifeloop.message.checks import Check, check_message, without_meant
from lifeloop.message.names import PROVIDED, Use, uses
from lifeloop.message.render import Reader, Rendered, Renderer
from lifeloop.message.samples import fill_in
from lifeloop.message.seen import finished
from lifeloop.message.syntax import read_pieces
from lifeloop.message.template import Template

UNSUBSCRIBE = "https://www.example.com/unsubscribe"
PREFERENCES = "https://www.example.com/preferences"
CONFIRM = "https://www.example.com/confirm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a preview shows."""

    rendered: Rendered
    file: str
    as_person: str | None
    links: tuple[str, ...]
    checks: tuple[Check, ...]
    missing: Mapping[str, str] = field(default_factory=dict)
    """Locale of the project without a text of its own to the file that is used instead."""
    made_up: tuple[str, ...] = ()
    """Names that this person has no data for: the values shown are samples."""


def preview(
    renderer: Renderer,
    message: str,
    *,
    person: Person | None,
    at: Instant,
    locale: str | None = None,
    topic: str | None = None,
    context: Mapping[str, Any] | None = None,
    args: Mapping[str, Json] | None = None,
) -> Preview:
    """Return a message for a person at an instant; data that nobody has yet is made up from the catalogue.

    ``context`` and ``args`` win over the person's data and over made-up data. Raises what ``Renderer.render`` raises.
    """
    customer = dict(person.customer) if person else {}
    wanted = locale or _text(customer.get("locale"))
    template = renderer.template(message, wanted)
    data = _data(renderer, person, customer, context or {})
    data.update(args or {})
    made_up = fill_in(data, _uses(template), renderer.catalogue, at)
    addresses = {"unsubscribe_url": UNSUBSCRIBE, "preferences_url": PREFERENCES, "confirm_url": CONFIRM}
    reader = Reader(locale=wanted, now=at, **addresses)
    rendered = renderer.render(message, context=data, reader=reader, args=args, topic=topic)
    seen = finished(
        rendered,
        template,
        renderer.catalogue,
        needs_consent=renderer.needs_consent(rendered.topic),
        own=frozenset(addresses.values()),
    )
    return Preview(
        rendered=rendered,
        file=template.file,
        as_person=person.name if person else None,
        links=rendered.links,
        checks=without_meant(check_message(seen), template),
        missing=_missing(renderer, message),
        made_up=made_up,
    )


def _data(
    renderer: Renderer, person: Person | None, customer: dict[str, Any], context: Mapping[str, Any]
) -> dict[str, Any]:
    data: dict[str, Any] = {"customer": customer, "values": dict(renderer.catalogue.values)}
    for kind, things in (person.things if person else {}).items():
        data[kind] = dict(things[0]) if things else {}
    for name, value in context.items():
        known = data.get(name)
        data[name] = {**(known if isinstance(known, dict) else {}), **value} if isinstance(value, Mapping) else value
    return data


def _uses(template: Template) -> list[Use]:
    """Return what the text reads of the run and the customer, what it needs before what it can do without."""
    found = [use for segments in template.parts for use in uses(read_pieces(segments, Report()))]
    return sorted((use for use in found if use.name.partition(".")[0] not in PROVIDED), key=lambda use: use.spared)


def _missing(renderer: Renderer, message: str) -> dict[str, str]:
    """Return the locales that other messages have and this one lacks."""
    locales = {renderer.locale_of(text) for texts in renderer.messages.values() for text in texts.values()}
    own = {renderer.locale_of(text) for text in renderer.messages[message].values()}
    return {locale: renderer.template(message, locale).file for locale in sorted(locales - own)}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
