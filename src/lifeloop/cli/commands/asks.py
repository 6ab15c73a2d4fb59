"""``lifeloop asks``: questions that journeys have put to people of yours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.labelled import say
from lifeloop.cli.moments import ahead, iso_or_none, when, zone_for
from lifeloop.cli.shapes import INSTANT, TEXT, document, fields_of, many, maybe

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from lifeloop.clock import Instant
    from lifeloop.work.asking import Question

SHAPE = document(
    "Open questions, the oldest first. `until`: when one answers itself with no. Answer one with the beginning of"
    " its `id`.",
    questions=many(
        fields_of(
            id=TEXT,
            who=TEXT,
            question=TEXT,
            customer=TEXT,
            journey=TEXT,
            step=TEXT,
            asked=maybe(INSTANT),
            until=maybe(INSTANT),
        )
    ),
)


def asks(who: str = "", /, *, here: Here) -> int:
    """Show the questions that wait for an answer.

    Each with what to type.

    Parameters
    ----------
    who
        Only what this approver was asked, such as retention-lead.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.work.asking import open_questions
    from lifeloop.work.finding import check_name

    with rooms(here) as space:
        if who:
            check_name("approver", who, sorted(space.catalogue.approvers))
        with space.store.reading() as tx:
            found = open_questions(space, tx, who or None)
        now, zone = space.clock.now(), zone_for(None, space.catalogue.timezone)
    if here.out.as_json:
        here.out.json({"questions": [_document(one) for one in found]})
        return Exit.FINE
    if not found:
        here.out.print("Nothing waits for an answer.")
    for one in found:
        _show(one, now, zone, here)
    return Exit.FINE


def _document(one: Question) -> dict[str, Any]:
    return {
        "id": one.message.id,
        "who": one.message.name,
        "question": one.words,
        "customer": one.customer.key,
        "journey": one.message.journey,
        "step": one.message.node,
        "asked": iso_or_none(one.message.sent_at),
        "until": iso_or_none(one.message.expires_at),
    }


def _show(one: Question, now: Instant, zone: ZoneInfo, here: Here) -> None:
    reference = one.message.reference
    here.out.print(Text(one.words, "bold"))
    say(here.out, "to", one.message.name)
    say(here.out, "about", f"{one.customer.key} in {one.message.journey}")
    if one.message.expires_at is not None:
        ends = when(one.message.expires_at, zone, now)
        say(here.out, "until", ends, f"{ahead(one.message.expires_at, now)}; after that it counts as no")
    say(here.out, "answer", f"lifeloop answer {reference} approved", f"lifeloop answer {reference} declined")
