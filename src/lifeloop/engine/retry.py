"""What became of one try to hand something over: five classes, the same for every way out, and what follows.

The classes are told apart by one question: could the other side have taken it? Only a *no* is tried again freely.
An *unknown* is tried again under the same key where the provider promises to recognise it, and else never blindly.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, assert_never

from lifeloop.clock import Instant
from lifeloop.engine.chance import fraction_of


class Outcome(StrEnum):
    """The class of one answer, or of its absence. What follows from it is decided from the class alone."""

    #: the other side took responsibility; final
    ACCEPTED = "accepted"
    #: the other side refused this one message for good; final
    REJECTED = "rejected"
    #: it surely did not arrive: trying again later is harmless
    NOT_ACCEPTED = "not_accepted"
    #: it may or may not have arrived: never tried again blindly
    UNCERTAIN = "uncertain"
    #: nothing will get through until a person repairs a setting: the way out is paused, no message is used up
    CONFIGURATION = "configuration"


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Hand it over again then, through the gate and under the same key."""

    at: Instant


@dataclass(frozen=True, slots=True)
class AskAt:
    """Do not send: ask the provider then whether it arrived, or wait until then for it to tell."""

    at: Instant


@dataclass(frozen=True, slots=True)
class Settled:
    """It is over: accepted, rejected, assumed to have arrived, or given up because time is up."""

    how: Literal["accepted", "rejected", "assumed sent", "given up"]


@dataclass(frozen=True, slots=True)
class Park:
    """A person decides."""


@dataclass(frozen=True, slots=True)
class Pause:
    """The way out is paused until a setting is repaired; the message goes back, unused."""


NextTry = RetryAt | AskAt | Settled | Park | Pause


@dataclass(frozen=True, slots=True)
class Ability:
    """What a provider promises. ``key_window``: seconds for which it recognises a key; None: it does not."""

    key_window: int | None = None
    can_ask: bool = False
    reconcile: int = 15 * 60
    on_uncertain: Literal["assume sent", "park", "resend"] = "assume sent"
    pauses: tuple[int, ...] = ()
    """Seconds before each further try, and no try after them, whatever is late; none: doubling, until it is."""


WEBHOOK_PAUSES = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Ten tries within three days and a bit: the schedule that Standard Webhooks gives as its example."""
_FIRST_PAUSE = 30
_LONGEST_PAUSE = 3600
_LONGEST_WISH = 86_400
_SAFE_PART_OF_KEY_WINDOW = 0.8


def next_try(
    outcome: Outcome,
    *,
    message_id: str,
    attempt: int,
    first_tried_at: Instant,
    now: Instant,
    give_up_at: Instant | None = None,
    retry_after: int | None = None,
    ability: Ability = Ability(),
) -> NextTry:
    """Return what follows from the outcome of the ``attempt``-th try (from 1).

    ``give_up_at``: when the message would be too late. ``retry_after``: the seconds the other side asked for.
    """
    match outcome:
        case Outcome.ACCEPTED:
            return Settled("accepted")
        case Outcome.REJECTED:
            return Settled("rejected")
        case Outcome.CONFIGURATION:
            return Pause()
        case _ if ability.pauses:
            return _scheduled(message_id, attempt, now, retry_after, ability.pauses)
        case Outcome.NOT_ACCEPTED:
            at = now + pause_after(attempt, message_id, retry_after)
            return Settled("given up") if give_up_at is not None and at > give_up_at else RetryAt(at)
        case Outcome.UNCERTAIN:
            at = now + pause_after(attempt, message_id, retry_after)
            return _uncertain(at, first_tried_at, now, give_up_at, ability)
        case _:
            assert_never(outcome)


def recognised_until(first_tried_at: Instant, key_window: int | None) -> Instant:
    """Return until when a second try is surely recognised by its key; for no window that is at once over."""
    return first_tried_at + int((key_window or 0) * _SAFE_PART_OF_KEY_WINDOW)


def pause_after(attempt: int, message_id: str, retry_after: int | None = None) -> int:
    """Return the seconds to wait: doubling, up to a quarter more by message, never less than asked for."""
    doubled = min(_FIRST_PAUSE * 2 ** min(attempt - 1, 30), _LONGEST_PAUSE)
    return _apart(doubled, f"{message_id}:{attempt}", retry_after)


def _apart(pause: int, name: str, retry_after: int | None) -> int:
    """Keep messages from coming back all at once, and never before the other side wants them."""
    jittered = int(pause * (1 + fraction_of(name) / 4))
    return max(jittered, min(max(retry_after or 0, 0), _LONGEST_WISH))


def _scheduled(
    message_id: str, attempt: int, now: Instant, retry_after: int | None, pauses: tuple[int, ...]
) -> NextTry:
    """Follow a schedule: the receiver knows the id again, so a lost answer is tried again like a refusal."""
    if attempt > len(pauses):
        return Settled("given up")
    return RetryAt(now + _apart(pauses[attempt - 1], f"{message_id}:{attempt}", retry_after))


def _uncertain(
    at: Instant, first_tried_at: Instant, now: Instant, give_up_at: Instant | None, ability: Ability
) -> NextTry:
    in_time = give_up_at is None or at <= give_up_at
    if in_time and ability.key_window is not None and at <= recognised_until(first_tried_at, ability.key_window):
        return RetryAt(at)
    asks_until = first_tried_at + ability.reconcile
    if ability.can_ask and now < asks_until:
        return AskAt(asks_until)
    if ability.on_uncertain == "resend" and in_time:
        return RetryAt(at)
    return Park() if ability.on_uncertain == "park" else Settled("assumed sent")
