"""What became of messages at the other side, as the ledger and the journeys learn it: opened, clicked, replied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from lifeloop.clock import Instant
from lifeloop.journey.plan import Json
from lifeloop.store import events, looks, messages
from lifeloop.store.transaction import Tx
from lifeloop.store.values import EventRow, Message, Receipt
from lifeloop.work.routing import route_events
from lifeloop.work.workspace import Workspace

SOURCE = "receipt"
Noted = tuple[Message, Receipt, Instant]


def note_receipts(
    space: Workspace,
    tx: Tx,
    found: Sequence[Noted],
    now: Instant,
    more: Mapping[tuple[str, Receipt], Mapping[str, Json]] = MappingProxyType({}),
) -> frozenset[str]:
    """Write them with their messages, and tell the journeys the first time; returns those that have work.

    A click shows that a message was opened, whatever the mail program told us. The first time stays. ``more``: what
    the event says beside the message, by message id and receipt.
    """
    told = [*found, *((message, "opened", at) for message, what, at in found if what == "clicked")]
    first: dict[tuple[str, Receipt], Noted] = {}
    for message, what, at in sorted(told, key=lambda each: each[2]):
        first.setdefault((message.id, what), (message, what, at))
    new = [each for each in first.values() if each[1] not in each[0].receipts]
    if not new:
        return frozenset()
    added = events.add(tx, [_event(*each, more.get((each[0].id, each[1]), {})) for each in new], now)
    messages.receipt(tx, [(message.id, what, at) for message, what, at in new])
    looks.soon(tx, [event.customer_id for event in added.new])
    return route_events(space, tx, added.new, now)


def _event(message: Message, what: Receipt, at: Instant, more: Mapping[str, Json]) -> EventRow:
    data = {"message": message.name, **more}
    return EventRow(SOURCE, f"{message.id}:{what}", message.customer_id, f"message.{what}", at, data)
