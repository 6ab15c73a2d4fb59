"""What follows from one receipt: the channel knows the word, the engine what it leads to, and here it is written."""

from __future__ import annotations

from typing import assert_never

from lifeloop.channel.values import Receipt
from lifeloop.clock import Instant
from lifeloop.engine.circuit import FIRST_WAIT, LONGEST_WAIT
from lifeloop.engine.retry import Ability, AskAt, NextTry, Park, Pause, RetryAt, Settled, next_try
from lifeloop.engine.values import Record
from lifeloop.store.values import Message
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work.cleaning import clean, clean_record
from lifeloop.work.pacing import PAUSED_FOR
from lifeloop.work.workspace import Workspace

GIVE_UP_AFTER = 3 * 86_400
"""Seconds after which something that nobody takes is given up, if its own lateness has not ended it before."""


def follow(space: Workspace, message: Message, fence: int, receipt: Receipt, now: Instant) -> Settlement:
    """Turn a receipt into what is written. A provider that is handed too much has used up no try of a message."""
    able = ability_of(space, message)
    follows = next_try(
        receipt.outcome,
        message_id=message.id,
        attempt=message.tries + 1,
        first_tried_at=message.made_at,
        now=now,
        give_up_at=_give_up_at(message),
        retry_after=receipt.retry_after,
        ability=able,
    )
    row = settlement(message, fence, receipt, follows, now)
    if receipt.slow_down and isinstance(follows, RetryAt) and not able.pauses:
        return row._replace(retry_at=now + min(max(receipt.retry_after or FIRST_WAIT, 1), LONGEST_WAIT), unused=True)
    return row


def settlement(message: Message, fence: int, receipt: Receipt, follows: NextTry, now: Instant) -> Settlement:
    """Return the row that says what became of one attempt."""
    row = Settlement(
        message.id, fence, "sent", receipt.outcome, receipt.detail or None, provider_id=receipt.provider_id
    )
    match follows:
        case Settled("accepted"):
            wants = message.kind == "call" and bool(message.data.get("answer"))
            return row._replace(answer=_answer(receipt) if wants else None)
        case Settled("rejected"):
            return row._replace(to="rejected")
        case Settled("given up"):
            return row._replace(to="rejected", reason=f"given up: {receipt.detail or 'nobody took it in time'}")
        case Settled():
            return row._replace(to="assumed_sent")
        case RetryAt(at):
            return row._replace(to="ready", retry_at=at)
        case Pause():
            return row._replace(to="ready", retry_at=now + PAUSED_FOR, unused=True)
        case AskAt():
            return row._replace(to="uncertain")
        case Park():
            return row._replace(to="held")
        case _:
            assert_never(follows)


def _answer(receipt: Receipt) -> Record:
    """Return what the run remembers of an answer: its fields, or the whole of it under ``value``."""
    if isinstance(receipt.answer, dict):
        return clean_record(receipt.answer)
    return {} if receipt.answer is None else {"value": clean(receipt.answer)}


def ability_of(space: Workspace, message: Message) -> Ability:
    """Return what may be done about one message whose answer was lost: its way, or its connection, says so."""
    promised = space.ways.promise(message.kind, message.channel, message.name, message.way)
    may_learn = promised.lookup or way_of(space, message) in space.ways.tells
    return Ability(key_window=promised.key_window, can_ask=may_learn, pauses=promised.pauses)


def way_of(space: Workspace, message: Message) -> str:
    """Return the name of the way by which a message was handed over, or would be."""
    return message.way or space.ways.name_of(message.kind, message.channel, message.name)


def ways_of(space: Workspace, message: Message) -> tuple[str, ...]:
    """Return the ways out that a message may take, the best first."""
    return space.ways.chain(space.ways.name_of(message.kind, message.channel, message.name))


def _give_up_at(message: Message) -> Instant:
    latest = message.due_at + GIVE_UP_AFTER
    return latest if message.expires_at is None else min(latest, message.expires_at)
