"""Messages whose answer was lost, looked for at their provider: a few times, ever more rarely, and never for long.

What is found is taken in as if the provider had reported it. What is not there, where the provider promises that
this means something, was never taken, and leaves again through the gate. Everything else stays open until there is
nobody left to ask, and is then decided without knowing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from lifeloop.channel.lookup import Answering, Found, Question
from lifeloop.channel.values import Abilities
from lifeloop.clock import Instant
from lifeloop.journey.ways import provider_of
from lifeloop.store import customers, journeys, lookups, outgoing
from lifeloop.store.lookups import Asked
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Message
from lifeloop.work.allowing import address_of
from lifeloop.work.answering import take
from lifeloop.work.following import way_of
from lifeloop.work.workspace import Workspace

PAUSES = (300, 900, 2700, 7200)
"""Seconds after the try, and then after each question, at which it is asked: as many times, and no more."""
RECONCILE = 900
"""Seconds for which a provider that reports by itself is waited for."""
BATCH = 200
NOT_THERE = "the provider does not have it"


@dataclass(frozen=True, slots=True)
class _Open:
    """One message to ask about, and the how manieth question it is."""

    message: Message
    to: str = field(repr=False)
    asked: Asked


async def look_up(space: Workspace) -> dict[str, int]:
    """Ask about everything whose time has come; returns how many were asked about, and what came of it."""
    counts: Counter[str] = Counter()
    for way, rows in _claimed(space, space.clock.now()).items():
        channel = space.ways.named(way)
        if not isinstance(channel, Answering):
            continue
        questions = [Question(id=one.message.id, to=one.to, since=since(one.message)) for one in rows]
        found = await channel.look_up(questions)
        counts["asked"] += len(found)
        counts.update(_settle(space, way, rows, found))
    return dict(counts)


def is_waiting(space: Workspace, message: Message, asked: Asked | None, now: Instant) -> bool:
    """Tell whether it may still come to light what became of a message."""
    promised = promise(space, message)
    if promised.lookup:
        if asked is not None and asked.nth >= len(PAUSES):  # the last answer may be on its way
            return asked.said is None and now < asked.at + RECONCILE
        return now < (asked.at if asked else since(message)) + PAUSES[-1] + RECONCILE
    return way_of(space, message) in space.ways.tells and now < since(message) + RECONCILE


def promise(space: Workspace, message: Message) -> Abilities:
    """Return what the way promises by which a message was handed over."""
    return space.ways.promise(message.kind, message.channel, message.name, message.way)


def since(message: Message) -> Instant:
    """Return when a message was tried last, so that it may be there."""
    return message.sent_at if message.sent_at is not None else message.made_at


def _claimed(space: Workspace, now: Instant) -> dict[str, list[_Open]]:
    """Take what is to be asked now, by way out; two processes never ask the same question."""
    if not any(way.abilities.lookup and isinstance(way, Answering) for way in space.ways.everything):
        return {}
    with space.store.transaction() as tx:
        lost = [one for one in outgoing.uncertain(tx, BATCH) if one.kind != "call" and promise(space, one).lookup]
        before = lookups.latest(tx, [one.id for one in lost]) if lost else {}
        due = {one.id: one for one in lost if _is_due(one, before.get(one.id), now)}
        rows = [Asked(id_, before[id_].nth + 1 if id_ in before else 1, now) for id_ in due]
        mine = lookups.claim(tx, rows) if rows else frozenset()
        people = customers.find(tx, sorted({due[id_].customer_id for id_ in mine}))
    found: dict[str, list[_Open]] = defaultdict(list)
    for row in rows:
        message = due[row.message_id]
        if row.message_id not in mine or message.customer_id not in people:
            continue
        if to := address_of(message, people[message.customer_id].data):
            found[way_of(space, message)].append(_Open(message, to, row))
    return found


def _is_due(message: Message, asked: Asked | None, now: Instant) -> bool:
    if asked is None:
        return now >= since(message) + PAUSES[0]
    return asked.nth < len(PAUSES) and now >= asked.at + PAUSES[asked.nth]


def _settle(space: Workspace, way: str, rows: Sequence[_Open], found: Sequence[Found]) -> Counter[str]:
    now = space.clock.now()
    said = [replace(row.asked, said=one.what) for row, one in zip(rows, found, strict=True)]
    gone = [row.message.id for row, one in zip(rows, found, strict=True) if _is_never_taken(space, row, one, now)]
    with space.store.transaction() as tx:
        journeys.hold(tx)
        customers.lock(tx, sorted({row.message.customer_id for row in rows}))
        lookups.answer(tx, said)
        for channel in sorted({row.message.channel for row in rows}):
            theirs = {row.message.id for row in rows if row.message.channel == channel}
            reports = [report for one in found if one.id in theirs for report in one.reports]
            take(space, tx, provider_of(way, space.catalogue), channel, reports, now)
        _again(tx, gone, now)
    return Counter(one.what for one in found)


def _is_never_taken(space: Workspace, row: _Open, one: Found, now: Instant) -> bool:
    after = promise(space, row.message).absent_after
    return one.what == "absent" and after is not None and now >= since(row.message) + after


def _again(tx: Tx, ids: Sequence[str], now: Instant) -> None:
    """Let messages leave again that were never taken, through the gate as ever."""
    if ids:
        lookups.disprove(tx, ids, NOT_THERE)
        outgoing.resolve(tx, [(id_, "ready", NOT_THERE) for id_ in ids], now)
