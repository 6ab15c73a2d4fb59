"""What time leaves behind: attempts whose process died, answers that were lost, segments that a date has changed."""

from __future__ import annotations

from dataclasses import replace

from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome, RetryAt, next_try
from lifeloop.store import arrivals, consents, halts, instance, lookups, opt_ins, outgoing, reports, suspects
from lifeloop.store.lookups import Asked
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Message
from lifeloop.work.answering import settle_reports
from lifeloop.work.answering_effects import SOFT, SOFT_FOR
from lifeloop.work.calling import note_calendars
from lifeloop.work.following import ability_of
from lifeloop.work.forgetting import forget
from lifeloop.work.looking_up import is_waiting
from lifeloop.work.making_months import make_months
from lifeloop.work.opting import FORGOTTEN_AFTER
from lifeloop.work.segmenting import look_again
from lifeloop.work.wording import AGAIN
from lifeloop.work.workspace import Workspace

BATCH = 1000


def tidy(space: Workspace) -> dict[str, int]:
    """Settle what was left open, refresh segments, and note that we are alive. Any number of processes may do it."""
    now = space.clock.now()
    found = settle_lost(space, now)
    settle_reports(space, now)
    make_months(space, now)
    with space.store.transaction() as tx:
        instance.heartbeat(tx, now)
        opt_ins.forget(tx, now - FORGOTTEN_AFTER)
        reports.forget(tx, now)
        arrivals.forget(tx, now)
        lookups.forget(tx, now - reports.KEPT)
        halts.forget(tx, now)
        suspects.forget(tx)
        consents.expire(tx, SOFT, now - SOFT_FOR)
        note_calendars(tx, space.plans.routes(tx).calendars, now)
    forgotten = forget(space, now)
    joined, left = look_again(space, now)
    return {**found, **forgotten, "joined": joined, "left": left}


def settle_lost(space: Workspace, now: Instant) -> dict[str, int]:
    """Settle what processes that died left behind, once it is certain that they cannot settle it any more."""
    with space.store.reading() as tx:
        if not outgoing.has_lost(tx, now):
            return {"swept": 0, "resolved": 0}
    with space.store.transaction() as tx:
        swept = outgoing.sweep(tx, now)
        resolved = settle_uncertain(space, tx, now)
    return {"swept": len(swept), "resolved": resolved}


def settle_uncertain(space: Workspace, tx: Tx, now: Instant) -> int:
    """Decide about messages whose answer was lost, by what their way out promises. Never a blind second sending."""
    lost = outgoing.uncertain(tx, BATCH)
    taken = reports.proven(tx, [message.id for message in lost]) if lost else frozenset()
    asked = lookups.latest(tx, [message.id for message in lost]) if lost else {}
    decisions = [
        decision
        for message in lost
        if (decision := _decision(space, message, now, asked.get(message.id), is_taken=message.id in taken))
    ]
    return outgoing.resolve(tx, decisions, now) if decisions else 0


def _decision(
    space: Workspace, message: Message, now: Instant, asked: Asked | None, *, is_taken: bool
) -> tuple[str, outgoing.Resolution, str] | None:
    """Return what becomes of a message; None while it may still come to light."""
    if is_taken:
        return message.id, "sent", "its answer was lost, and the provider reported it since"
    able = replace(ability_of(space, message), can_ask=False)
    follows = next_try(
        Outcome.UNCERTAIN,
        message_id=message.id,
        attempt=message.tries,
        first_tried_at=message.made_at,
        now=now,
        ability=able,
    )
    if isinstance(follows, RetryAt):
        return message.id, "ready", AGAIN
    if is_waiting(space, message, asked, now):
        return None
    return message.id, "assumed_sent", "its answer was lost, and a second sending would not be recognised"
