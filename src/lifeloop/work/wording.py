"""A cleared message gets its words: rendered with the records as they are at this moment."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from lifeloop.channel.values import Envelope, Request
from lifeloop.clock import Instant
from lifeloop.engine.values import NOTHING, Record
from lifeloop.engine.zones import zone_named
from lifeloop.message.apart import Job
from lifeloop.message.errors import MessageError
from lifeloop.message.question import Question
from lifeloop.message.render import Reader, Rendered
from lifeloop.work import returning
from lifeloop.work.allowing import address_of
from lifeloop.work.gating import Cleared
from lifeloop.work.links import LinksUnset
from lifeloop.work.workspace import Workspace

_ID = re.compile(r"[0-9a-f]{32}")


class WordingProblem(Exception):  # noqa: N818  # an expected outcome: the message is held, the others go on
    """A message could not be written for somebody; the sentence names file and line, never the customer's data."""


AGAIN = "the same key again: it is recognised"
"""Why a message is ready whose process died over it, or whose answer was lost: its text is written apart."""
Ahead = Mapping[str, Any]
"""What was written apart, by message: texts, or the errors that came instead."""


async def write_ahead(space: Workspace, batch: Sequence[Cleared], now: Instant) -> dict[str, Any]:
    """Write texts in processes of their own, beside each other: all of them, or those that a process died over."""
    always, jobs = space.catalogue.render.processes > 0, {}
    done: dict[str, Any] = {}
    for one in batch:
        if always or one.message.reason == AGAIN:
            try:
                jobs[one.message.id] = _job(space, one, now)
            except LinksUnset as problem:
                done[one.message.id] = problem
    return done | await asyncio.to_thread(space.renderer_apart().write_all, jobs) if jobs else done


def envelope_of(space: Workspace, one: Cleared, now: Instant, ahead: Ahead = NOTHING) -> Envelope:
    """Return a message ready for its way out.

    Raises:
        WordingProblem: the text could not be written for this customer.
    """
    message = one.message
    rendered: Rendered = _written(space, one, now, ahead)
    return Envelope(
        id=message.id,
        channel=message.channel,
        to=address_of(message, one.facts.customer),
        sender=rendered.sender,
        subject=rendered.subject,
        html=rendered.html,
        text=rendered.text,
        journey=message.journey,
        step=message.node,
        topic=message.topic,
        locale=rendered.locale,
        unsubscribe=_https(rendered.unsubscribe_url),
        unsubscribe_mail=returning.leaves_of(space, message) if rendered.unsubscribe_url else None,
        bounces=returning.bounces_of(space, message),
    )


def request_of(space: Workspace, one: Cleared, now: Instant, ahead: Ahead = NOTHING) -> Request:
    """Return a call ready to be made.

    Raises:
        WordingProblem: one of its texts could not be written for this customer.
    """
    connection, _, action = one.message.name.partition(".")
    body = _written(space, one, now, ahead)
    return Request(id=one.message.id, connection=connection, action=action, body=body)


def question_of(space: Workspace, one: Cleared, now: Instant, ahead: Ahead = NOTHING) -> Envelope:
    """Return a question to a person of ours, with how to answer it.

    Raises:
        WordingProblem: the question could not be written for this customer.
    """
    message, words = one.message, question_words(space, one, now, ahead)
    try:
        link = space.links.ask(message.id) if space.links is not None else None
    except LinksUnset as problem:
        raise WordingProblem(str(problem)) from problem
    zone = zone_named(space.catalogue.timezone)
    asked = Question(
        words=words,
        key=message.key,
        journey=title_of(space, message.journey),
        reference=message.reference,
        until=None if message.expires_at is None else datetime.fromtimestamp(message.expires_at, zone),
        link=link,
        language=space.catalogue.language,
    )
    return Envelope(
        id=message.id,
        channel="ask",
        to=space.catalogue.approvers.get(message.name, message.name),
        sender=space.renderer.first_sender,
        subject=asked.subject,
        html=asked.html,
        text=asked.text,
        journey=message.journey,
        step=message.node,
    )


def question_words(space: Workspace, one: Cleared, now: Instant, ahead: Ahead = NOTHING) -> str:
    """Return a question to a person of ours as it reads with the records of now.

    Raises:
        WordingProblem: the question could not be written for this customer.
    """
    words: str = _written(space, one, now, ahead)
    return words


def title_of(space: Workspace, journey: str) -> str:
    """Return what people call a journey."""
    found = space.project.journeys.get(journey)
    return found.spec.title if found is not None and found.spec is not None else journey


def _written(space: Workspace, one: Cleared, now: Instant, ahead: Ahead) -> Any:
    """Return what the renderer makes of a message: written here, unless it was written apart already."""
    try:
        found = ahead.get(one.message.id)
        if isinstance(found, Exception):
            raise found
        if found is not None:
            return found
        method, args, named = _job(space, one, now)
        return getattr(space.renderer, method)(*args, **named)
    except (MessageError, LinksUnset) as problem:
        raise WordingProblem(str(problem)) from problem


def _job(space: Workspace, one: Cleared, now: Instant) -> Job:
    """Return what is asked of the renderer, here or apart."""
    said, context, reader = one.message.data, _context(one), _reader(space, one, now)
    match one.message.kind:
        case "call":
            return "render_args", (_args(one), context), {"reader": reader}
        case "ask":
            return "render_text", (str(said["question"]), context), {"reader": reader}
        case _:
            step = {key: said.get(key) for key in ("args", "subject", "sender")}
            named = {"context": context, "reader": reader, "topic": one.message.topic, **step}
            return "render", (one.message.name,), named


def _context(one: Cleared) -> dict[str, Any]:
    """Return the roots of data a text may read: live records, and what the run handed along."""
    context: dict[str, Any] = dict(_record(one.message.data.get("data")))
    context["customer"] = one.facts.customer
    if one.object_kind is not None and one.facts.object is not None:
        context[one.object_kind] = one.facts.object
    return context


def _reader(space: Workspace, one: Cleared, now: Instant) -> Reader:
    customer = one.facts.customer
    return Reader(
        locale=_text(customer.get("locale")),
        zone=_text(customer.get("timezone")),
        now=now,
        unsubscribe_url=_leaving(space, one),
        preferences_url=_choosing(space, one),
        confirm_url=_confirming(space, one),
    )


def _leaving(space: Workspace, one: Cleared) -> str | None:
    """Return where a click on *unsubscribe* leads: our own page, the company's with the message's id, or a mail."""
    message = one.message
    if space.links is not None:
        return space.links.leave(message.customer_id, message.topic, message.id)
    company = space.catalogue.company
    if page := company.get("unsubscribe"):
        return f"{page}{'&' if '?' in page else '?'}m={one.message.id}"
    if address := company.get("email"):
        return f"mailto:{address}?subject={quote(f'Unsubscribe {one.message.topic}')}"
    return None


def _choosing(space: Workspace, one: Cleared) -> str | None:
    if space.links is not None:
        return space.links.preferences(one.message.customer_id)
    return space.catalogue.company.get("preferences")


def _confirming(space: Workspace, one: Cleared) -> str | None:
    """Return where somebody confirms what the step names: ``with: {confirms: topic, request: the request's id}``."""
    said = {name: text for name, text in _args(one).items() if name in ("confirms", "request")}
    if space.links is None or len(said) < 2:  # noqa: PLR2004  # both or nothing
        return None
    topic, request = (str(text) for _, text in sorted(space.renderer.render_args(said, _context(one)).items()))
    return space.links.confirm(one.message.customer_id, topic, request) if _ID.fullmatch(request) else None


def _args(one: Cleared) -> Record:
    return _record(one.message.data.get("args"))


def _record(value: Any) -> Record:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _https(url: str | None) -> str | None:
    return url if url and url.startswith("https://") else None
