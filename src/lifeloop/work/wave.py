"""One wave: admit who may enter, move who is due, hand over what is ready. Any number may run, any may die."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from lifeloop.clock import Instant
from lifeloop.engine.breaker import Trip
from lifeloop.store import candidates, enrollments, outgoing
from lifeloop.store.values import EVERYBODY, FirstDue, Shard
from lifeloop.work.admitting import admit_due
from lifeloop.work.calling import call_in
from lifeloop.work.halting.breaking import pause_for_failures
from lifeloop.work.handing import deliver
from lifeloop.work.hits import settle_hits
from lifeloop.work.labels import node_labels
from lifeloop.work.moving import Moved, Which, move_due
from lifeloop.work.tidying import settle_lost
from lifeloop.work.workspace import Workspace

BATCH = 500


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
        self._call_in()
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
        self._call_in()
        return self._until_few(lambda which: admit_due(self._space, self.now, which), "admitted")

    def move(self, node: str | None = None) -> int:
        """Move everybody who is due, at one step or at all; returns how many were looked at."""
        return self._until_few(lambda which: move_due(self._space, self.now, replace(which, node=node)), "moved")

    async def deliver(self) -> dict[str, int]:
        """Hand over what is ready; returns how many went where."""
        if self.dry_run:
            return {}
        total: Counter[str] = Counter()
        while True:
            done = await deliver(
                self._space,
                self.now,
                limit=self._batch,
                journeys=self._journeys,
                shard=self._shard,
                customer=self._customer,
                enough=self._enough,
            )
            total.update(done.counts)
            self.tripped += done.tripped
            self.halted = self.halted or done.halted
            if not done.more or self._enough():
                break
        self._counts.update(total)
        return dict(total)

    def next_due(self) -> Instant | None:
        """Return when anything falls due next."""
        return self._first_due().any

    async def run(self) -> dict[str, int]:
        """Go round until nothing is due any more, or it is enough."""
        if not self.dry_run:
            settle_lost(self._space, self._space.clock.now())
            settle_hits(self._space, self._space.clock.now())
        while await self._round() and not self.dry_run and not self._enough():
            pass
        return self.counts()

    async def _round(self) -> int:
        """Do what is due, kind by kind; returns how many were looked at. What is not due costs nothing.

        Messages leave only once nobody is left to move: what happened to their runs may have made them unwanted.
        """
        due, now = self._first_due(), self.now
        looked_at = 0
        if _is_due(due.candidates, now) or _is_due(due.occasions, now):
            looked_at += self.admit()
        if _is_due(due.runs, now):
            looked_at += self.move()
        if not looked_at and _is_due(due.messages, now):
            looked_at += sum((await self.deliver()).values())
        return looked_at

    def _call_in(self) -> None:
        if self._customer is None and not self.dry_run:
            call_in(self._space, self.now, self._journeys, enough=self._enough)

    def _first_due(self) -> FirstDue:
        with self._space.store.reading() as tx:
            return enrollments.first_due(tx, self._journeys[0] if self._journeys else None)

    def _until_few(self, step: Callable[[Which], Moved], word: str) -> int:
        which = Which(self._journeys, self._batch, self._shard, customer=self._customer, dry_run=self.dry_run)
        looked_at = 0
        while True:
            done = step(which)
            looked_at += done.claimed
            self._counts[word] += done.moved
            self.latest = max(self.latest, done.latest)
            self.tripped += done.trips
            if done.failed and not self.dry_run:
                self.tripped += pause_for_failures(self._space, done.failed, self.now)
            if done.claimed < self._batch or self.dry_run or self._enough():
                return looked_at


def _is_due(moment: Instant | None, now: Instant) -> bool:
    return moment is not None and moment <= now
