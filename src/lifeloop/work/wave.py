"""One wave: admit who may enter, move who is due, hand over what is ready. Any number may run, any may die."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine.breaker import Trip
from lifeloop.store import candidates, claims, enrollments, outgoing
from lifeloop.store.values import EVERYBODY, FirstDue, Shard
from lifeloop.work.admitting import admit_due
from lifeloop.work.calling import call_in
from lifeloop.work.halting.breaking import pause_for_failures
from lifeloop.work.handing import hand_over
from lifeloop.work.hits import settle_hits
from lifeloop.work.labels import node_labels
from lifeloop.work.moving import Which, move_due
from lifeloop.work.suspecting import Work, carefully
from lifeloop.work.tidying import settle_lost
from lifeloop.work.under_way import UnderWay
from lifeloop.work.workspace import Workspace

BATCH = 500
PATIENCE = 1.0
"""Seconds that a wave waits for what it handed over before it looks who is due meanwhile."""
CROWDED = 0.5
"""Seconds until somebody who found every seat of a provider taken looks again."""


@dataclass(frozen=True, slots=True)
class Due:
    """A step at which people are due now."""

    node: str
    label: str
    count: int


class Wave:
    """One pass over one journey, or over all of them.

    ``now`` None: the workspace's clock is asked each time. ``customer``: only that person, whatever is due.
    ``dry_run``: everything is decided, counted and rolled back; nothing is handed over. ``enough`` is asked after
    every batch: what is left then, the next wave takes.
    """

    def __init__(
        self,
        space: Workspace,
        journey: str | None = None,
        *,
        now: Instant | None = None,
        batch: int = BATCH,
        shard: Shard = EVERYBODY,
        customer: str | None = None,
        dry_run: bool = False,
        enough: Callable[[], bool] = lambda: False,
    ) -> None:
        self._space = space
        self._journeys = [journey] if journey else None
        self._now = now
        self._batch = batch
        self._shard = shard
        self._customer = customer
        self._enough = enough
        self._counts: Counter[str] = Counter()
        self._under_way = UnderWay()
        self.dry_run = dry_run
        self.latest = 0
        """Seconds by which the latest of those moved was behind its time."""
        self.halted: str | None = None
        self.tripped: list[Trip] = []
        """What breakers halted during this wave: each is told once, by the wave that found it."""

    @property
    def now(self) -> Instant:
        """The instant this wave decides by."""
        return self._space.clock.now() if self._now is None else self._now

    def counts(self) -> dict[str, int]:
        """Return how many were admitted, moved, sent, held, dropped."""
        return dict(self._counts)

    def candidates_due(self) -> int:
        """Call in whose calendar start has come; returns how many may enter now."""
        for _ in self._calling_in():
            pass
        with self._space.store.reading() as tx:
            return candidates.count_due(tx, self._journeys, self.now, self._shard, customer=self._customer)

    def standing(self) -> tuple[Due, ...]:
        """Return the steps at which people are due, with how many, in the order of the journey."""
        with self._space.store.reading() as tx:
            found = enrollments.due_nodes(tx, self._journeys, self.now, self._shard, customer=self._customer)
            plans = self._space.plans.by_digest(tx, {digest for digest, _, _ in found})
        totals: Counter[str] = Counter()
        labels: dict[str, str] = {}
        for digest, node, count in found:
            totals[node] += count
            labels[node] = node_labels(plans[digest]).get(node, node) if digest in plans else node
        return tuple(Due(node, labels[node], count) for node, count in totals.items())

    def messages_due(self) -> int:
        """Return how many messages may be ready to leave."""
        with self._space.store.reading() as tx:
            return outgoing.count_ready(
                tx, self.now, journeys=self._journeys, shard=self._shard, customer=self._customer
            )

    def admit(self) -> int:
        """Admit everybody who may enter now; returns how many were looked at."""
        return sum(self._admitting())

    def move(self, node: str | None = None) -> int:
        """Move everybody who is due, at one step or at all; returns how many were looked at."""
        return sum(self._moving(node))

    async def deliver(self) -> dict[str, int]:
        """Hand over what is ready, and wait for what comes of it; returns how many went where.

        A way out that hangs holds up no other; its own messages wait, and so does whoever called.
        """
        before = Counter(self._counts)
        while (await self._hand_over() or self._under_way) and not self._enough():
            pass
        await self._settle_all()
        return dict(self._counts - before)

    def next_due(self) -> Instant | None:
        """Return when anything falls due next."""
        return self._first_due().any

    async def run(self, beside: UnderWay | None = None) -> dict[str, int]:
        """Go round until nothing is due any more, or it is enough.

        ``beside``: what is under way before this wave and after it. Without it the wave waits for what it handed over,
        and lets people move meanwhile.
        """
        self._under_way = beside if beside is not None else UnderWay()
        if not self.dry_run:
            settle_lost(self._space, self._space.clock.now())
            settle_hits(self._space, self._space.clock.now())
        try:
            while await self._round() or (beside is None and self._under_way):
                if self.dry_run or self._enough():
                    break
        finally:
            if beside is None:
                await self._settle_all()
        return self.counts()

    async def _round(self) -> int:
        """Do what is due, kind by kind; returns how many were looked at. What is not due costs nothing.

        Messages leave only once nobody is left to move: what happened to their runs may have made them unwanted.
        """
        due, now = self._first_due(), self.now
        looked_at = 0
        if _is_due(due.candidates, now) or _is_due(due.occasions, now):
            looked_at += await _in_turn(self._admitting())
        if _is_due(due.runs, now):
            looked_at += await _in_turn(self._moving())
        if not looked_at and _is_due(due.messages, now):
            return await self._hand_over()
        return looked_at + self._note(await self._under_way.come_back(0 if looked_at else PATIENCE))

    async def _hand_over(self) -> int:
        """Let a batch set out, and wait a little for whatever comes back; returns how many were looked at."""
        if self.dry_run:
            return 0
        gated = hand_over(
            self._space,
            self.now,
            self._under_way,
            limit=self._batch,
            journeys=self._journeys,
            shard=self._shard,
            customer=self._customer,
            enough=self._enough,
        )
        self.tripped += gated.tripped
        self.halted = self.halted or gated.halted
        if gated.turns.crowded and not gated.cleared and not self._under_way:
            await asyncio.sleep(CROWDED)  # others are being served: do not spin around them
        back = await self._under_way.come_back(PATIENCE)
        self._note(gated.kept)
        return gated.claimed + self._note(back)

    async def _settle_all(self) -> None:
        self._note(await self._under_way.all_back())

    def _note(self, counts: Mapping[str, int]) -> int:
        self._counts.update(counts)
        return sum(counts.values())

    def _admitting(self) -> Iterator[int]:
        yield from self._calling_in()
        yield from self._batches("candidate", admit_due, "admitted")

    def _moving(self, node: str | None = None) -> Iterator[int]:
        yield from self._batches("enrollment", move_due, "moved", node)

    def _calling_in(self) -> Iterator[int]:
        """Call in, slice by slice: whom it makes a candidate is looked at later."""
        if self._customer is None and not self.dry_run:
            for _ in call_in(self._space, self.now, self._journeys):
                yield 0
                if self._enough():
                    return

    def _first_due(self) -> FirstDue:
        with self._space.store.reading() as tx:
            return enrollments.first_due(tx, self._journeys[0] if self._journeys else None)

    def _batches(self, kind: claims.Due, work: Work, word: str, node: str | None = None) -> Iterator[int]:
        """Do a step batch by batch until few are left; gives how many were looked at in each."""
        which = Which(self._journeys, self._batch, self._shard, node, self._customer, dry_run=self.dry_run)
        while True:
            done = carefully(self._space, kind, self.now, which, work)
            self._counts[word] += done.moved
            self.latest = max(self.latest, done.latest)
            self.tripped += done.trips
            if done.failed and not self.dry_run:
                self.tripped += pause_for_failures(self._space, done.failed, self.now)
            yield done.claimed
            if done.claimed < self._batch or self.dry_run or self._enough():
                return


async def _in_turn(batches: Iterator[int]) -> int:
    """Do batch after batch, and let answers be read in between: nobody's time limit ends because of a long queue."""
    looked_at = 0
    for many in batches:
        looked_at += many
        await asyncio.sleep(0)
    return looked_at


def _is_due(moment: Instant | None, now: Instant) -> bool:
    return moment is not None and moment <= now
