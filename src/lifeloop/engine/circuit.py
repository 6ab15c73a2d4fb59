"""What the answers of a way out say of it: leave it alone for a while, let one message try, or all is well.

A circuit is closed while messages leave, open while none does, and half-open while one tries again for all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from lifeloop.clock import Instant
from lifeloop.engine.pacing import Pace

FIRST_WAIT, LONGEST_WAIT = 5, 900
"""Seconds a provider that says "too fast" is left alone: if it does not say how long, and at most."""
IN_A_ROW = 10
SILENCE = 4
"""A failure says as much as so many if nobody answered within the time limit: each holds a place for that long."""
WINDOW, ENOUGH, HALF = 60, 20, 0.5
"""A circuit opens after so many failures in a row, or when that part of enough tries within a window failed."""
FIRST_REST, LONGEST_REST = 30, 600
"""Seconds a circuit stays open before one message tries again: at first, and at most; doubling in between."""


FIRST_QUOTA_REST, LONGEST_QUOTA_REST = 300, 3600
"""The same where the account's quota is used up. Most count the last 24 hours: there is room bit by bit."""
LONGEST_QUOTA_WAIT = 86_400
"""Seconds it is left alone then at most, if it says itself when there is room."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the answers to some messages say of a way out, in the order in which they came.

    ``good``: it answered, yes or no. ``bad``: it failed. ``bad_last``: failures after the last good one.
    ``returned``: messages that it did not take, to be given back to the day's quota.
    """

    good: int = 0
    bad: int = 0
    bad_last: int = 0
    silent_last: int = 0
    """Of those, how many ran into the time limit."""
    returned: int = 0
    slow_down: bool = False
    wait: int | None = None
    """Seconds it asked for, if it said so."""
    longest: int = LONGEST_WAIT
    """Seconds it is left alone at most, whatever it asks for."""
    used_up: bool = False
    """The account's quota is used up."""
    broken_for: int | None = None
    """Seconds to rest because a person must repair a setting."""
    why: str | None = None

    @property
    def nothing_wrong(self) -> bool:
        """Whether all of it is well."""
        return not (self.bad or self.slow_down or self.used_up or self.broken_for)


def hear(pace: Pace, heard: Heard, now: Instant, day: str) -> Pace:
    """Return the pace after some answers. ``day``: of which the messages were taken."""
    pace = pace.given_back(heard.returned, day)
    if heard.slow_down:
        pace = _slower(pace, heard, now)
    if heard.broken_for is not None:
        return replace(pace, state="open", retry_at=now + heard.broken_for, why=heard.why)
    if heard.used_up:
        return _used_up(pace, heard, now)
    if heard.bad:
        return _failing(pace, heard, now)
    if heard.good:
        return _well(pace, heard, now)
    if pace.state == "half-open" and heard.returned and not heard.slow_down:
        return replace(pace, retry_at=now)  # the one that was to try was not tried
    return pace


def _slower(pace: Pace, heard: Heard, now: Instant) -> Pace:
    wait = heard.wait or FIRST_WAIT * 2 ** min(pace.slowed, 10)
    until = now + min(max(wait, 1), heard.longest)
    return replace(pace, closed_until=max(until, pace.closed_until or 0), slowed=pace.slowed + 1, why=heard.why)


def _used_up(pace: Pace, heard: Heard, now: Instant) -> Pace:
    """Let it rest, longer each time that a message tried in vain; one that is resting had sent these before."""
    if pace.state == "open":
        return pace
    rest = min(FIRST_QUOTA_REST * 2 ** min(pace.opened, 10), LONGEST_QUOTA_REST)
    rest = max(rest, min(heard.wait or 0, LONGEST_QUOTA_WAIT))
    return replace(pace, state="open", retry_at=now + rest, opened=pace.opened + 1, why=heard.why)


def _well(pace: Pace, heard: Heard, now: Instant) -> Pace:
    """One good answer closes the circuit; failures are counted on only while their window is open."""
    slow = pace.closed_until is not None and pace.closed_until > now
    worked_before = pace.state == "closed"
    pace = replace(pace, state="closed", retry_at=None, opened=0, in_a_row=0)
    if not slow:
        pace = replace(pace, closed_until=None, slowed=0)
    if worked_before and pace.since is not None and now - pace.since < WINDOW:
        return replace(pace, tried=pace.tried + heard.good)
    return replace(pace, since=None, tried=0, failed=0, why=pace.why if slow else None)


def _failing(pace: Pace, heard: Heard, now: Instant) -> Pace:
    if pace.state == "open":
        return pace  # these left before it was opened
    if pace.state == "half-open":
        return _opened(pace, heard, now)
    if pace.since is None or now - pace.since >= WINDOW:
        pace = replace(pace, since=now, tried=0, failed=0)
    in_a_row = heard.bad_last if heard.good else pace.in_a_row + heard.bad
    pace = replace(
        pace,
        tried=pace.tried + heard.good + heard.bad,
        failed=pace.failed + heard.bad,
        in_a_row=in_a_row + (SILENCE - 1) * heard.silent_last,
        why=heard.why,
    )
    many = pace.tried >= ENOUGH and pace.failed >= HALF * pace.tried
    return _opened(pace, heard, now) if many or pace.in_a_row >= IN_A_ROW else pace


def _opened(pace: Pace, heard: Heard, now: Instant) -> Pace:
    rest = min(FIRST_REST * 2 ** min(pace.opened, 10), LONGEST_REST)
    return replace(pace, state="open", retry_at=now + rest, opened=pace.opened + 1, why=heard.why or pace.why)
