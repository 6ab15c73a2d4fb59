"""Answers of a provider that say something of the address itself: believed at once, as if they had been reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lifeloop.channel.callbacks.values import Kind, Report
from lifeloop.channel.values import AboutAddress, Envelope, Receipt, Request
from lifeloop.clock import Instant
from lifeloop.journey.ways import provider_of
from lifeloop.store import customers, journeys, outgoing
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Message
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work.answering import take
from lifeloop.work.following import way_of
from lifeloop.work.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Refused:
    """One message that was refused for its address, and what the refusal says of it."""

    message: Message
    fence: int
    to: str = field(repr=False)
    about: AboutAddress = "dead"


def settle(
    space: Workspace, tx: Tx, settlements: Sequence[Settlement], refused: Mapping[str, Refused], now: Instant
) -> frozenset[str]:
    """Write what came of messages, and leave refused addresses alone from the same commit on.

    Returns the ids whose fence was lost; of those nothing is believed, for somebody else tried them since.
    """
    here = [refused[one.id] for one in settlements if one.id in refused]
    if here:  # the locks come before the messages, as everywhere
        journeys.hold(tx)
        customers.lock(tx, [one.message.customer_id for one in here])
    lost = frozenset(outgoing.settle(tx, settlements, now, owner=space.owner))
    still = [one for one in here if one.message.id not in lost]
    for channel in sorted({one.message.channel for one in still}):
        about = [one for one in still if one.message.channel == channel]
        take(space, tx, _source(space, about[0].message), channel, [_report(one) for one in about], now)
    return lost


def refused(message: Message, fence: int, item: Envelope | Request, receipt: Receipt) -> Refused | None:
    """Return what an answer says of the address of a message to a customer; None: nothing."""
    if receipt.address is None or message.kind != "mail" or not isinstance(item, Envelope):
        return None
    return Refused(message, fence, item.to, receipt.address)


def _report(one: Refused) -> Report:
    kind: Kind = "opted_out" if one.about == "opted out" else "rejected"
    return Report(
        key=f"{one.message.id}:{one.fence}",
        kind=kind,
        message=one.message.id,
        recipient=one.to,
        bounce="hard" if one.about == "dead" else None,
        listed=one.about == "listed",
        reason=one.about,
    )


def _source(space: Workspace, message: Message) -> str:
    """Return the provider that refused: what is settled together left by one way."""
    return provider_of(way_of(space, message), space.catalogue)
