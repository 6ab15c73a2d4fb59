"""Asking a provider what became of a message whose answer was lost: one question each, and one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import httpx

from lifeloop.channel.callbacks.values import Malformed, Report
from lifeloop.channel.providers.reply import Reply
from lifeloop.clock import Instant

What = Literal["there", "absent", "unknown"]
"""``absent``: it looked, and has nothing of that name. ``unknown``: nobody answered, or not in a way that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which message, where it went, and since when it may be there."""

    id: str
    to: str = field(repr=False)
    since: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of one question. ``reports``: what it knows, as it would report it by itself."""

    id: str
    what: What
    reports: tuple[Report, ...] = ()


@runtime_checkable
class Searchable(Protocol):
    """A provider that finds messages by an id of ours. It does nothing itself: no network, no clock, no retry."""

    def searches(self, question: Question, /) -> Sequence[httpx.Request]:
        """Return the requests to make, one after the other, until one finds it."""
        ...

    def found(self, question: Question, reply: Reply, /) -> tuple[Report, ...]:
        """Return what an answer of success knows of the message; nothing: it has none."""
        ...


@runtime_checkable
class Answering(Protocol):
    """A way out that can be asked."""

    async def look_up(self, questions: Sequence[Question], /) -> Sequence[Found]:
        """Ask for each message once, and return one answer per question, in order."""
        ...


def known(border: Searchable, question: Question, reply: Reply) -> tuple[Report, ...] | None:
    """Return what one answer knows of the message; None: it does not say, and leaves it open."""
    if not reply.ok or reply.json is None:
        return None
    try:
        return border.found(question, reply)
    except Malformed:
        return None


def accepted(question: Question, provider_id: str = "") -> Report:
    """Return the report that a message was taken: all that a list of messages proves."""
    return Report(key=f"lookup:{question.id}", kind="accepted", message=question.id, provider_id=provider_id or None)
