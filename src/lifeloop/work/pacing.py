"""What is known of the pace of ways out: what their answers say is written down here, and where each of them stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from zoneinfo import ZoneInfo

from lifeloop.channel.values import Receipt
from lifeloop.channel.ways import CALL
from lifeloop.clock import Instant
from lifeloop.engine.circuit import LONGEST_WAIT, Heard, hear
from lifeloop.engine.pacing import Limits, Pace, Today
from lifeloop.engine.retry import Outcome
from lifeloop.engine.zones import instant_of, local
from lifeloop.store import pacing
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Outcome as Settlement
from lifeloop.work.warming import Ramp, is_ramp, ramps_today
from lifeloop.work.workspace import Workspace

PAUSED_FOR = 300
"""Seconds until a way out is tried again that needs a person to repair a setting."""
A_DAY = 86_400
ANSWERED = frozenset({Outcome.ACCEPTED, Outcome.REJECTED})
FAILED = frozenset({Outcome.NOT_ACCEPTED, Outcome.UNCERTAIN})
MAY_COUNT = frozenset({*ANSWERED, Outcome.UNCERTAIN})
"""Of these the provider may say that they used up its quota."""


def today(space: Workspace) -> Today:
    """Return the present moment and day of the project."""
    zone, now = ZoneInfo(space.catalogue.timezone), space.clock.now()
    day = local(now, zone).date()
    return Today(now, day.isoformat(), instant_of(day + timedelta(days=1), time(), zone))


def heard(receipts: Sequence[Receipt], settlements: Sequence[Settlement], *, webhooks: bool = False) -> Heard:
    """Return what answers say of their way out.

    ``webhooks``: each follows a schedule of its own, so failures are no reason to hold the others back, and the
    receiver may ask for a longer pause.
    """
    failed = [one.outcome in FAILED and not one.slow_down and not webhooks for one in receipts]
    silent = [bad and one.timed_out for bad, one in zip(failed, receipts, strict=True)]
    answered = [one.outcome in ANSWERED for one in receipts]
    last_good = max((place for place, good in enumerate(answered) if good), default=-1)
    broken = any(one.outcome is Outcome.CONFIGURATION for one in receipts)
    return Heard(
        good=sum(answered),
        bad=sum(failed),
        bad_last=sum(failed[last_good + 1 :]),
        silent_last=sum(silent[last_good + 1 :]),
        returned=sum(one.outcome not in MAY_COUNT for one in settlements),
        slow_down=any(one.slow_down and not one.used_up for one in receipts),
        used_up=any(one.used_up for one in receipts),
        wait=max((one.retry_after or 0 for one in receipts if one.slow_down), default=None),
        longest=A_DAY if webhooks else LONGEST_WAIT,
        broken_for=PAUSED_FOR if broken else None,
        why=next((one.detail for one in reversed(receipts) if one.outcome not in ANSWERED and one.detail), None),
    )


def note(space: Workspace, tx: Tx, way: str, said: Heard, day: str, unused: Mapping[str, int]) -> Pace:
    """Write what was heard of a way out, if it changes anything; returns its pace since.

    ``day``: of whose quota the messages were taken; ``unused``: the room to give back, by ramp.
    """
    known = pacing.look(tx, [way]).get(way, Pace(way))
    gives_back = bool(said.returned and known.used) or bool(unused)
    if said.nothing_wrong and known.clean and not gives_back:
        return known
    held = pacing.lock(tx, [way, *unused])
    after = hear(held[way], said, space.clock.now(), day)
    changed = [after, *(held[ramp].given_back(count, day) for ramp, count in unused.items())]
    changed = [pace for pace in changed if pace != held[pace.name]]
    if changed:
        pacing.write(tx, changed)
    return after


def try_now(tx: Tx, ways: Collection[str]) -> None:
    """Forget that ways out failed: a person says that they work again."""
    known = pacing.look(tx, ways)
    ill = [way for way, pace in known.items() if not pace.clean]
    held = pacing.lock(tx, ill).values() if ill else ()
    pacing.write(tx, [Pace(one.name, one.next_free, one.booked, one.day, one.used) for one in held])


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one way out stands: what it may take, what it took today, and why and until when it takes nothing."""

    way: str
    limits: Limits
    used: int
    busy: int
    """Requests that may be under way."""
    circuit: str
    until: Instant | None
    """When it goes on: the end of a pause that was asked for, the next try, or the next day's quota."""
    why: str | None
    fallback: str | None
    ramps: tuple[Ramp, ...] = ()
    """While it warms up: where it stands with each domain."""

    @property
    def notable(self) -> bool:
        """Whether there is anything to say: a limit, a fallback, or a reason why it takes nothing."""
        waits = self.until is not None or self.circuit != "closed"
        return waits or not self.limits.none or self.fallback is not None or bool(self.ramps)


def standings(space: Workspace, tx: Tx) -> tuple[Standing, ...]:
    """Return where every way out stands that is paced, or takes nothing at the moment."""
    present = today(space)
    known = pacing.look(tx)
    busy = pacing.seats_taken(tx, known, present.now)
    names = dict.fromkeys((*space.ways.names, *(name for name in known if not is_ramp(name))))
    found = (_standing(space, way, known, busy.get(way, 0), present) for way in names)
    return tuple(one for one in found if one.notable)


def _standing(space: Workspace, way: str, known: Mapping[str, Pace], busy: int, present: Today) -> Standing:
    pace = known.get(way, Pace(way))
    limits, used = space.ways.limits(way), pace.used_on(present.day)
    ramps = ramps_today(space, way, known, present.day)
    until, why = pace.retry_at, pace.why
    if pace.closed_until is not None and pace.closed_until > present.now:
        until = max(pace.closed_until, until or 0)
    elif until is None and (full := _full(limits, used, ramps)) is not None:
        until, why = present.next_day, full
    return Standing(
        way,
        limits,
        used,
        busy,
        pace.state,
        until,
        why if until is not None else None,
        space.ways.instead_of(way),
        ramps,
    )


def _full(limits: Limits, used: int, ramps: Sequence[Ramp]) -> str | None:
    """Say why a way takes nothing more today, if it does not."""
    if limits.quota is not None and used >= limits.quota:
        return f"all {limits.quota:,} of today are used"
    if ramps and all(one.used >= one.allowed for one in ramps):
        return "its warm-up lets no more leave today"
    return None


def in_words(way: str) -> str:
    """Return the name of a way out as people say it: ``resend``, ``crm``."""
    return way.removeprefix(CALL)
