"""A person's right to see what is known of them: all of it, in order, with what each part and field means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lifeloop.clock import Instant
from lifeloop.store import everything
from lifeloop.store.values import Customer
from lifeloop.work.rights import WORDS
from lifeloop.work.workspace import Workspace

FIELDS = {
    "id": "a number or word of ours that names this row",
    "key": "the id that the company gave",
    "email": "the address mail goes to",
    "phone": "the number texts go to",
    "data": "what the company told us or what happened, in its own words",
    "fields": "what is known of a contract, an order and the like",
    "kind": "what sort of thing or message it is",
    "name": "what happened, or which message or action it was",
    "journey": "the journey it belongs to: a written sequence of messages and waits",
    "enrollment_id": "which passage through a journey",
    "message_id": "which message",
    "node": "the step of the journey",
    "status": "how it stands with it",
    "reason": "why it ended, was held or did not leave",
    "at": "when it happened",
    "received_at": "when we learned of it",
    "recorded_at": "when it was written down",
    "due_at": "when it is or was meant to happen",
    "sent_at": "when it left",
    "started_at": "when it began",
    "since": "since when it is so",
    "created_at": "when we first knew of them",
    "updated_at": "when it last changed",
    "address": "where it was sent to",
    "subject": "the subject of a mail, or what a journey is about",
    "html": "the mail as it looks",
    "text_part": "the mail as plain text",
    "topic": "what messages are about; consent is given by topic",
    "channel": "how messages travel; * is every way",
    "granted": "true: yes was said; false: no",
    "source": "where it came from",
    "evidence": "how it was said, kept as proof",
    "wording": "the words that were agreed to",
    "opened_at": "when it was first opened, as far as that was agreed to be counted",
    "clicked_at": "when a link in it was first followed, as far as that was agreed to be counted",
    "segment": "a group of customers that the company defined",
    "pace": "how often they wish to hear from the company",
    "paused_until": "until when they wish to hear nothing",
    "what": "what took place",
    "detail": "more about it",
}
"""What fields mean, for the person whom it is all about."""


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing that is known: ``name`` of the table, what it is, and its rows."""

    name: str
    what: str
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Export:
    """Everything known of one person. ``fields``: what each field that occurs means."""

    customer: str
    made_at: Instant
    parts: tuple[Part, ...]
    fields: Mapping[str, str]


def export(space: Workspace, customer: Customer) -> Export:
    """Return everything that is known of somebody, as it stands in one moment."""
    with space.store.reading() as tx:
        found = everything.of_customer(tx, customer)
    parts = tuple(Part(name, _what(name), tuple(map(_readable, rows))) for name, rows in found.items())
    used = {field for part in parts for row in part.rows for field in row}
    fields = {name: words for name, words in FIELDS.items() if name in used}
    return Export(customer.key, space.clock.now(), parts, fields)


def _what(name: str) -> str:
    return "addresses that are not written to, and why" if name == "suppression" else WORDS.get(name, "")


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _moment(value) if everything.is_moment(name) and isinstance(value, int) else value
        for name, value in row.items()
    }


def _moment(at: Instant) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()
