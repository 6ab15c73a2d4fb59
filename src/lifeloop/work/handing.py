"""The hand-off: render what was cleared, send it, and write what came of it. Outside any transaction but the last."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeVar, assert_never

from lifeloop.channel.values import Abilities, Envelope, Receipt, Request
from lifeloop.clock import Instant
from lifeloop.engine.retry import Ability, AskAt, NextTry, Outcome, Park, Pause, RetryAt, Settled, next_try
from lifeloop.engine.values import Record
from lifeloop.store import outgoing
from lifeloop.store.values import EVERYBODY, Message, Shard
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work.gating import LEASE, Cleared, pass_gate
from lifeloop.work.wording import WordingProblem, envelope_of, question_of, request_of
from lifeloop.work.workspace import Workspace

Item = TypeVar("Item", Envelope, Request)

MARGIN = 60
"""Seconds before the lease ends after which nothing new is handed over: somebody else may hold the message by then."""
AT_ONCE = 16
"""How many one way takes before what came of them is written."""
PAUSED_FOR = 300
"""Seconds until a message is tried again whose way out needs a person to repair a setting."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many of a batch went where: ``sent``, ``held``, ``suppressed`` … and how many were claimed in all."""

    counts: dict[str, int]
    claimed: int
    halted: str | None = None


async def deliver(
    space: Workspace,
    now: Instant,
    *,
    limit: int,
    journeys: Sequence[str] | None = None,
    shard: Shard = EVERYBODY,
    customer: str | None = None,
) -> Delivered:
    """Take one batch through gate, rendering, sending and settling."""
    gated = pass_gate(space, now, limit=limit, journeys=journeys, shard=shard, customer=customer)
    counts = defaultdict(int, gated.kept)
    sending = Handing(space, now, started=monotonic())
    for settlement in await sending.hand_over(gated.cleared):
        counts[settlement.to] += 1
    return Delivered(dict(counts), gated.claimed, gated.halted)


class Handing:
    """One batch on its way out. It knows when its leases were taken, and stops short of their end."""

    def __init__(self, space: Workspace, now: Instant, *, started: float) -> None:
        self._space = space
        self._now = now
        self._started = started

    async def hand_over(self, cleared: Sequence[Cleared]) -> list[Settlement]:
        """Hand over everything, way by way, settling as the answers come in."""
        kinds: dict[str, list[Cleared]] = defaultdict(list)
        for one in cleared:
            kinds[one.message.kind if one.message.kind != "mail" else one.message.channel].append(one)
        done = await asyncio.gather(*(self._way(kind, batch) for kind, batch in kinds.items()))
        return [settlement for part in done for settlement in part]

    async def _way(self, kind: str, batch: list[Cleared]) -> list[Settlement]:
        match kind:
            case "ask":
                way = self._space.ways.mail
                return await self._through(batch, self._question, way.send, way.abilities)
            case "call":
                calls = self._space.ways.calls
                return await self._through(batch, self._request, calls.send, calls.abilities)
            case channel:
                way = self._space.ways.of(channel)
                return await self._through(batch, self._envelope, way.send, way.abilities)

    async def _through(
        self,
        batch: list[Cleared],
        word: Callable[[Cleared], Item],
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Receipt]]],
        abilities: Abilities,
    ) -> list[Settlement]:
        done: list[Settlement] = []
        for part in _parts(batch, abilities.batch if abilities.batch > 1 else AT_ONCE):
            if monotonic() > self._started + LEASE - MARGIN:
                done += self._settle([self._unsent(one) for one in part])
            else:
                done += self._settle(await self._send(part, word, send, abilities))
        return done

    async def _send(
        self,
        part: list[Cleared],
        word: Callable[[Cleared], Item],
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Receipt]]],
        abilities: Abilities,
    ) -> list[Settlement]:
        worded: list[tuple[Cleared, Item]] = []
        unworded: list[Settlement] = []
        for one in part:
            try:
                worded.append((one, word(one)))
            except WordingProblem as problem:
                unworded.append(Settlement(one.message.id, one.fence, "held", "unworded", str(problem)))
        receipts = await send([item for _, item in worded]) if worded else []
        able = _ability(abilities)
        return unworded + [self._follow(one, receipt, able) for (one, _), receipt in zip(worded, receipts, strict=True)]

    def _follow(self, one: Cleared, receipt: Receipt, able: Ability) -> Settlement:
        """Turn a receipt into what is written: the channel knows the word, the engine what follows from it."""
        message = one.message
        follows = next_try(
            receipt.outcome,
            message_id=message.id,
            attempt=message.tries + 1,
            first_tried_at=message.made_at,
            now=self._now,
            give_up_at=message.expires_at,
            retry_after=receipt.retry_after,
            ability=able,
        )
        return settlement(message, one.fence, receipt, follows, self._now)

    def _settle(self, settlements: list[Settlement]) -> list[Settlement]:
        with self._space.store.transaction() as tx:
            lost = set(outgoing.settle(tx, settlements, self._now, owner=self._space.owner))
        return [one for one in settlements if one.id not in lost]

    def _envelope(self, one: Cleared) -> Envelope:
        return envelope_of(self._space, one, self._now)

    def _request(self, one: Cleared) -> Request:
        return request_of(self._space, one, self._now)

    def _question(self, one: Cleared) -> Envelope:
        return question_of(self._space, one, self._now)

    def _unsent(self, one: Cleared) -> Settlement:
        return Settlement(
            one.message.id, one.fence, "ready", Outcome.NOT_ACCEPTED, "the lease ran out", retry_at=self._now
        )


def settlement(message: Message, fence: int, receipt: Receipt, follows: NextTry, now: Instant) -> Settlement:
    """Return the row that says what became of one attempt."""
    row = Settlement(
        message.id, fence, "sent", receipt.outcome, receipt.detail or None, provider_id=receipt.provider_id
    )
    match follows:
        case Settled("accepted"):
            wants = message.kind == "call" and bool(message.data.get("answer"))
            return replace(row, answer=_answer(receipt) if wants else None)
        case Settled("rejected" | "given up"):
            return replace(row, to="rejected")
        case Settled():
            return replace(row, to="assumed_sent")
        case RetryAt(at):
            return replace(row, to="ready", retry_at=at)
        case Pause():
            return replace(row, to="ready", retry_at=now + PAUSED_FOR)
        case AskAt():
            return replace(row, to="uncertain")
        case Park():
            return replace(row, to="held")
        case _:
            assert_never(follows)


def _answer(receipt: Receipt) -> Record:
    """Return what the run remembers of an answer: its fields, or the whole of it under ``value``."""
    if isinstance(receipt.answer, dict):
        return receipt.answer
    return {} if receipt.answer is None else {"value": receipt.answer}


def _ability(abilities: Abilities) -> Ability:
    return Ability(key_window=abilities.key_window, can_ask=abilities.lookup)


def _parts(batch: list[Cleared], size: int) -> Iterable[list[Cleared]]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]
