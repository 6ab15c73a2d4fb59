"""``lifeloop calls``: which outside systems do not take what they are given, and which calls were given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.text import Text

from lifeloop.cli.commands.status import CONNECTION, connection_document, show_connections
from lifeloop.cli.errors import Exit
from lifeloop.cli.here import Here
from lifeloop.cli.labelled import say
from lifeloop.cli.moments import iso_or_none, when, zone_for
from lifeloop.cli.shapes import INSTANT, TEXT, document, fields_of, many, maybe

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from lifeloop.clock import Instant
    from lifeloop.store.values import Attempt, Message

SHAPE = document(
    "Systems that do not take calls, and the calls that wait for a person, the oldest first, at most 50: each with"
    " what came of every try.",
    connections=many(CONNECTION),
    calls=many(
        fields_of(
            id=TEXT,
            action=TEXT,
            customer=TEXT,
            journey=TEXT,
            step=TEXT,
            made=maybe(INSTANT),
            reason=TEXT,
            tries=many(fields_of(at=maybe(INSTANT), outcome=TEXT, reason=TEXT)),
        )
    ),
)
MOST = 50


def calls(connection: str = "", /, *, here: Here) -> int:
    """Show the systems that do not take your calls, and the calls that were given up.

    Each call with what came of every try.

    Parameters
    ----------
    connection
        Only calls to this connection, such as crm.
    """
    from lifeloop.cli.rooms import rooms
    from lifeloop.store import messages
    from lifeloop.work import endpoints

    with rooms(here) as space:
        found = endpoints.failed_calls(space, connection or None, MOST)
        standing = [one for one in endpoints.standings(space) if connection in ("", one.name)]
        with space.store.reading() as tx:
            tries = {one.id: messages.attempts(tx, one.id) for one in found}
        if here.out.as_json:
            told = {"connections": [connection_document(one) for one in standing]}
            here.out.json({**told, "calls": [_document(one, tries[one.id]) for one in found]})
            return Exit.FINE
        if not standing:
            here.out.print("Every call is taken.")
        now, zone = space.clock.now(), zone_for(None, space.catalogue.timezone)
        for one in found:
            _show(one, tries[one.id], now, zone, here)
        show_connections(here, space, standing)
    return Exit.FINE


def _document(one: Message, tries: tuple[Attempt, ...]) -> dict[str, Any]:
    return {
        "id": one.id,
        "action": one.name,
        "customer": one.key,
        "journey": one.journey,
        "step": one.node,
        "made": iso_or_none(one.made_at),
        "reason": one.reason or "",
        "tries": [{"at": iso_or_none(two.at), "outcome": two.outcome, "reason": two.reason or ""} for two in tries],
    }


def _show(one: Message, tries: tuple[Attempt, ...], now: Instant, zone: ZoneInfo, here: Here) -> None:
    here.out.print(Text.assemble((one.name, "bold"), f"   {one.reference}"))
    say(here.out, "about", f"{one.key} in {one.journey}", f"asked {when(one.made_at, zone, now)}")
    say(here.out, "given up", one.reason or "")
    for nth, two in enumerate(tries):
        say(here.out, "tries" if nth == 0 else "", when(two.at, zone, now), two.reason or two.outcome)
