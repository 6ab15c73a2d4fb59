"""Living through months with the real engine and a clock we move: for the demo, for replays of real data, as proof."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lifeloop.clock import Instant, SetClock
from lifeloop.engine.values import Record
from lifeloop.store import customers, messages
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Receipt
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.receipts import note_receipts
from lifeloop.work.segmenting import look_again
from lifeloop.work.settling import settled
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace

RECEIPTS: dict[str, Receipt] = {"open": "opened", "click": "clicked", "reply": "replied"}


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that happens at a moment: to a customer (``event``), to a message, or to a question of ours.

    ``what``: ``event``, ``person`` (they become known), ``open``, ``click``, ``reply``, ``answer``.
    """

    at: Instant
    what: str
    customer: str
    name: str = ""
    data: Record = field(default_factory=dict)
    person: Person | None = None
    happening: Happening | None = None
    """The event as it arrived, where it brings its own id."""


@dataclass(slots=True)
class Lived:
    """What came of it: how many waves, and how many were admitted, moved, sent, held or dropped, by word."""

    waves: int = 0
    counts: Counter[str] = field(default_factory=Counter)


async def live(
    space: Workspace,
    deeds: Sequence[Deed],
    until: Instant,
    *,
    step: int = 1,
    refresh: int | None = None,
    tell: Callable[[Instant], None] | None = None,
) -> Lived:
    """Move the workspace's clock from due moment to due moment up to ``until``, letting the deeds happen in between.

    ``step``: seconds to which moments are rounded up, so that what lies close together is done together; 1 is exact.
    ``refresh``: seconds between two looks at who is in which segment, for segments that the mere passing of time
    fills ("nothing bought for 180 days"); None: only facts move people. The workspace must hold a ``SetClock``.
    """
    clock = space.clock
    assert isinstance(clock, SetClock)  # noqa: S101  # a clock that cannot be moved is a mistake in our own code
    course, lived = _Course(space, deeds, refresh), Lived()
    with settled():
        while (moment := course.next()) is not None and moment <= until:
            clock.set(max(clock.now(), -(-moment // step) * step))
            course.go_on(clock.now())
            lived.counts.update(await Wave(space).run())
            lived.waves += 1
            if tell:
                tell(clock.now())
    clock.set(max(until, clock.now()))
    return lived


class _Course:
    """What is still ahead: deeds in the order of time, and the next look at the segments."""

    def __init__(self, space: Workspace, deeds: Sequence[Deed], refresh: int | None) -> None:
        self._space = space
        self._deeds = sorted(deeds, key=lambda deed: deed.at)
        self._done = 0
        self._refresh = refresh
        self._began = space.clock.now()
        self._looks = 0

    def next(self) -> Instant | None:
        """Return when anything happens next, or falls due."""
        due = Wave(self._space).next_due()
        deed = self._deeds[self._done].at if self._done < len(self._deeds) else None
        return min((moment for moment in (due, deed, self._looks_at()) if moment is not None), default=None)

    def go_on(self, now: Instant) -> None:
        """Let everything happen that has its time up to now."""
        self._done += _feed(self._space, self._deeds, self._done, now)
        looks_at = self._looks_at()
        if looks_at is not None and looks_at <= now:
            self._look()

    def _looks_at(self) -> Instant | None:
        return None if self._refresh is None else self._began + self._refresh * (self._looks + 1)

    def _look(self) -> None:
        self._looks += 1
        if self._looks.bit_count() == 1:  # the first time, the second, the fourth …: what was empty has grown
            self._space.store.analyze()
        look_again(self._space, self._space.clock.now())


def _feed(space: Workspace, ordered: Sequence[Deed], done: int, now: Instant) -> int:
    """Let everything happen that has its time up to now; returns how many."""
    batch: list[Deed] = []
    while done + len(batch) < len(ordered) and ordered[done + len(batch)].at <= now:
        batch.append(ordered[done + len(batch)])
    people = [deed.person for deed in batch if deed.person is not None]
    events = [_happening(deed) for deed in batch if deed.what == "event"]
    reacted = [deed for deed in batch if deed.what in RECEIPTS]
    if people or events:
        ingest(space, people, events, source="rehearsal")
    if reacted:
        _react(space, reacted, now)
    for deed in batch:
        if deed.what == "answer":
            _answer(space, deed)
    return len(batch)


def _happening(deed: Deed) -> Happening:
    if deed.happening is not None:
        return deed.happening
    # The name of the deed says which one it is: the same life lived twice is one life.
    key = f"{deed.customer}:{deed.name}:{deed.at}"
    return Happening(deed.customer, deed.name, deed.at, key, "rehearsal", deed.data)


def _react(space: Workspace, deeds: Sequence[Deed], now: Instant) -> None:
    """Let the latest message of that name be opened, clicked or replied to, where there is one."""
    with space.store.transaction() as tx:
        known = customers.find_keys(tx, sorted({deed.customer for deed in deeds}))
        latest = messages.latest(tx, [(known[deed.customer].id, deed.name) for deed in deeds if deed.customer in known])
        found = messages.find(tx, sorted(set(latest.values())))
        pairs = [((known[deed.customer].id, deed.name), deed) for deed in deeds if deed.customer in known]
        noted = [(found[latest[pair]], RECEIPTS[deed.what], deed.at) for pair, deed in pairs if pair in latest]
        note_receipts(space, tx, noted, now)


def _answer(space: Workspace, deed: Deed) -> None:
    with space.store.transaction() as tx:
        asked = _question(tx, deed)
        if asked is not None:
            messages.answer(tx, [(asked, {"approved": deed.name == "approved"}, deed.at)])


def _question(tx: Tx, deed: Deed) -> str | None:
    """Return the oldest open question about this customer."""
    open_ones = [one for one in messages.open_asks(tx) if one.key == deed.customer]
    return open_ones[0].id if open_ones else None
