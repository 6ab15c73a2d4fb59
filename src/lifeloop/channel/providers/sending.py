"""The loop that all providers share: check, hand over a few at a time, and one receipt for every message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, TypeVar

from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Forbidden
from lifeloop.channel.mime import Unsendable
from lifeloop.channel.providers.provider import Border
from lifeloop.channel.providers.reply import Item, Reply
from lifeloop.channel.values import Abilities, Envelope, Receipt
from lifeloop.clock import Clock
from lifeloop.engine.retry import Outcome

Checked = TypeVar("Checked", bound=Item)


class ProviderChannel(Generic[Checked]):
    """Hands messages to one provider. ``name``: what the project calls it; ``check`` may raise ``Unsendable``."""

    def __init__(
        self, name: str, border: Border[Checked], check: Callable[[Envelope], Checked], wire: Wire, clock: Clock
    ) -> None:
        self._name = name
        self._border = border
        self._check = check
        self._wire = wire
        self._clock = clock

    @property
    def abilities(self) -> Abilities:
        """What the provider promises."""
        return self._border.abilities

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

    async def close(self) -> None:
        """Close the kept connections."""
        await self._wire.close()

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
            return [Receipt(id=item.id, outcome=got.outcome, detail=got.in_words(self._name)) for item in items]
        return self._border.receipts(items, Reply.read(self._name, got, self._clock.now()))


def _refused(message: str, problem: Unsendable) -> Receipt:
    return Receipt(id=message, outcome=Outcome.REJECTED, detail=str(problem))
