"""Questions to colleagues: a page behind a signed link. Looking changes nothing; only its buttons do."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from lifeloop.clock import Instant
from lifeloop.engine.zones import zone_named
from lifeloop.web.recipient_pages import Door, apart, form_of
from lifeloop.web.recipient_words import Speech
from lifeloop.work.asking import Look, answer_one, look_at

Word = Literal["approved", "declined"]
YES_FIRST: tuple[Word, Word] = ("approved", "declined")


class Asks:
    """``/a/…``: whoever holds the link of a question may answer it, once, until its time is up."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def page(self, request: Request) -> Response:
        """Show the question with a button for each answer. ``?no`` only puts that button first."""
        self._door.patient(request)
        look = look_at(self._door.space, self._asked(request))
        if look is None:
            raise self._door.missed(request)
        say = self._door.speech(request)
        if look.state != "open":
            return self._closed(look, say)
        order = YES_FIRST[::-1] if "no" in request.query_params else YES_FIRST
        message, words = look.question.message, look.question.words
        return self._door.pages.show(
            "ask", say, words=words, who=message.name, facts=self._facts(look, say), order=order
        )

    async def answer(self, request: Request) -> Response:
        """Take the answer of the button that was pressed; anything else shows the question again."""
        self._door.patient(request)
        asked = self._asked(request)
        form = await form_of(request)
        word, note = form.get("answer", [""])[0], form.get("note", [""])[0]
        if word not in YES_FIRST:
            return await apart(self.page, request)
        approved = word == "approved"
        look = await apart(lambda: answer_one(self._door.space, asked, None, approved=approved, note=note))
        if look is None:
            raise self._door.missed(request)
        if look.new:
            self._door.wake([look.question.message.journey])
        return self._closed(look, self._door.speech(request))

    def _asked(self, request: Request) -> str:
        found = self._door.links.asked(request.path_params["token"])
        if found is None:
            raise self._door.missed(request)
        return found

    def _closed(self, look: Look, say: Speech) -> Response:
        """Show what was answered, when, by whom and how; or that it is too late."""
        message = look.question.message
        if look.state == "over" or message.answered_at is None:
            return self._door.pages.say("over_title", "over_lead", say, lines=(look.question.words,))
        said = message.answer or {}
        yes, via = said.get("approved") is True, f"asked_{said.get('via')}"
        who = [str(said.get("by") or message.name), *([say[via]] if via in say else [])]
        return self._door.pages.show(
            "asked",
            say,
            title=say["asked_yes" if yes else "asked_no"],
            yes=yes,
            words=look.question.words,
            note=said.get("note", ""),
            who=say["asked_who"].format(who=", ".join(who), day=self._moment(message.answered_at, say)),
            first=not look.new,
        )

    def _facts(self, look: Look, say: Speech) -> list[tuple[str, str]]:
        message = look.question.message
        facts = [
            (say["ask_about"], say["ask_customer"].format(key=message.key)),
            (say["ask_journey"], look.question.title),
        ]
        if message.expires_at is not None:
            facts.append((say["ask_until"], f"{self._moment(message.expires_at, say)}. {say['ask_until_more']}"))
        return facts

    def _moment(self, at: Instant, say: Speech) -> str:
        moment = datetime.fromtimestamp(at, zone_named(self._door.space.catalogue.timezone))
        return f"{say.day(moment)}, {moment:%H:%M}"
