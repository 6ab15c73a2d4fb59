"""Outside systems that fail: noted as they do, switched off when they want no more, and tried again by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lifeloop.channel.values import Channel, Receipt, Request
from lifeloop.channel.ways import CALL
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome
from lifeloop.journey.prose_time import counted
from lifeloop.store import endpoints
from lifeloop.store.endpoints import Backlog, EndpointRow
from lifeloop.store.opening import StoreBusy, StoreUnreachable
from lifeloop.store.outgoing import UNTRIED
from lifeloop.store.values import Message
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work.finding import NotFoundError, check_name
from lifeloop.work.gating import Cleared
from lifeloop.work.pacing import try_now
from lifeloop.work.workspace import Workspace

PATIENCE = 5 * 86_400
"""Seconds of nothing but failures after which a receiver of webhooks is switched off."""
AT_ONCE = 10_000
SHORTEST = 4
"""Letters of an id that are enough to name a call."""
HEARD = frozenset({Outcome.ACCEPTED, Outcome.REJECTED})
"""Whoever answers so is well: a refusal is about that one call."""


class Endpoints:
    """The way of all calls, watched: what the outside systems answer decides whether they get more."""

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self._calls: Channel[Request] = space.ways.calls
        with space.store.reading() as tx:
            self._troubled = endpoints.troubled(tx)

    def refuse(self, batch: Sequence[Cleared]) -> list[Settlement]:
        """Hold what is meant for those that are switched off, until a person lets it go."""
        off = {name: row for name, row in self._troubled.items() if row.disabled_at is not None}
        return [
            Settlement(one.message.id, one.fence, "held", UNTRIED, _switched_off(off[name]), unused=True)
            for one in batch
            if (name := connection_of(one.message)) in off
        ]

    async def send(self, batch: Sequence[Request], /) -> Sequence[Receipt]:
        """Make the calls, and note who is in trouble. It is written only when something changes."""
        receipts = await self._calls.send(batch)
        now = self._space.clock.now()
        named = [(request.connection, receipt) for request, receipt in zip(batch, receipts, strict=True)]
        well = {name for name, receipt in named if receipt.outcome in HEARD and not receipt.gone}
        ill = [self._row(name, receipt, now) for name, receipt in named if receipt.gone or receipt.outcome not in HEARD]
        self._write([row for row in ill if row.name not in well or row.disabled_at], well & set(self._troubled))
        return receipts

    def _row(self, name: str, receipt: Receipt, now: Instant) -> EndpointRow:
        before = self._troubled.get(name)
        since = before.failing_since if before else now
        tired = name in self._space.ways.webhooks and now - since >= PATIENCE
        reason = receipt.detail or str(receipt.outcome)
        return EndpointRow(name, since, reason, now if receipt.gone or tired else None)

    def _write(self, ill: Sequence[EndpointRow], well: set[str]) -> None:
        rows = {row.name: row for row in sorted(ill, key=lambda row: row.disabled_at is not None)}
        if not (rows or well):
            return
        try:
            with self._space.store.transaction() as tx:
                endpoints.forget(tx, well - set(rows))
                endpoints.note(tx, list(rows.values()))
                self._troubled = endpoints.troubled(tx)
        except (StoreBusy, StoreUnreachable):
            return  # what came of the calls matters more, and the next answer says the same again


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one connection stands: its trouble, if any, and what waits for it."""

    name: str
    trouble: EndpointRow | None
    backlog: Backlog


def standings(space: Workspace) -> tuple[Standing, ...]:
    """Return the connections that are in trouble, or for which something waits."""
    with space.store.reading() as tx:
        troubled, backlogs = endpoints.troubled(tx), endpoints.backlogs(tx)
    names = sorted(troubled.keys() | backlogs.keys())
    return tuple(Standing(name, troubled.get(name), backlogs.get(name, Backlog())) for name in names)


def retry(space: Workspace, reference: str) -> tuple[tuple[Message, ...], int]:
    """Let one call, or all of a connection, leave again; a connection is switched on by it.

    Returns them, at most 100, and how many they are.

    Raises:
        NotFoundError: the project has no connection of that name, and no call that failed begins so.
    """
    now = space.clock.now()
    with space.store.transaction() as tx:
        if reference in space.catalogue.connections or reference in endpoints.troubled(tx):
            chosen = endpoints.failed(tx, reference, AT_ONCE)
            endpoints.forget(tx, [reference], disabled=True)
        else:
            chosen = (
                endpoints.starting_with(tx, reference) if len(reference) >= SHORTEST and reference.isalnum() else ()
            )
            _check_one(space, reference, chosen)
        many = endpoints.try_again(tx, [one.id for one in chosen], now) if chosen else 0
        try_now(tx, {CALL + reference, *(CALL + connection_of(one) for one in chosen)})
    return chosen[:100], many


def failed_calls(space: Workspace, connection: str | None, limit: int) -> tuple[Message, ...]:
    """Return calls that wait for a person, the oldest first.

    Raises:
        NotFoundError: the project has no connection of that name.
    """
    if connection is not None:
        check_name("connection", connection, sorted(space.catalogue.connections))
    with space.store.reading() as tx:
        return endpoints.failed(tx, connection, limit)


def connection_of(message: Message) -> str:
    """Return the connection that a call is for."""
    return message.name.partition(".")[0]


def in_words(standing: Standing) -> Iterator[str]:
    """Say what waits for a connection, and what is the matter with it."""
    if standing.trouble is not None:
        yield "switched off" if standing.trouble.disabled_at is not None else "failing"
        yield standing.trouble.reason
    if standing.backlog.retrying:
        yield f"{counted(standing.backlog.retrying, 'call')} waiting for the next try"
    if standing.backlog.failed:
        yield f"{counted(standing.backlog.failed, 'call')} given up"


def _switched_off(row: EndpointRow) -> str:
    return f"{row.name} is switched off: {row.reason}"


def _check_one(space: Workspace, reference: str, chosen: Sequence[Message]) -> None:
    if len(chosen) > 1:
        raise NotFoundError(f'several calls begin with "{reference}"', hint="type more of it")
    if not chosen:
        known = ", ".join(sorted(space.catalogue.connections)) or "none"
        hint = f"what failed:  lifeloop calls     connections: {known}"
        raise NotFoundError(f'no connection and no failed call is called "{reference}"', hint=hint)
