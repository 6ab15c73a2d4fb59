"""Between gate and hand-off: each message gets the way out that it takes now, or its turn. In the gate's transaction.

So no message is marked that its provider does not take yet, and all workers together keep to one pace. A message of
which some try may have arrived stays with the way that it took: any other could not know it again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from lifeloop.clock import Instant
from lifeloop.engine.pacing import OURS, Grant, Limits, Pace, Why, take
from lifeloop.store import halts, outgoing, pacing
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Decision, Message
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work.competing import rank_of
from lifeloop.work.following import ways_of
from lifeloop.work.pacing import MAY_COUNT, in_words, today
from lifeloop.work.warming import LocaleOf, Ramps
from lifeloop.work.workspace import Workspace

SHUT: frozenset[Why] = frozenset({"open", "quota", "warm-up"})
"""What lets a message take the fallback: it would wait long, and nobody asked for a pause."""
_WORDS: Mapping[Why, str] = {
    "rate": "{way} takes only so many at a time: it has its turn",
    "quota": "{way} has taken all that it may today",
    "warm-up": "{way} is warming up, and takes no more from this sender today",
    "concurrency": "{way} is busy",
    "asked": "{way} asked for a pause",
    "open": "{way} does not take messages at the moment",
}


@dataclass(frozen=True, slots=True)
class Turns:
    """What the gate decided, and what came of it at the counters. ``seats``: requests at a time, by way."""

    decisions: Sequence[Decision] = ()
    ways: Mapping[str, str] = field(default_factory=dict)
    seats: Mapping[str, int] = field(default_factory=dict)
    ticket: str = ""
    crowded: bool = False
    day: str = ""
    """Of whose quota and warm-up they took."""
    ramps: Mapping[str, str] = field(default_factory=dict)
    """The ramps that messages count on, where their way is warming up."""
    probing: frozenset[str] = frozenset()
    """The ways at which one message tries whether they work again."""

    def taken_by(self, rows: Sequence[Message]) -> tuple[Message, ...]:
        """Return messages with the ways that they take now."""
        return tuple(row._replace(way=self.ways[row.id]) if row.id in self.ways else row for row in rows)

    def unused(self, settlements: Sequence[Settlement]) -> Mapping[str, int]:
        """Return how much room of each ramp is not used up, because what was to count on it was not taken."""
        left = (one.id for one in settlements if one.outcome not in MAY_COUNT)
        return Counter(self.ramps[one] for one in left if one in self.ramps)


def give_turns(
    space: Workspace,
    tx: Tx,
    claimed: Sequence[Message],
    decisions: Sequence[Decision],
    now: Instant,
    until: Instant,
    *,
    is_halted: Callable[[str], bool],
    locale_of: LocaleOf,
    busy: Collection[str] = (),
) -> Turns:
    """Send each message that may leave by a way that takes it, and hold the others until it is their turn.

    What is left no way that is not halted stays until a person releases one. The number of statements depends neither
    on the batch nor on how many ways there are. ``until``: the lease's end. ``busy``:
    ways to which this process is still handing over what it had before.
    """
    leaving = {one.id for one in decisions if one.to == "attempting"}
    rows = sorted((row for row in claimed if row.id in leaving), key=lambda row: _order(space, row))
    if not rows:
        return Turns(decisions)
    wishes = _wishes(space, tx, rows, is_halted)
    counters = _Counters(space, tx, wishes, locale_of, busy)
    for chain, asking in wishes.items():
        if chain:
            counters.ask(chain, asking)
    ticket = f"{rows[0].id}:{rows[0].fence}"
    counters.write(ticket, until)
    made = [counters.applied(one, now) if one.id in leaving else one for one in decisions]
    return Turns(
        made,
        counters.ways,
        counters.seats,
        ticket,
        counters.crowded,
        counters.day,
        counters.ramps,
        counters.probing,
    )


def _order(space: Workspace, row: Message) -> tuple[int, Instant, str]:
    return rank_of(space, row.journey), row.due_at, row.id


def _wishes(
    space: Workspace, tx: Tx, rows: Sequence[Message], is_halted: Callable[[str], bool]
) -> dict[tuple[str, ...], list[Message]]:
    """Return the messages by the ways they may take, the best first; none, where all of them are halted."""
    chains = {row.id: ways_of(space, row) for row in rows}
    tried = [row.id for row in rows if row.way and (len(chains[row.id]) > 1 or row.way != chains[row.id][0])]
    bound = outgoing.ever_uncertain(tx, tried) if tried else frozenset()
    wishes: dict[tuple[str, ...], list[Message]] = {}
    for row in rows:
        chain = (row.way,) if row.way and row.id in bound else chains[row.id]
        wishes.setdefault(tuple(way for way in chain if not is_halted(way)), []).append(row)
    return wishes


class _Counters:
    """The counters of all ways that one batch may take. Nobody else is served there until the commit."""

    def __init__(
        self,
        space: Workspace,
        tx: Tx,
        wishes: Mapping[tuple[str, ...], Sequence[Message]],
        locale_of: LocaleOf,
        busy: Collection[str],
    ) -> None:
        self._tx = tx
        self._today = today(space)
        ways = sorted({way for chain in wishes for way in chain})
        self._limits = {way: _limits(space, way, busy) for way in ways}
        self._warm_up = Ramps.of(space, wishes, locale_of, self._today)
        known = pacing.look(tx, self._limits)
        paced = [way for way, limits in self._limits.items() if not (limits.none and _is_well(known.get(way)))]
        self._locked = [*paced, *self._warm_up.names]
        self._before = known | (pacing.lock(tx, self._locked) if self._locked else {})
        self._paces = dict(self._before)
        self._free = self._free_seats()
        self._held: dict[str, tuple[Instant, Why, str]] = {}
        self.day = self._today.day
        self.ways: dict[str, str] = {}
        self.ramps: dict[str, str] = {}
        self.seats: Counter[str] = Counter()

    @property
    def crowded(self) -> bool:
        """Whether somebody found every seat taken."""
        return any(why == "concurrency" for _, why, _ in self._held.values())

    @property
    def probing(self) -> frozenset[str]:
        """The ways at which one message tries whether they work again."""
        return frozenset(way for way in self.ways.values() if self._paces.get(way, Pace(way)).state == "half-open")

    def ask(self, chain: tuple[str, ...], rows: Sequence[Message]) -> None:
        """Let messages take the first way that takes them; the others keep the earliest turn they were offered."""
        way, *instead = chain
        fitting, over = self._warm_up.part(way, rows, self._paces)
        grants = [(over, Grant(0, why="warm-up", turns=(self._today.next_day,) * len(over)))]
        if fitting:
            grants.append((fitting, self._take(way, fitting)))
        shut: set[str] = set()
        for asking, grant in grants:
            self._hold(way, asking[grant.count :], grant)
            shut |= {row.id for row in asking[grant.count :] if grant.why in SHUT}
        if shut and instead:
            self.ask(tuple(instead), [row for row in rows if row.id in shut])

    def applied(self, decision: Decision, now: Instant) -> Decision:
        """Return what becomes of a message that may leave. What waits for a limit of our own is not late."""
        way = self.ways.get(decision.id)
        if way is not None:
            return decision._replace(way=way)
        if decision.id not in self._held:
            return Decision(decision.id, "held", halts.HELD)
        turn, why, way = self._held[decision.id]
        until = max(turn, now + 1)
        reason = _WORDS[why].format(way=in_words(way))
        return Decision(decision.id, "ready", reason, until, due_at=until if why in OURS else None)

    def write(self, ticket: str, until: Instant) -> None:
        """Write what was taken."""
        changed = [self._paces[way] for way in self._locked if self._paces[way] != self._before[way]]
        if changed:
            pacing.write(self._tx, changed)
        if self.seats:
            pacing.sit(self._tx, ticket, self.seats, until=until, now=self._today.now)

    def _take(self, way: str, rows: Sequence[Message]) -> Grant:
        """Let as many of the messages as a way takes now have it; they use up its pace and their ramps."""
        pace = self._paces.get(way, Pace(way))
        self._paces[way], grant = take(
            pace, self._limits[way], len(rows), self._today, free_seats=self._free.get(way, 0)
        )
        if grant.seats:
            self.seats[way] += grant.seats
            self._free[way] -= grant.seats
        granted = rows[: grant.count]
        self.ways.update((row.id, way) for row in granted)
        climbed = {row.id: ramp for row in granted if (ramp := self._warm_up.ramp(way, row)) is not None}
        for ramp, count in Counter(climbed.values()).items():
            self._paces[ramp] = self._paces[ramp].using(count, self.day)
        self.ramps |= climbed
        return grant

    def _hold(self, way: str, rows: Sequence[Message], grant: Grant) -> None:
        for row, turn in zip(rows, grant.turns, strict=True):
            offered = (turn, grant.why or "rate", way)
            self._held[row.id] = min(self._held.get(row.id, offered), offered)

    def _free_seats(self) -> dict[str, int]:
        limited = {way: found.concurrency for way, found in self._limits.items() if found.concurrency is not None}
        taken = pacing.seats_taken(self._tx, limited, self._today.now) if limited else {}
        return {way: max(most - taken.get(way, 0), 0) for way, most in limited.items()}


def _limits(space: Workspace, way: str, busy: Collection[str]) -> Limits:
    """Return how fast a way may be used; one that is busy with an earlier batch has no seat free."""
    limits = space.ways.limits(way)
    return replace(limits, concurrency=0) if way in busy else limits


def _is_well(pace: Pace | None) -> bool:
    return pace is None or (pace.state == "closed" and pace.closed_until is None)
