"""The words that one person would read: subjects, requests and questions, written by the message room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifeloop.engine.values import AskPerson, CallAction, Record, SendMessage
from lifeloop.journey.plan import Json
from lifeloop.message.errors import MessageError
from lifeloop.message.preview import PREFERENCES, UNSUBSCRIBE
from lifeloop.message.render import Reader, Renderer
from lifeloop.rehearse.happened import Happened

Spoken = SendMessage | CallAction | AskPerson
LONGEST = 90
"""Characters of a text message that stand in for a subject."""


class Unwritten(Exception):  # noqa: N818  # an expected outcome: the text lacks something of this person
    """A text could not be written for this person; the words say why, and where in the file."""


class Wording:
    """Writes what a rehearsal says. ``kinds``: journey to the kind of thing that one run is about."""

    def __init__(self, renderer: Renderer, kinds: Mapping[str, str | None]) -> None:
        self._renderer = renderer
        self._kinds = kinds

    def subject(self, one: Happened, said: SendMessage) -> str:
        """Return the subject of a message; of a text message, how it begins.

        Raises:
            Unwritten: it cannot be written for this person.
        """
        try:
            made = self._renderer.render(
                said.message,
                context=self._context(one, said),
                reader=_reader(one),
                args=said.args,
                subject=said.subject,
                sender=said.sender,
                topic=said.policy.topic,
            )
        except MessageError as problem:
            raise Unwritten(str(problem)) from problem
        text = " ".join(made.text.split())
        return made.subject or (text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…")

    def request(self, one: Happened, asked: CallAction) -> Record:
        """Return what a call hands over.

        Raises:
            Unwritten: one of its texts cannot be written for this person.
        """
        try:
            return self._renderer.render_args(asked.args, self._context(one, asked), reader=_reader(one))
        except MessageError as problem:
            raise Unwritten(str(problem)) from problem

    def question(self, one: Happened, asked: AskPerson) -> str:
        """Return what a person of ours is asked.

        Raises:
            Unwritten: the question cannot be written for this person.
        """
        try:
            return self._renderer.render_text(asked.question, self._context(one, asked), reader=_reader(one))
        except MessageError as problem:
            raise Unwritten(str(problem)) from problem

    def _context(self, one: Happened, said: Spoken) -> dict[str, Any]:
        context: dict[str, Any] = {**said.data, "customer": one.customer}
        kind = self._kinds.get(one.journey or "")
        if kind is not None and one.object is not None:
            context[kind] = one.object
        return context


def _reader(one: Happened) -> Reader:
    locale, zone = one.customer.get("locale"), one.customer.get("timezone")
    return Reader(
        locale=_text(locale), zone=_text(zone), now=one.at, unsubscribe_url=UNSUBSCRIBE, preferences_url=PREFERENCES
    )


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
