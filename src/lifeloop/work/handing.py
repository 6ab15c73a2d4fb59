"""The hand-off: render what was cleared, send it, and write what came of it. Outside any transaction but the last."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from time import monotonic
from typing import TypeVar, assert_never

from lifeloop.channel.values import Abilities, Envelope, Receipt, Request
from lifeloop.clock import Instant
from lifeloop.engine.retry import (
    Ability,
    AskAt,
    NextTry,
    Outcome,
    Park,
    Pause,
    RetryAt,
    Settled,
    next_try,
    recognised_until,
)
from lifeloop.engine.values import Record
from lifeloop.store import outgoing
from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.store.outgoing import UNTRIED
from lifeloop.store.values import EVERYBODY, Message, Shard
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work.cleaning import clean, clean_record
from lifeloop.work.gating import Cleared, pass_gate
from lifeloop.work.tracking import with_links
from lifeloop.work.trouble import kind_and_place
from lifeloop.work.wording import WordingProblem, envelope_of, question_of, request_of
from lifeloop.work.workspace import Workspace

Item = TypeVar("Item", Envelope, Request)

UNWORDED = "unworded"
"""The class of an outcome when there was nothing to hand over, because the text could not be written."""

log = logging.getLogger(__name__)

SAFE_PART = 0.8
"""The part of a lease in which something new is handed over: after it somebody else may soon hold the message."""
AT_ONCE = 16
"""How many one way takes before what came of them is written, if it does not say itself how many it takes."""
PAUSED_FOR = 300
"""Seconds until a way out is tried again that needs a person to repair a setting."""
GIVE_UP_AFTER = 3 * 86_400
"""Seconds after which something that nobody takes is given up, if its own lateness has not ended it before."""
TRIES, PAUSE = 5, 0.2
"""How often, and after how many seconds (doubling), an outcome is written again that the database would not take."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """How many of a batch went where: ``sent``, ``held``, ``suppressed`` … ``more``: others may be ready as well."""

    counts: dict[str, int]
    more: bool
    halted: str | None = None


async def deliver(
    space: Workspace,
    now: Instant,
    *,
    limit: int,
    journeys: Sequence[str] | None = None,
    shard: Shard = EVERYBODY,
    customer: str | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Delivered:
    """Take one batch through gate, rendering, sending and settling. After ``enough`` nothing new is handed over."""
    began = monotonic()  # before the marks: a machine that sleeps after them must not believe in its leases
    most = min([limit, *_doubtful(space)])
    gated = pass_gate(space, now, limit=most, journeys=journeys, shard=shard, customer=customer)
    counts = defaultdict(int, gated.kept)
    for settlement in await Handing(space, now, began, enough).hand_over(gated.cleared):
        counts[settlement.to] += 1
    return Delivered(dict(counts), gated.claimed >= most, gated.halted)


def _doubtful(space: Workspace) -> list[int]:
    """Return how many may be on their way at once, for each way out that would not recognise a second sending.

    No more are marked at a time: if this process dies, they are left in doubt, and never said.
    """
    return [_part(way.abilities) for way in space.ways.everything if way.abilities.key_window is None]


def _part(abilities: Abilities) -> int:
    return abilities.batch if abilities.batch > 1 else AT_ONCE


class Handing:
    """One batch on its way out. It knows when its leases were taken, and stops short of their end."""

    def __init__(self, space: Workspace, now: Instant, began: float, enough: Callable[[], bool]) -> None:
        self._space = space
        self._now = now
        self._until = began + SAFE_PART * space.lease
        self._enough = enough

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
        for part in _parts(batch, _part(abilities)):
            if self._enough() or monotonic() > self._until:
                done += await self._settle([self._unsent(one, self._now) for one in part])
            else:
                done += await self._settle(await self._send(part, word, send))
        return done

    async def _send(
        self,
        part: list[Cleared],
        word: Callable[[Cleared], Item],
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Receipt]]],
    ) -> list[Settlement]:
        forgotten = self._forgotten(part)
        part = [one for one in part if one.message.id not in {gone.id for gone in forgotten}]
        resting = {one.message.id: until for one in part if (until := self._rests(one)) is not None}
        done = forgotten + [
            self._unsent(one, until) for one in part if (until := resting.get(one.message.id)) is not None
        ]
        worded: list[tuple[Cleared, Item]] = []
        for one in part:
            if one.message.id not in resting:
                found = self._word(one, word)
                if isinstance(found, Settlement):
                    done.append(found)
                else:
                    worded.append((one, found))
        receipts = await _sent(send, [item for _, item in worded]) if worded else []
        return done + [self._follow(one, receipt) for (one, _), receipt in zip(worded, receipts, strict=True)]

    def _forgotten(self, part: list[Cleared]) -> list[Settlement]:
        """Settle those whose answer was lost so long ago that their key may be forgotten: it would be a second mail."""
        late = {one.message.id: one for one in part if one.message.tries and self._is_forgotten(one.message)}
        if not late:
            return []
        with self._space.store.reading() as tx:
            doubtful = outgoing.ever_uncertain(tx, list(late))
        said = "its answer was lost, and a second sending would not be recognised any more"
        return [
            Settlement(each, late[each].fence, "assumed_sent", Outcome.UNCERTAIN, said, unused=True)
            for each in sorted(doubtful)
        ]

    def _is_forgotten(self, message: Message) -> bool:
        return self._now > recognised_until(message.made_at, ability_of(self._space, message).key_window)

    def _word(self, one: Cleared, word: Callable[[Cleared], Item]) -> Item | Settlement:
        """Write one message. A text that cannot be written for somebody holds this message and no other."""
        try:
            return word(one)
        except WordingProblem as problem:
            return Settlement(one.message.id, one.fence, "held", UNWORDED, str(problem), unused=True)
        except Exception as problem:  # noqa: BLE001  # whatever it is, the others go on
            said = kind_and_place(problem)
            log.error("message %s could not be written: %s", one.message.id, said)  # noqa: TRY400  # no data in logs
            return Settlement(one.message.id, one.fence, "held", UNWORDED, f"it failed: {said}", unused=True)

    def _follow(self, one: Cleared, receipt: Receipt) -> Settlement:
        """Turn a receipt into what is written: the channel knows the word, the engine what follows from it."""
        message = one.message
        if receipt.outcome is Outcome.CONFIGURATION:
            self._space.resting[_way_of(message)] = self._space.clock.now() + PAUSED_FOR
        follows = next_try(
            receipt.outcome,
            message_id=message.id,
            attempt=message.tries + 1,
            first_tried_at=message.made_at,
            now=self._now,
            give_up_at=_give_up_at(message),
            retry_after=receipt.retry_after,
            ability=ability_of(self._space, message),
        )
        return settlement(message, one.fence, receipt, follows, self._now)

    async def _settle(self, settlements: list[Settlement]) -> list[Settlement]:
        """Write what came of them; a database that is busy is asked again, for what was sent cannot be unsent."""
        for nth in range(TRIES):
            try:
                with self._space.store.transaction() as tx:
                    lost = set(outgoing.settle(tx, settlements, self._now, owner=self._space.owner))
                return [one for one in settlements if one.id not in lost]
            except (StoreBusy, StoreUnreachable):
                if nth == TRIES - 1:
                    raise
                await asyncio.sleep(PAUSE * 2**nth)
        raise AssertionError("unreachable")

    def _rests(self, one: Cleared) -> Instant | None:
        until = self._space.resting.get(_way_of(one.message))
        return until if until is not None and until > self._space.clock.now() else None

    def _envelope(self, one: Cleared) -> Envelope:
        envelope = envelope_of(self._space, one, self._now)
        ways = (self._space.catalogue.company.get("unsubscribe"), self._space.catalogue.company.get("preferences"))
        return with_links(self._space, one, envelope, ways)

    def _request(self, one: Cleared) -> Request:
        return request_of(self._space, one, self._now)

    def _question(self, one: Cleared) -> Envelope:
        return question_of(self._space, one, self._now)

    def _unsent(self, one: Cleared, again: Instant) -> Settlement:
        message = one.message
        return Settlement(message.id, one.fence, "ready", UNTRIED, message.reason, retry_at=again, unused=True)


async def _sent(send: Callable[[Sequence[Item]], Awaitable[Sequence[Receipt]]], items: list[Item]) -> Sequence[Receipt]:
    """Hand a part over. A way out that breaks a promise leaves its part uncertain, never the whole batch in the air."""
    try:
        return await send(items)
    except Exception as problem:  # noqa: BLE001  # whatever it is, the others go on
        said = kind_and_place(problem)
        log.error("a way out failed with %d messages: %s", len(items), said)  # noqa: TRY400  # no data in logs
        return [Receipt(id=item.id, outcome=Outcome.UNCERTAIN, detail=f"it failed: {said}") for item in items]


def _give_up_at(message: Message) -> Instant:
    latest = message.due_at + GIVE_UP_AFTER
    return latest if message.expires_at is None else min(latest, message.expires_at)


def _way_of(message: Message) -> str:
    """Return what must be repaired for this message to leave: a connection, or a channel."""
    return message.name.partition(".")[0] if message.kind == "call" else message.channel


def settlement(message: Message, fence: int, receipt: Receipt, follows: NextTry, now: Instant) -> Settlement:
    """Return the row that says what became of one attempt."""
    row = Settlement(
        message.id, fence, "sent", receipt.outcome, receipt.detail or None, provider_id=receipt.provider_id
    )
    match follows:
        case Settled("accepted"):
            wants = message.kind == "call" and bool(message.data.get("answer"))
            return replace(row, answer=_answer(receipt) if wants else None)
        case Settled("rejected"):
            return replace(row, to="rejected")
        case Settled("given up"):
            return replace(row, to="rejected", reason=f"given up: {receipt.detail or 'nobody took it in time'}")
        case Settled():
            return replace(row, to="assumed_sent")
        case RetryAt(at):
            return replace(row, to="ready", retry_at=at)
        case Pause():
            return replace(row, to="ready", retry_at=now + PAUSED_FOR, unused=True)
        case AskAt():
            return replace(row, to="uncertain")
        case Park():
            return replace(row, to="held")
        case _:
            assert_never(follows)


def _answer(receipt: Receipt) -> Record:
    """Return what the run remembers of an answer: its fields, or the whole of it under ``value``."""
    if isinstance(receipt.answer, dict):
        return clean_record(receipt.answer)
    return {} if receipt.answer is None else {"value": clean(receipt.answer)}


def ability_of(space: Workspace, message: Message) -> Ability:
    """Return what may be done about one message whose answer was lost: its way, or its connection, says so."""
    promised = space.ways.promise(message.kind, message.channel, message.name)
    return Ability(key_window=promised.key_window, can_ask=promised.lookup)


def _parts(batch: list[Cleared], size: int) -> Iterable[list[Cleared]]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]
