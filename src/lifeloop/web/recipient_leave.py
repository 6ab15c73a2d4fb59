"""Leaving one topic: the page with its button, and the one click that mail programs make by themselves (RFC 8058)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from lifeloop.web.recipient_pages import PRIVATE, Door, apart, form_of
from lifeloop.work.leaving import Method, Reader, is_refused, leave, reader_of
from lifeloop.work.links import Person, Purpose


class Leaving:
    """``/u/…``: looking at it changes nothing, posting to it ends the topic."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def page(self, request: Request) -> Response:
        """Show what one click would do."""
        self._door.patient(request)
        person = self._door.person(request, Purpose.UNSUBSCRIBE)
        reader = reader_of(self._door.space, person)
        if reader.topic is None or is_refused(reader.consents, reader.topic):
            return self._left(request, person, reader)
        say = self._door.speech(request, reader.customer)
        return self._door.pages.show(
            "leave",
            say,
            topic=self._door.title(reader.topic, say),
            choices=self._door.links.preferences(person.customer_id),
        )

    async def leave(self, request: Request) -> Response:
        """End the topic. A mail program gets a line of text; a person who pressed the button gets a page.

        Whatever is in the body, or missing from it: the link alone says who wants what.
        """
        person = self._door.person(request, Purpose.UNSUBSCRIBE)
        method: Method = "page" if "page" in (await form_of(request)).get("by", ()) else "rfc8058"
        reader = await apart(leave, self._door.space, person, method, self._door.visitor(request))
        if method == "page":
            return self._left(request, person, reader)
        say = self._door.speech(request, reader.customer)
        return PlainTextResponse(say["left_title"] + "\n", headers=PRIVATE)

    def _left(self, request: Request, person: Person, reader: Reader) -> Response:
        say = self._door.speech(request, reader.customer)
        if reader.customer is None:
            return self._door.pages.say("neutral_title", "neutral_lead", say, good=True)
        title = self._door.title(reader.topic, say)
        return self._door.pages.say(
            "left_title",
            "left_lead" if title else "left_lead_plain",
            say,
            good=True,
            topic=title,
            lines=(say["left_now"],),
            link=self._door.links.preferences(person.customer_id),
            link_text=say["left_again"],
        )
