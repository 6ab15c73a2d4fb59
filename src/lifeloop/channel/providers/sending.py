"""The loop that all mail providers share: check, hand over a few at a time, and one receipt for every message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from lifeloop.channel.exchange import Wire
from lifeloop.channel.guard import Forbidden
from lifeloop.channel.mime import Unsendable
from lifeloop.channel.providers.mail import Mail, checked
from lifeloop.channel.providers.provider import Provider
from lifeloop.channel.providers.reply import Reply
from lifeloop.channel.values import Abilities, Envelope, Receipt
from lifeloop.clock import Clock
from lifeloop.engine.retry import Outcome

AT_ONCE = 10


class ProviderChannel:
    """Hands mail to one provider. ``name`` is what the project calls it."""

    def __init__(self, name: str, provider: Provider, wire: Wire, clock: Clock, *, project: str) -> None:
        self._name = name
        self._provider = provider
        self._wire = wire
        self._clock = clock
        self._project = project
        self._places = asyncio.Semaphore(AT_ONCE)

    @property
    def abilities(self) -> Abilities:
        """What the provider promises."""
        return self._provider.abilities

    async def send(self, batch: Sequence[Envelope], /) -> Sequence[Receipt]:
        """Hand each message over once; a mail that cannot be made correctly is refused before anything is sent."""
        receipts: dict[str, Receipt] = {}
        mails: list[Mail] = []
        for envelope in batch:
            try:
                mails.append(checked(envelope, self._project))
            except Unsendable as problem:
                receipts[envelope.id] = _refused(envelope.id, problem)
        for part in await asyncio.gather(*(self._hand_over(mails) for mails in self._parts(mails))):
            receipts.update((receipt.id, receipt) for receipt in part)
        return [receipts[envelope.id] for envelope in batch]

    async def close(self) -> None:
        """Close the kept connections."""
        await self._wire.close()

    def _parts(self, mails: Sequence[Mail]) -> Iterable[Sequence[Mail]]:
        size = self._provider.per_request
        return (mails[start : start + size] for start in range(0, len(mails), size))

    async def _hand_over(self, mails: Sequence[Mail]) -> Sequence[Receipt]:
        async with self._places:
            try:
                got = await self._wire.exchange(self._name, self._provider.request(mails, self._clock.now()))
            except Forbidden as problem:
                said = f"{self._name}: {problem}"
                return [Receipt(id=mail.id, outcome=Outcome.CONFIGURATION, detail=said) for mail in mails]
            except Unsendable as problem:
                return [_refused(mail.id, problem) for mail in mails]
        if got.status is None:
            return [Receipt(id=mail.id, outcome=got.outcome, detail=got.in_words(self._name)) for mail in mails]
        return self._provider.receipts(mails, Reply.read(self._name, got, self._clock.now()))


def _refused(message: str, problem: Unsendable) -> Receipt:
    return Receipt(id=message, outcome=Outcome.REJECTED, detail=str(problem))
