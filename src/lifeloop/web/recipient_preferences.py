"""Choosing what one gets: a form without JavaScript, and the page that says what was saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lifeloop.web.recipient_pages import Door, apart, form_of
from lifeloop.web.recipient_words import Speech
from lifeloop.work.links import Purpose
from lifeloop.work.preferring import TRACKING, Choices, Pause, Wanted, choices_of, choose, is_paused, offered

PAUSES = ("keep", "no", "1", "3")


class Preferring:
    """``/p/…``."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def page(self, request: Request) -> Response:
        """Show what somebody gets, with a switch for each."""
        self._door.patient(request)
        person = self._door.person(request, Purpose.PREFERENCES)
        choices = choices_of(self._door.space, person)
        if choices is None:
            return self._door.pages.say("neutral_title", "neutral_lead", self._door.speech(request), good=True)
        say = self._door.speech(request, choices.customer)
        return self._door.pages.show(
            "choose",
            say,
            topics=[{"name": name, "title": self._named(name, say), "on": on} for name, on in choices.topics.items()],
            weekly=choices.wish.pace == "weekly",
            until=self._until(choices, say),
            tracking=choices.tracking,
        )

    async def save(self, request: Request) -> Response:
        """Save what the form says, and say it back."""
        person = self._door.person(request, Purpose.PREFERENCES)
        form = await form_of(request)
        if "page" not in form.get("by", ()):
            raise HTTPException(400)
        before = await apart(choices_of, self._door.space, person)
        say = self._door.speech(request, before.customer if before else None)
        wanted = self._wanted(form, say)
        after = await apart(choose, self._door.space, person, wanted, self._door.visitor(request))
        if after is None:
            return self._door.pages.say("neutral_title", "neutral_lead", say, good=True)
        return self._saved(after, say, self._door.links.preferences(person.customer_id))

    def _wanted(self, form: Mapping[str, list[str]], say: Speech) -> Wanted:
        known = offered(self._door.space)
        shown = [name for name in form.get("shown", ()) if name in known]
        nothing = "nothing" in form.get("do", ())
        on = set() if nothing else set(form.get("topic", ()))
        asked = TRACKING in form.get("shown", ())
        pause = next((word for word in form.get("pause", ()) if word in PAUSES), "keep")
        return Wanted(
            topics={name: name in on for name in (known if nothing else shown)},
            pace="weekly" if "weekly" in form.get("pace", ()) else None,
            pause=cast(Pause, pause),
            tracking=("yes" in form.get("tracking", ()) and not nothing) if asked else None,
            wording={name: self._named(name, say) for name in shown} | {TRACKING: say["tracking_switch"]},
            version=say.version,
        )

    def _saved(self, choices: Choices, say: Speech, here: str) -> Response:
        on = [self._named(name, say) for name, yes in choices.topics.items() if yes]
        until = self._until(choices, say)
        lines = [
            *([say["saved_pace"]] if on and choices.wish.pace == "weekly" else ()),
            *([say["saved_pause"].format(until=until)] if on and until else ()),
        ]
        values: dict[str, Any] = {
            "good": True,
            "points": on,
            "lines": lines,
            "link": here,
            "link_text": say["saved_back"],
        }
        return self._door.pages.say("saved_title", "saved_lead" if on else "saved_none", say, **values)

    def _named(self, topic: str, say: Speech) -> str:
        return self._door.title(topic, say) or topic.replace("-", " ").capitalize()

    def _until(self, choices: Choices, say: Speech) -> str:
        until = choices.wish.paused_until
        if until is None or not is_paused(choices.wish, self._door.space.clock.now()):
            return ""
        return self._door.day(until, choices.zone, say)
