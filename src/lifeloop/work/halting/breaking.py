"""Breakers at the gate: what is halted stays, what would trip one is held back, and what leaves is counted.

All of it in the gate's own transaction, so that what one worker finds stops all others. A trip is written in a second
one, right after: a journey's gates take turns at counting, so whoever comes between finds the same figures.
"""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from lifeloop.clock import Instant
from lifeloop.engine import breaker
from lifeloop.engine.breaker import Key, Trip
from lifeloop.journey.breakers import DAY, Rate
from lifeloop.journey.ways import provider_of
from lifeloop.store import halts, journeys
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Decision, GateFacts, Message
from lifeloop.work.following import ways_of
from lifeloop.work.halting.content import content_of
from lifeloop.work.halting.lateness import LATE
from lifeloop.work.workspace import Workspace

log = logging.getLogger(__name__)


class Guard:
    """The breakers of one gate. ``trips``: what is to be halted once the gate has closed."""

    def __init__(self, space: Workspace, tx: Tx, now: Instant) -> None:
        self._space, self._tx, self._now = space, tx, now
        rows = halts.read(tx, now) if space.live else ()
        self._halted = {(row.scope, row.name) for row in rows if row.stands}
        self._calm = {row.name for row in rows if row.scope == "journey" and not row.stands}
        self._more: Counter[Key] = Counter()
        self.trips: list[Trip] = []

    def open(self, names: Iterable[str]) -> list[str]:
        """Return those of these journeys of which messages may leave."""
        return [name for name in names if ("journey", name) not in self._halted]

    def judge(
        self, claimed: Sequence[Message], known: Mapping[str, GateFacts], decisions: Sequence[Decision]
    ) -> list[Decision]:
        """Return decisions with what breakers hold back; those left out stay as they are."""
        if not self._space.live or not decisions:
            return list(decisions)
        rows = {row.id: row for row in claimed}
        counts = self._counts(rows, decisions)
        found = breaker.judge(counts, self._space.catalogue.breakers, self._now, calm=self._calm)
        self.trips = [trip for trip in found if (trip.scope, trip.name) not in self._halted]
        self._halted |= {(trip.scope, trip.name) for trip in self.trips}
        still = [one for one in decisions if ("journey", rows[one.id].journey) not in self._halted]
        kept = self._within_volume(rows, [self._held(rows[one.id], one) for one in still], counts)
        self._more.update(("journey", rows[one.id].journey, LATE) for one in kept if _is_late(one))
        return self._without_repetitions(rows, known, kept)

    def is_halted(self, way: str) -> bool:
        """Tell whether nothing leaves by a way out, because its provider is halted."""
        return ("provider", provider_of(way, self._space.catalogue)) in self._halted

    def count(self, claimed: Sequence[Message], fences: Mapping[str, int]) -> None:
        """Count what was marked. To be called last."""
        if not self._space.live:
            return
        self._more.update(("journey", row.journey, "left") for row in claimed if row.id in fences and _is_first(row))
        halts.count(self._tx, self._more, self._now)

    def _held(self, row: Message, one: Decision) -> Decision:
        """Keep a message that would leave, as long as it is halted itself, or every way that it may take."""
        if one.to != "attempting" or row.kind != "mail":
            return one
        stopped = ("message", row.name) in self._halted or all(map(self.is_halted, ways_of(self._space, row)))
        return Decision(one.id, "held", halts.HELD) if stopped else one

    def _counts(self, rows: Mapping[str, Message], kept: Sequence[Decision]) -> breaker.Counts:
        """Return what was counted of everything in this batch, with this batch."""
        concerned = {each for one in kept for each in subjects_of(self._space, rows[one.id])}
        halts.in_turn(self._tx, {name for scope, name in concerned if scope == "journey"})
        more: Counter[Key] = Counter(("journey", rows[one.id].journey, LATE) for one in kept if _is_late(one))
        found = defaultdict(list, halts.counts(self._tx, concerned, self._now))
        for key, number in more.items():
            if key[:2] in concerned:
                found[key] = [*found[key], (breaker.stretch_of(self._now), number)]
        return found

    def _within_volume(
        self, rows: Mapping[str, Message], kept: Sequence[Decision], counts: breaker.Counts
    ) -> list[Decision]:
        """Leave out what a journey would send beyond its volume, and halt it."""
        wanted: dict[str, list[str]] = defaultdict(list)
        for one in kept:
            if one.to == "attempting" and _is_first(rows[one.id]):
                wanted[rows[one.id].journey].append(one.id)
        beyond: set[str] = set()
        for journey, ids in wanted.items():
            most = self._most(journey, counts, len(ids))
            if most is not None and len(ids) > (room := breaker.room(counts, journey, most, self._now)):
                beyond.update(ids[room:])
                left = breaker.within(counts, ("journey", journey, "left"), self._now, most.within) + room
                self.trips.append(breaker.too_many(journey, left, len(ids) - room, most))
        return [one for one in kept if one.id not in beyond]

    def _most(self, journey: str, counts: breaker.Counts, wanted: int) -> Rate | None:
        """Return what a journey may send: what it declares, or what fits the people inside. None: whatever it wants.

        People are counted only when what was known of them does not suffice any more.
        """
        declared = declared_volume(self._space, journey)
        if declared is not None or not self._space.catalogue.breakers.volume:
            return declared
        known = self._space.insiders.get(journey, 0)
        most = breaker.usual_most(known)
        if wanted > breaker.room(counts, journey, most, self._now):
            known = self._space.insiders[journey] = halts.people(self._tx, journey, self._now - DAY)
        return breaker.usual_most(known)

    def _without_repetitions(
        self, rows: Mapping[str, Message], known: Mapping[str, GateFacts], kept: Sequence[Decision]
    ) -> list[Decision]:
        """Block what would say the same words to the same person again too soon."""
        window = self._space.catalogue.breakers.duplicate
        if window is None:
            return list(kept)
        said: dict[tuple[int, int], str] = {}
        mails = [one.id for one in kept if one.to == "attempting" and rows[one.id].kind == "mail"]
        for id_ in mails:
            said.setdefault((rows[id_].customer_id, content_of(self._space, rows[id_], known[id_].facts)), id_)
        fresh = halts.say(self._tx, [(*key, id_) for key, id_ in said.items()], self._now, self._now - window)
        again = set(mails) - fresh
        self._more.update(("message", rows[id_].name, "repeated") for id_ in again)
        why = "duplicate: the same words went to them a short while ago"
        return [one._replace(to="capped", reason=why) if one.id in again else one for one in kept]


def halt_for(space: Workspace, trips: Sequence[Trip], now: Instant) -> tuple[Trip, ...]:
    """Halt what tripped; returns what was not halted before, so that each is told once."""
    if not trips:
        return ()
    with space.store.transaction() as tx:
        halts.take_turn(tx)
        new = halts.halt(tx, trips, now)
    for trip in new:
        log.info("the %s %s is halted (%s): %s", trip.scope, trip.name, trip.by, trip.reason)
    return new


def pause_for_failures(space: Workspace, names: Iterable[str], now: Instant) -> tuple[Trip, ...]:
    """Let those journeys rest of which too many people cannot be moved. Returns those that did not rest yet."""
    if not space.live:
        return ()
    concerned = {("journey", name) for name in names}
    with space.store.transaction() as tx:
        counts = halts.counts(tx, concerned, now)
        awake = {row.name for row in journeys.rows(tx) if row.paused_at is None}
        found = [
            breaker.trips(breaker.FAILURES, counts, name, space.catalogue.breakers, now)
            for _, name in sorted(concerned)
            if name in awake
        ]
        trips = tuple(trip for trip in found if trip is not None)
        for trip in trips:
            journeys.pause(tx, [trip.name], trip.reason, now)
            log.info("the journey %s is paused (%s): %s", trip.name, trip.by, trip.reason)
    return trips


def declared_volume(space: Workspace, journey: str) -> Rate | None:
    """Return what a journey's file, or else the project, says that it may send."""
    written = space.project.journeys.get(journey)
    spec = written.spec if written else None
    return (spec.delivery.volume if spec else None) or space.catalogue.delivery.volume


def subjects_of(space: Workspace, row: Message) -> set[tuple[breaker.Scope, str]]:
    """Return what is judged before a message leaves: its journey, and of a mail its words and whoever may carry it."""
    found: set[tuple[breaker.Scope, str]] = {("journey", row.journey)}
    if row.kind == "mail":
        carriers = {provider_of(way, space.catalogue) for way in ways_of(space, row)}
        found |= {("message", row.name), *(("provider", name) for name in carriers)}
    return found


def _is_late(one: Decision) -> bool:
    return one.to == "expired" and (one.reason or "").startswith(LATE)


def _is_first(row: Message) -> bool:
    """Tell whether a message to a customer has not left yet: a second try is no second message."""
    return row.kind == "mail" and row.tries == 0
