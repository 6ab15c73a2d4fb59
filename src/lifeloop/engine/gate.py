"""May this message leave now? The same answer when a run comes to a send, and again just before the hand-off.

Asked in this order, and the first *no* decides: consent, suppression, address, lateness; then hours, holidays, gap,
limit and what the customer wishes together, which never drop a message but hold it until all of them agree; last,
whether it would still be worth reading by then (``expires``).

* **Consent.** A topic that needs it needs a *yes*, for ``channel/topic`` or else for the topic. A topic owed by the
  contract leaves without one, but if it counts as contact an explicit *no* is honoured too.
* **Late** is about us: how far ``now`` is behind ``due_at``. Whoever holds a message moves its ``due_at`` along, so
  that no hour, gap or limit ever counts as lateness.
* **Gap and limit** are rolling: a message exactly one gap, or one window, after another is allowed. They look at all
  messages that count, whichever journey sent them.
* **Pace and pause** are the customer's own: at most one a week, or nothing until a day they chose. They hold what
  needs consent, and nothing that belongs to a contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Literal
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.hours import ANY_HOUR, next_open
from lifeloop.engine.timing import add_length
from lifeloop.engine.values import Facts, Record
from lifeloop.journey.length import Length
from lifeloop.journey.plan import Policy

WEEK = Length(days=7)

_ADDRESSES = {"email": "email", "sms": "phone", "whatsapp": "phone"}
_OTHERWISE = "email"

HoldRule = Literal["hours", "holidays", "gap", "limit", "pace", "pause"]
DropRule = Literal["consent", "suppressed", "address", "late", "expired"]


@dataclass(frozen=True, slots=True)
class Allow:
    """It may leave."""

    late_by: int = 0
    """Seconds behind its time, for a message that is sent all the same."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not before ``until``, the first instant at which hours, holidays, gap, limit, pace and pause all agree."""

    until: Instant
    rule: HoldRule
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Drop:
    """Never. ``stops``: the run ends with it."""

    rule: DropRule
    detail: str = ""
    stops: bool = False


Decision = Allow | Hold | Drop


def channel_for(by: tuple[str, ...], facts: Facts) -> str:
    """Return the first way on which this customer can be reached; the first one written when there is none."""
    for channel in by:
        if has_address(channel, facts.customer) and not is_suppressed(channel, facts):
            return channel
    return by[0] if by else _OTHERWISE


def has_address(channel: str, customer: Record) -> bool:
    """Tell whether the record holds what the channel needs; other channels know their customers themselves."""
    needed = _ADDRESSES.get(channel)
    return needed is None or bool(customer.get(needed))


def is_suppressed(channel: str, facts: Facts) -> bool:
    """Tell whether nothing may ever go to this customer on that channel."""
    return channel in facts.suppressed or "*" in facts.suppressed


def decide(
    policy: Policy,
    *,
    facts: Facts,
    channel: str,
    now: Instant,
    due_at: Instant,
    zone: ZoneInfo,
    country: str | None,
    expires_at: Instant | None = None,
) -> Decision:
    """Return what becomes of a message that was meant to leave at ``due_at``.

    Without ``expires_at`` a policy that expires is counted from ``due_at``.
    """
    forbidden = _forbidden(policy, facts, channel)
    if forbidden:
        return forbidden
    late_by = now - due_at
    late = late_by > 0 and now > add_length(due_at, policy.late.after, zone, country=country)
    if late and policy.late.then != "send":
        return Drop("late", f"{late_by // 3600} hours late", stops=policy.late.then == "stop")
    held = _held(policy, facts, now, zone, country)
    if expires_at is None and policy.expires is not None:
        expires_at = add_length(due_at, policy.expires, zone, country=country)
    if expires_at is not None and (held.until if held else now) > expires_at:
        return Drop("expired", f"held by {held.rule}" if held else "")
    return held or Allow(max(late_by, 0))


def has_consent(policy: Policy, consents: Mapping[str, bool], channel: str) -> bool:
    """Tell whether the customer's word allows this topic on this channel; the nearer word wins."""
    said = consents.get(f"{channel}/{policy.topic}", consents.get(policy.topic))
    if policy.needs_consent:
        return said is True
    return said is not False or not policy.counts


def _forbidden(policy: Policy, facts: Facts, channel: str) -> Drop | None:
    if not has_consent(policy, facts.consents, channel):
        return Drop("consent", policy.topic)
    if is_suppressed(channel, facts):
        return Drop("suppressed", channel)
    if not has_address(channel, facts.customer):
        return Drop("address", f"no {_ADDRESSES[channel]}")
    return None


def _held(policy: Policy, facts: Facts, now: Instant, zone: ZoneInfo, country: str | None) -> Hold | None:
    """Say until when rules hold a message, and name the one of them that holds it now and longest."""
    opens = _opens(policy, now, zone, country)
    apart: dict[HoldRule, Instant] = {
        "gap": _apart(policy, facts, now, zone, country),
        "limit": _below_limit(policy, facts, now, zone, country),
        "pace": _paced(policy, facts, now, zone),
        "pause": _paused(policy, facts, now),
    }
    rule, longest = max(apart.items(), key=itemgetter(1))
    if max(opens, longest) == now:
        return None
    until = _opens(policy, max(opens, longest), zone, country)
    if longest >= opens:
        return Hold(until, rule)
    is_open = policy.hours is None or next_open(policy.hours, now, zone) == now
    return Hold(until, "holidays" if is_open else "hours")


def _paced(policy: Policy, facts: Facts, now: Instant, zone: ZoneInfo) -> Instant:
    """Return when a week has passed since the last contact, for somebody who asked to hear from us less often."""
    if facts.pace is None or not policy.needs_consent:
        return now
    latest = max((sent.at for sent in facts.sent if sent.counts), default=None)
    return now if latest is None else max(now, add_length(latest, WEEK, zone))


def _paused(policy: Policy, facts: Facts, now: Instant) -> Instant:
    """Return when the silence ends that somebody asked for; what belongs to their contract goes on."""
    until = facts.paused_until if policy.needs_consent else None
    return now if until is None else max(now, until)


def _opens(policy: Policy, now: Instant, zone: ZoneInfo, country: str | None) -> Instant:
    avoid = country if policy.avoid_holidays else None
    if policy.hours is None and avoid is None:
        return now
    return next_open(policy.hours or ANY_HOUR, now, zone, avoid=avoid)


def _apart(policy: Policy, facts: Facts, now: Instant, zone: ZoneInfo, country: str | None) -> Instant:
    """Return when the gap to the latest message that counts is over."""
    if policy.gap is None:
        return now
    latest = max((sent.at for sent in facts.sent if sent.counts), default=None)
    return now if latest is None else max(now, add_length(latest, policy.gap, zone, country=country))


def _below_limit(policy: Policy, facts: Facts, now: Instant, zone: ZoneInfo, country: str | None) -> Instant:
    """Return when so many messages have left the window that one more fits."""
    limit = policy.limit
    if limit is None:
        return now
    count = max(limit.count, 1)
    sent = sorted(sent.at for sent in facts.sent if sent.counts)
    if len(sent) < count:
        return now
    # Only the newest ``count`` can be in the way: once the oldest of them has left the window, one more fits.
    return max(now, add_length(sent[-count], limit.per, zone, country=country))
