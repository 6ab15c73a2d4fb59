"""What has gathered while nothing left: looked at, and given times to leave, so that it never leaves all at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from lifeloop.clock import Instant
from lifeloop.journey.breakers import Rate
from lifeloop.store.ledger import READ, read
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Message

MINUTE = 60
_GATHERED = "((m.status = 'ready' AND m.next_at <= :now) OR m.status = 'held')"


@dataclass(frozen=True, slots=True)
class Backlog:
    """Whose messages are meant: of these journeys, messages, channels; None: whichever."""

    journeys: Collection[str] | None = None
    messages: Collection[str] | None = None
    channels: Collection[str] | None = None

    def sql(self, tx: Tx) -> tuple[str, dict[str, Any]]:
        """Return what to add to a WHERE over messages ``m`` of journeys ``j``, and its values."""
        wanted = {"journeys": ("j.name", self.journeys), "messages": ("m.name", self.messages)}
        wanted["channels"] = ("m.channel", self.channels)
        said = {key: (column, names) for key, (column, names) in wanted.items() if names is not None}
        parts = [tx.among(column, key, "text") for key, (column, _) in said.items()]
        values = {key: sorted(names) for key, (_, names) in said.items()}
        return "".join(f" AND {part}" for part in parts), values


@dataclass(frozen=True, slots=True)
class Pace:
    """So many every so many seconds; the first of them at once."""

    each: int
    seconds: float

    @classmethod
    def of(cls, rate: Rate) -> Pace:
        """Return a rate in portions of a minute, or one by one where that is less than one a minute."""
        each = max(1, rate.count * MINUTE // rate.within)
        return cls(each, each * rate.within / rate.count)

    def turn(self, place: int) -> int:
        """Return after how many seconds the message at that place leaves; the first place is 0."""
        return int(place // self.each * self.seconds)


def waiting(tx: Tx, of: Backlog) -> int:
    """How many messages have not left yet, due or not."""
    more, values = of.sql(tx)
    rows = tx.ask(
        "SELECT count(*) AS number FROM message m JOIN journey j ON j.id = m.journey_id"
        f" WHERE m.status IN ('ready', 'held'){more}",
        **values,
    )
    return int(rows[0].number)


def gathered(tx: Tx, of: Backlog, now: Instant, limit: int) -> tuple[Message, ...]:
    """Messages that are due or held, in the order in which they would be released: the newest due first."""
    more, values = of.sql(tx)
    rows = tx.ask(
        f"{READ} WHERE {_GATHERED}{more} ORDER BY m.due_at DESC, m.id LIMIT :limit", now=now, limit=limit, **values
    )
    return tuple(read(row) for row in rows)


def spread(tx: Tx, of: Backlog, now: Instant, pace: Pace) -> int:
    """Give everything that gathered its time to leave, the newest due first; returns how many. Nothing else changes.

    How late a message is counts from when it was due, as always: the gate judges it when its turn comes.
    """
    more, values = of.sql(tx)
    return tx.run(
        "UPDATE message SET status = 'ready', next_at = turns.at FROM (SELECT m.id,"
        f" {_turn('m.due_at DESC, m.id')} AS at FROM message m JOIN journey j ON j.id = m.journey_id"
        f" WHERE {_GATHERED}{more}) AS turns WHERE message.id = turns.id AND message.status IN ('ready', 'held')",
        now=now,
        each=pace.each,
        seconds=pace.seconds,
        **values,
    )


def spread_runs(tx: Tx, journeys: Collection[str] | None, now: Instant, pace: Pace) -> int:
    """Give people who are overdue their turn to go on, the newest due first; returns how many.

    Only when they are looked at changes, not what they waited for: their deadline says how late they are.
    """
    more, values = Backlog(journeys).sql(tx)
    return tx.run(
        "UPDATE enrollment SET due_at = turns.at FROM (SELECT e.id,"
        f" {_turn('e.due_at DESC, e.id')} AS at FROM enrollment e JOIN journey j ON j.id = e.journey_id"
        f" WHERE e.due_at <= :now{more}) AS turns WHERE enrollment.id = turns.id AND enrollment.due_at <= :now",
        now=now,
        each=pace.each,
        seconds=pace.seconds,
        **values,
    )


def _turn(order: str) -> str:
    """Return SQL for when a row's turn comes, by its place in an order."""
    place = f"(row_number() OVER (ORDER BY {order}) - 1)"
    return f"CAST(:now + ({place} / CAST(:each AS bigint)) * CAST(:seconds AS double precision) AS bigint)"
