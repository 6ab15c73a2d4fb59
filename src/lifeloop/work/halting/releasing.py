"""Halting by hand, and letting go: what would happen is counted first, and what had gathered leaves at a pace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lifeloop.clock import Instant
from lifeloop.engine.breaker import Scope, Trip
from lifeloop.journey.breakers import HOUR, Rate
from lifeloop.journey.nearest import nearest
from lifeloop.journey.ways import provider_of
from lifeloop.store import backlogs, halts, journeys, suspects
from lifeloop.store.backlogs import Backlog, Pace
from lifeloop.store.halts import HaltRow
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Message
from lifeloop.work.finding import NotFoundError
from lifeloop.work.guarding import accept
from lifeloop.work.resting import LOOKED_AT, late_message
from lifeloop.work.workspace import Workspace

HAND = "hand"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that can be halted."""

    scope: Scope
    name: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What has gathered: how many messages ``wait`` at all, are ``due``, and are ``late``, to be skipped by their rule.

    ``per_hour``: how many of the others leave in an hour once released, and ``seconds``: how long that takes.
    """

    waiting: int
    due: int
    late: int
    per_hour: int
    seconds: int
    complete: bool = True
    aside: int = 0
    """People who were set aside because processes died of them; they are tried again, alone."""


def find_targets(space: Workspace, words: Sequence[str]) -> tuple[Target, ...]:
    """Return what is meant: a journey, a message, or a provider, whichever is called so.

    Raises:
        NotFoundError: nothing is.
    """
    with space.store.reading() as tx:
        named = {*space.project.journeys, *(row.name for row in journeys.rows(tx))}
        stand = {row.name: Target(row.scope, row.name) for row in halts.standing(tx)}
    messages = {name: Target("message", name) for name in space.project.library}
    providers = {name: Target("provider", name) for name in _providers(space)}
    known = stand | providers | messages | {name: Target("journey", name) for name in named}
    for word in words:
        if word not in known:
            near = nearest(word, list(known))
            hint = f'did you mean "{near}"?' if near else "a journey, a message such as welcome/hello, or a provider"
            raise NotFoundError(f'there is no journey, message or provider "{word}"', hint=hint)
    return tuple(known[word] for word in words)


def outlook(space: Workspace, targets: Sequence[Target] | None, rate: Rate) -> Outlook:
    """Return what has gathered of these, or of everything (None), and what releasing it at a rate would bring."""
    now, of, pace = space.clock.now(), _backlogs(space, targets), Pace.of(rate)
    with space.store.reading() as tx:
        waiting = sum(backlogs.waiting(tx, one) for one in of)
        due = _gathered(tx, of, now)
        aside = suspects.count_aside(tx, _journeys(targets))
        plans = space.plans.by_digest(tx, {one.plan for one in due if one.plan})
    late, last = 0, 0
    for place, message in enumerate(due):
        turn = pace.turn(place)
        if message.plan in plans and message.kind == "mail" and late_message(message, plans[message.plan], now + turn):
            late += 1
        else:
            last = turn
    return Outlook(waiting, len(due), late, rate.count * HOUR // rate.within, last, len(due) < LOOKED_AT, aside)


def halt(space: Workspace, targets: Sequence[Target] | None, reason: str) -> tuple[Trip, ...]:
    """Let nothing leave of these, or nothing at all (None), from this commit on. Returns what was not halted yet."""
    now = space.clock.now()
    with space.store.transaction() as tx:
        halts.take_turn(tx)
        if targets is None:
            journeys.halt(tx, reason, now)
            return ()
        return halts.halt(tx, [Trip(one.scope, one.name, HAND, reason) for one in targets], now)


def instead(space: Workspace, targets: Sequence[Target] | None) -> tuple[str, ...]:
    """Return the providers that messages take once these are halted, because they are declared to stand in for them."""
    named = {one.name for one in targets or () if one.scope == "provider"}
    halted = named | {row.name for row in standing(space) if row.scope == "provider"}
    found: dict[str, None] = {}
    for may in _carriers(space).values():
        rest = next((place for place, name in enumerate(may) if name not in halted), None)
        if rest is not None and not named.isdisjoint(may[:rest]):
            found[may[rest]] = None
    return tuple(found)


def release(space: Workspace, targets: Sequence[Target] | None, rate: Rate) -> int:
    """Let these go, or everything that is halted (None). Returns how many messages had gathered: they leave at a pace.

    What is halted otherwise, or rests, stays so.
    """
    now = space.clock.now()
    with space.store.transaction() as tx:
        halts.take_turn(tx)
        if targets is None:
            journeys.release(tx)
        done = _spread(space, tx, targets, rate, now)
        suspects.release(tx, _journeys(targets), now)
        for one in _standing(tx, targets):
            halts.release(tx, one.scope, one.name, now, now + Pace.of(rate).turn(done) + HOUR)
    return done


def release_here(space: Workspace, rate: Rate) -> int:
    """Go on after a restore or a move, since an operator said that this is the database; returns what had gathered."""
    with space.store.transaction() as tx:
        halts.take_turn(tx)
        done = _spread(space, tx, None, rate, space.clock.now())
    accept(space)
    return done


def standing(space: Workspace) -> tuple[HaltRow, ...]:
    """Return what is halted."""
    with space.store.reading() as tx:
        return halts.standing(tx)


def _spread(space: Workspace, tx: Tx, targets: Sequence[Target] | None, rate: Rate, now: Instant) -> int:
    """Give what gathered its time to leave; where nothing moved meanwhile, the people who are overdue as well."""
    pace = Pace.of(rate)
    if targets is None:
        backlogs.spread_runs(tx, None, now, pace)
    return sum(backlogs.spread(tx, one, now, pace) for one in _backlogs(space, targets))


def _journeys(targets: Sequence[Target] | None) -> list[str] | None:
    return None if targets is None else [one.name for one in targets if one.scope == "journey"]


def _standing(tx: Tx, targets: Sequence[Target] | None) -> list[Target]:
    rows = [Target(row.scope, row.name) for row in halts.standing(tx)]
    return rows if targets is None else [one for one in rows if one in targets]


def _backlogs(space: Workspace, targets: Sequence[Target] | None) -> list[Backlog]:
    """Return whose messages are meant, each message once as long as no two targets share one."""
    if targets is None:
        return [Backlog()]
    names = {scope: [one.name for one in targets if one.scope == scope] for scope in ("journey", "message", "provider")}
    channels = [channel for channel, may in _carriers(space).items() if not set(may).isdisjoint(names["provider"])]
    found = [
        Backlog(journeys=names["journey"]) if names["journey"] else None,
        Backlog(messages=names["message"]) if names["message"] else None,
        Backlog(channels=channels) if names["provider"] else None,
    ]
    return [one for one in found if one is not None]


def _gathered(tx: Tx, of: Sequence[Backlog], now: Instant) -> list[Message]:
    found = {row.id: row for one in of for row in backlogs.gathered(tx, one, now, LOOKED_AT)}
    return sorted(found.values(), key=lambda row: (-row.due_at, row.id))


def _providers(space: Workspace) -> list[str]:
    return sorted({provider for may in _carriers(space).values() for provider in may})


def _carriers(space: Workspace) -> dict[str, list[str]]:
    """Return which providers may carry the messages of each channel: its own, and then those that stand in for it."""
    first = {channel: space.catalogue.email if channel == "email" else channel for channel in _channels(space)}
    return {
        channel: [provider_of(way, space.catalogue) for way in space.ways.chain(way)] for channel, way in first.items()
    }


def _channels(space: Workspace) -> tuple[str, ...]:
    return ("email", *space.catalogue.channels)
