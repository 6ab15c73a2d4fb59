"""Saying yes to what one asked for: a page with one button, good for seven days and for nothing else."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from lifeloop.web.recipient_pages import Door, apart
from lifeloop.work.links import Person, Purpose
from lifeloop.work.opting import Answered, confirm, look_at


class Confirming:
    """``/k/…``."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def page(self, request: Request) -> Response:
        """Show what somebody asked for, with the button that says yes."""
        self._door.patient(request)
        person = self._door.person(request, Purpose.CONFIRM)
        return self._shown(request, person, look_at(self._door.space, person))

    async def confirm(self, request: Request) -> Response:
        """Grant it."""
        person = self._door.person(request, Purpose.CONFIRM)
        answered = await apart(confirm, self._door.space, person, self._door.visitor(request))
        return self._shown(request, person, answered)

    def _shown(self, request: Request, person: Person, answered: Answered) -> Response:
        say = self._door.speech(request, answered.customer)
        asked = answered.request
        if asked is None or answered.state == "expired":
            return self._door.pages.say("expired_title", "expired_lead", say)
        title = self._door.title(asked.topic, say) or asked.topic
        if answered.state == "open":
            return self._door.pages.show("confirm", say, topic=title, wording=asked.wording)
        return self._door.pages.say(
            "confirmed_title",
            "confirmed_lead",
            say,
            good=True,
            topic=title,
            link=self._door.links.preferences(person.customer_id),
            link_text=say["confirmed_more"],
        )
