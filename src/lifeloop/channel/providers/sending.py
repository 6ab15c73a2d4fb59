"""The loop that all providers share: check, hand over a few at a time, and one receipt for every message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Forbidden
from lifeloop.channel.lookup import Found, Question, Searchable, known
from lifeloop.channel.mime import Unsendable
from lifeloop.channel.providers.provider import Border
from lifeloop.channel.providers.reply import Item, Reply
from lifeloop.channel.values import Abilities, Envelope, Receipt
from lifeloop.clock import Clock
from lifeloop.engine.retry import Outcome

LOOKUPS_AT_ONCE = 4
"""Searches are slow at every provider, and nobody waits for them."""
Checked = TypeVar("Checked", bound=Item)


class ProviderChannel(Generic[Checked]):
    """Hands messages to one provider. ``name``: what the project calls it; ``check`` may raise ``Unsendable``.

    ``at_once``: requests under way at a time, where the project says how many; None: what is known of the provider.
    """

    def __init__(
        self,
        name: str,
        border: Border[Checked],
        check: Callable[[Envelope], Checked],
        wire: Wire,
        clock: Clock,
        *,
        at_once: int | None = None,
    ) -> None:
        self._name = name
        self._border = border
        self._check = check
        self._wire = wire
        self._clock = clock
        each, known = border.per_request, border.abilities
        self._abilities = replace(known, per_request=each, batch=at_once * each if at_once else known.batch)

    @property
    def abilities(self) -> Abilities:
        """What the provider promises."""
        return self._abilities

    async def send(self, batch: Sequence[Envelope], /) -> Sequence[Receipt]:
        """Hand each message over once; one that cannot be made correctly is refused before anything is sent."""
        receipts: dict[str, Receipt] = {}
        sound: list[Checked] = []
        for envelope in batch:
            try:
                sound.append(self._check(envelope))
            except Unsendable as problem:
                receipts[envelope.id] = _refused(envelope.id, problem)
        places = asyncio.Semaphore(max(1, self.abilities.batch // self._border.per_request))
        for part in await asyncio.gather(*(self._hand_over(items, places) for items in self._parts(sound))):
            receipts.update((receipt.id, receipt) for receipt in part)
        return [receipts[envelope.id] for envelope in batch]

    async def look_up(self, questions: Sequence[Question], /) -> Sequence[Found]:
        """Ask the provider what became of each message, a few at a time."""
        border = self._border
        if not self.abilities.lookup or not isinstance(border, Searchable):
            return [Found(id=one.id, what="unknown") for one in questions]
        places = asyncio.Semaphore(LOOKUPS_AT_ONCE)

        async def one(question: Question) -> Found:
            async with places:
                return await self._search(border, question)

        return await asyncio.gather(*(one(question) for question in questions))

    async def close(self) -> None:
        """Close the kept connections."""
        await self._wire.close()

    async def _search(self, border: Searchable, question: Question) -> Found:
        """Ask until something is found. One request that was not answered leaves it open, whatever the others said."""
        absent = True
        for request in border.searches(question):
            try:
                got = await self._wire.exchange(self._name, request)
            except Forbidden:
                return Found(id=question.id, what="unknown")
            reply = Reply.read(self._name, got, self._clock.now())
            reports = known(border, question, reply)
            if reports:
                return Found(id=question.id, what="there", reports=reports)
            absent = absent and reports is not None
        return Found(id=question.id, what="absent" if absent else "unknown")

    def _parts(self, items: Sequence[Checked]) -> Iterable[Sequence[Checked]]:
        size = self._border.per_request
        return (items[start : start + size] for start in range(0, len(items), size))

    async def _hand_over(self, items: Sequence[Checked], places: asyncio.Semaphore) -> Sequence[Receipt]:
        async with places:
            try:
                got = await self._wire.exchange(self._name, self._border.request(items, self._clock.now()))
            except Forbidden as problem:
                said = f"{self._name}: {problem}"
                return [Receipt(id=item.id, outcome=Outcome.CONFIGURATION, detail=said) for item in items]
            except Unsendable as problem:
                return [_refused(item.id, problem) for item in items]
        if got.status is None:
            said, late = got.in_words(self._name), got.timed_out
            return [Receipt(id=item.id, outcome=got.outcome, timed_out=late, detail=said) for item in items]
        return self._border.receipts(items, Reply.read(self._name, got, self._clock.now()))


def _refused(message: str, problem: Unsendable) -> Receipt:
    return Receipt(id=message, outcome=Outcome.REJECTED, detail=str(problem))
