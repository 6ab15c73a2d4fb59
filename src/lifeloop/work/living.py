"""Living through months with the real engine and a clock we move: for the demo, for replays of real data, for proofs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from lifeloop.clock import Instant, SetClock
from lifeloop.engine.values import Record
from lifeloop.store import customers, messages
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Receipt
from lifeloop.work.ingesting import Happening, Person, ingest
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


async def live(
    space: Workspace,
    deeds: Sequence[Deed],
    until: Instant,
    *,
    step: int = 1,
    tell: Callable[[Instant], None] | None = None,
) -> int:
    """Move the workspace's clock from due moment to due moment up to ``until``, letting the deeds happen in between.

    ``step``: seconds to which moments are rounded up, so that what lies close together is done together; 1 is exact.
    Returns the number of waves. The workspace must hold a ``SetClock``.
    """
    clock = space.clock
    assert isinstance(clock, SetClock)  # noqa: S101  # a clock that cannot be moved is a mistake in our own code
    ordered = sorted(deeds, key=lambda deed: deed.at)
    done = waves = 0
    while True:
        moment = _next(space, ordered, done)
        if moment is None or moment > until:
            clock.set(max(until, clock.now()))
            return waves
        clock.set(max(clock.now(), -(-moment // step) * step))
        fed = _feed(space, ordered, done, clock.now())
        await Wave(space).run()
        done, waves = done + fed, waves + 1
        if tell:
            tell(clock.now())


def _next(space: Workspace, ordered: Sequence[Deed], done: int) -> Instant | None:
    due = Wave(space).next_due()
    ahead = [ordered[done].at] if done < len(ordered) else []
    return min([*ahead, *([] if due is None else [due])], default=None)


def _feed(space: Workspace, ordered: Sequence[Deed], done: int, now: Instant) -> int:
    """Let everything happen that has its time up to now; returns how many."""
    batch: list[Deed] = []
    while done + len(batch) < len(ordered) and ordered[done + len(batch)].at <= now:
        batch.append(ordered[done + len(batch)])
    people = [deed.person for deed in batch if deed.person is not None]
    events = [_happening(deed) for deed in batch if deed.what == "event"]
    reacted = [deed for deed in batch if deed.what in RECEIPTS]
    noted = note_receipts(space, reacted) if reacted else []
    if people or events or noted:
        ingest(space, people, [*events, *noted], source="rehearsal")
    for deed in batch:
        if deed.what == "answer":
            _answer(space, deed)
    return len(batch)


def _happening(deed: Deed) -> Happening:
    # The name of the deed says which one it is: the same life lived twice is one life.
    key = f"{deed.customer}:{deed.name}:{deed.at}"
    return Happening(deed.customer, deed.name, deed.at, key, "rehearsal", deed.data)


def note_receipts(space: Workspace, deeds: Sequence[Deed]) -> list[Happening]:
    """Note that messages were opened, clicked or replied to; returns the events that journeys may wait for."""
    with space.store.transaction() as tx:
        known = customers.find_keys(tx, sorted({deed.customer for deed in deeds}))
        latest = messages.latest(tx, [(known[deed.customer].id, deed.name) for deed in deeds])
        pairs = [((known[deed.customer].id, deed.name), deed) for deed in deeds]
        found = [(latest[pair], RECEIPTS[deed.what], deed.at) for pair, deed in pairs if pair in latest]
        # A click shows that it was opened, whatever the mail program told us.
        seen = [(latest[pair], RECEIPTS["open"], deed.at) for pair, deed in pairs if pair in latest and deed.what == "click"]
        messages.receipt(tx, [*found, *seen])
    return [
        Happening(
            deed.customer,
            f"message.{RECEIPTS[deed.what]}",
            deed.at,
            f"{deed.customer}:{deed.what}:{deed.name}:{deed.at}",
            "rehearsal",
            {"message": deed.name},
        )
        for deed in deeds
    ]


def _answer(space: Workspace, deed: Deed) -> None:
    with space.store.transaction() as tx:
        asked = _question(tx, deed)
        if asked is not None:
            messages.answer(tx, [(asked, {"approved": deed.name == "approved"}, deed.at)])


def _question(tx: Tx, deed: Deed) -> str | None:
    """Return the oldest open question about this customer."""
    open_ones = [one for one in messages.open_asks(tx) if one.key == deed.customer]
    return open_ones[0].id if open_ones else None
