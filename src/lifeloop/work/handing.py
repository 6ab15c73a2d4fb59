"""The hand-off: render what was cleared, send it, and write what came of it. Outside any transaction but the last."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import count as count_from
from time import monotonic
from typing import Any, TypeVar

from lifeloop.channel.values import Abilities, Envelope, Receipt, Request
from lifeloop.channel.ways import CALL
from lifeloop.clock import Instant
from lifeloop.engine.circuit import Heard
from lifeloop.engine.pacing import Pace
from lifeloop.engine.retry import Outcome, recognised_until
from lifeloop.store import outgoing, pacing
from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.store.outgoing import UNTRIED
from lifeloop.store.values import EVERYBODY, Message, Shard
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work import refusals
from lifeloop.work.endpoints import Endpoints
from lifeloop.work.following import ability_of, follow, way_of
from lifeloop.work.gating import Cleared, Gated, pass_gate
from lifeloop.work.halting.counting import UNWORDED, count, figures_of
from lifeloop.work.pacing import heard, note
from lifeloop.work.refusals import Refused
from lifeloop.work.tracking import with_links
from lifeloop.work.trouble import kind_and_place
from lifeloop.work.under_way import UnderWay
from lifeloop.work.wording import WordingProblem, envelope_of, question_of, request_of, write_ahead
from lifeloop.work.workspace import Workspace

Item = TypeVar("Item", Envelope, Request)

log = logging.getLogger(__name__)

SAFE_PART = 0.8
"""The part of a lease in which something new is handed over: after it somebody else may soon hold the message."""
AT_ONCE = 16
"""How many one way takes before what came of them is written, if it does not say itself how many it takes."""
TRIES, PAUSE, LONGEST_PAUSE = 5, 0.2, 2.0
"""How often, and after how many seconds (doubling), an outcome is written again that the database would not take."""


def hand_over(
    space: Workspace,
    now: Instant,
    under_way: UnderWay,
    *,
    limit: int,
    journeys: Sequence[str] | None = None,
    shard: Shard = EVERYBODY,
    customer: str | None = None,
    enough: Callable[[], bool] = lambda: False,
) -> Gated:
    """Take one batch through the gate, and let what was cleared set out, way by way; returns what the gate said.

    What comes of it ``under_way`` tells. After ``enough`` nothing new is handed over.
    """
    began = monotonic()  # before the marks: a machine that sleeps after them must not believe in its leases
    gated = pass_gate(
        space,
        now,
        limit=min([limit, *_doubtful(space)]),
        journeys=journeys,
        shard=shard,
        customer=customer,
        busy=under_way.busy,
        waits=under_way.waits(space.ways),
    )
    handing = Handing(space, now, began, enough, gated)
    for way in handing.ways:
        under_way.set_out(way, handing.hand_over(way), probing=way in gated.turns.probing)
    return gated


def _doubtful(space: Workspace) -> list[int]:
    """Return how many may be on their way at once, for each way out that would not recognise a second sending.

    No more are marked at a time: if this process dies, they are left in doubt, and never said.
    """
    return [_part(abilities) for abilities in space.ways.forgetful]


def _part(abilities: Abilities) -> int:
    return abilities.batch if abilities.batch > 1 else AT_ONCE


class Handing:
    """One batch on its way out. It knows when its leases were taken, and stops short of their end."""

    def __init__(
        self,
        space: Workspace,
        now: Instant,
        began: float,
        enough: Callable[[], bool],
        gated: Gated,
    ) -> None:
        self._space = space
        self._now = now
        self._until = began + SAFE_PART * space.lease
        self._enough = enough
        self._turns = gated.turns
        self._refused: dict[str, Refused] = {}
        self._shut: dict[str, Instant] = {}
        self._messages = {one.message.id: one.message for one in gated.cleared}
        self._ahead: dict[str, Any] = {}
        self._cleared: dict[str, list[Cleared]] = defaultdict(list)
        for one in gated.cleared:
            self._cleared[way_of(space, one.message)].append(one)

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways that this batch takes."""
        return tuple(self._cleared)

    async def hand_over(self, way: str) -> list[Settlement]:
        """Hand over everything that takes one way, settling as the answers come in; then its seats are free again."""
        kinds: dict[str, list[Cleared]] = defaultdict(list)
        for one in self._cleared[way]:
            kinds[one.message.kind].append(one)
        try:
            done = await asyncio.gather(*(self._hand(kind, way, batch) for kind, batch in kinds.items()))
        finally:
            self._leave(way)
        return [settlement for part in done for settlement in part]

    def _leave(self, way: str) -> None:
        """Give up the seats at a way; if the database is away, their time ends by itself."""
        if way not in self._turns.seats:
            return
        try:
            with self._space.store.transaction() as tx:
                pacing.leave(tx, self._turns.ticket, way)
        except (StoreBusy, StoreUnreachable):
            log.warning("seats are given up later: the database is away")

    async def _hand(self, kind: str, way: str, batch: list[Cleared]) -> list[Settlement]:
        match kind:
            case "call":
                return await self._calls(way, batch)
            case "ask":
                return await self._through(way, batch, self._question, self._space.ways.named(way).send)
            case _:
                return await self._through(way, batch, self._envelope, self._space.ways.named(way).send)

    async def _calls(self, way: str, batch: list[Cleared]) -> list[Settlement]:
        watched = Endpoints(self._space)
        held = watched.refuse(batch)
        rest = [one for one in batch if one.message.id not in {row.id for row in held}]
        done = await self._settle(way, held) if held else []
        return done + await self._through(way, rest, self._request, watched.send)

    async def _through(
        self,
        way: str,
        batch: list[Cleared],
        word: Callable[[Cleared], Item],
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Receipt]]],
    ) -> list[Settlement]:
        """Hand over a part at a time. Once its answers say that the way takes nothing, the others go back unused."""
        done: list[Settlement] = []
        shut: Instant | None = None
        for part in _parts(batch, self._part(way)):
            if shut is not None or self._enough() or monotonic() > self._until:
                done += await self._settle(way, [self._unsent(one, shut or self._now) for one in part])
                continue
            settlements, said = await self._send(way, part, word, send)
            done += await self._settle(way, settlements, said)
            shut = self._shut.get(way)
        return done

    def _part(self, way: str) -> int:
        """Return how many are under way at a time: what the way takes, and no more than this batch has seats for."""
        abilities = self._space.ways.abilities(way)
        seats = self._turns.seats.get(way)
        return _part(abilities) if seats is None else min(_part(abilities), seats * abilities.per_request)

    async def _send(
        self,
        way: str,
        part: list[Cleared],
        word: Callable[[Cleared], Item],
        send: Callable[[Sequence[Item]], Awaitable[Sequence[Receipt]]],
    ) -> tuple[list[Settlement], Heard]:
        done = self._forgotten(part)
        gone = {one.id for one in done}
        worded: list[tuple[Cleared, Item]] = []
        still = [one for one in part if one.message.id not in gone]
        self._ahead |= await write_ahead(self._space, still, self._now)
        for one in still:
            found = self._word(one, word)
            if isinstance(found, Settlement):
                done.append(found)
            else:
                worded.append((one, found))
        receipts = await _sent(send, [item for _, item in worded]) if worded else []
        for (one, item), receipt in zip(worded, receipts, strict=True):
            if said := refusals.refused(one.message, one.fence, item, receipt):
                self._refused[one.message.id] = said
            done.append(follow(self._space, one.message, one.fence, receipt, self._now))
        return done, heard(receipts, done, webhooks=way.removeprefix(CALL) in self._space.ways.webhooks)

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

    async def _settle(self, way: str, settlements: list[Settlement], said: Heard | None = None) -> list[Settlement]:
        """Write what came of them; a database that is away is waited for as long as the messages are ours.

        For what was sent cannot be unsent, and unwritten it would be in doubt.
        """
        said = said or heard((), settlements)
        for nth in count_from():
            try:
                return self._write(way, settlements, said)
            except (StoreBusy, StoreUnreachable):
                if nth + 1 >= TRIES and monotonic() > self._until:
                    raise
                await asyncio.sleep(min(PAUSE * 2**nth, LONGEST_PAUSE))
        raise AssertionError("unreachable")

    def _write(self, way: str, settlements: list[Settlement], said: Heard) -> list[Settlement]:
        with self._space.store.transaction() as tx:
            lost = refusals.settle(self._space, tx, settlements, self._refused, self._now)
            kept = [one for one in settlements if one.id not in lost]
            turns = self._turns
            self._note(way, note(self._space, tx, way, said, turns.day, turns.unused(settlements)))
            count(self._space, tx, figures_of(self._space, self._messages, kept), self._now)
        return kept

    def _note(self, way: str, pace: Pace) -> None:
        """Remember until when a way takes nothing; with a fallback its messages need not wait for that."""
        until = max(pace.retry_at or 0, pace.closed_until or 0)
        if until > self._space.clock.now():
            spared = pace.state != "closed" and self._space.ways.instead_of(way) is not None
            self._shut[way] = self._now if spared else until

    def _envelope(self, one: Cleared) -> Envelope:
        envelope = envelope_of(self._space, one, self._now, self._ahead)
        ways = (self._space.catalogue.company.get("unsubscribe"), self._space.catalogue.company.get("preferences"))
        return with_links(self._space, one, envelope, ways)

    def _request(self, one: Cleared) -> Request:
        return request_of(self._space, one, self._now, self._ahead)

    def _question(self, one: Cleared) -> Envelope:
        return question_of(self._space, one, self._now, self._ahead)

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


def _parts(batch: list[Cleared], size: int) -> Iterable[list[Cleared]]:
    for start in range(0, len(batch), size):
        yield batch[start : start + size]
