"""The ways that leave no machine: mail, texts and pushes are kept for the inbox page, and so are calls.

``keep`` comes from the caller and writes to the store: a receipt says accepted only after it returned. If it
raises, nothing was kept and the error travels up, so the same messages are handed over again later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lifeloop.channel.values import Abilities, Envelope, Receipt, Request
from lifeloop.engine.retry import Outcome
from lifeloop.journey.plan import Json

FOREVER = 100 * 365 * 86_400
LOCAL = Abilities(key_window=FOREVER, lookup=True, batch=1000)


class LocalInbox:
    """Keeps envelopes where the inbox page finds them. The default for every channel without a provider."""

    abilities = LOCAL

    def __init__(self, keep: Callable[[Sequence[Envelope]], None]) -> None:
        self._keep = keep

    async def send(self, batch: Sequence[Envelope], /) -> Sequence[Receipt]:
        """Keep them all; the same id twice is one message, because ``keep`` writes by id."""
        self._keep(batch)
        return [_kept(envelope.id) for envelope in batch]

    async def close(self) -> None:
        """Nothing is held open."""


class LocalRecorder:
    """Keeps requests instead of making them, and answers as a friendly system would: with an id."""

    abilities = LOCAL

    def __init__(self, keep: Callable[[Sequence[Request]], None]) -> None:
        self._keep = keep

    async def send(self, batch: Sequence[Request], /) -> Sequence[Receipt]:
        """Keep them all, and answer each with an id made from the request's own."""
        self._keep(batch)
        return [_kept(request.id, {"id": f"local-{request.id[-8:]}", "recorded": True}) for request in batch]

    async def close(self) -> None:
        """Nothing is held open."""


def _kept(item: str, answer: Json = None) -> Receipt:
    return Receipt(
        id=item, outcome=Outcome.ACCEPTED, provider_id=f"inbox-{item}", answer=answer, detail="kept in the inbox"
    )
