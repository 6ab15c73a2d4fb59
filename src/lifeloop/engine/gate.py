"""May this message leave now? The same answer when a run comes to a send, and again just before the hand-off.

Asked in this order, and the first *no* decides: consent, suppression, address, an open case, lateness; then hours,
holidays, gap, limit, priority and what the customer wishes together, which never drop a message but hold it until all
of them agree; last, whether it would still be worth reading by then (``expires``).

* **Consent.** A topic that needs it needs a *yes*, for ``channel/topic`` or else for the topic; where the law allows
  it, having bought something like it will do as long as nothing was said. A topic owed by the contract leaves without
  one, but if it counts as contact an explicit *no* is honoured too.
* **Recovery.** While another journey puts something right with somebody, promotion waits, or is left out.
* **Late** is about us: how far ``now`` is behind ``due_at``. Whoever holds a message moves its ``due_at`` along, so
  that no hour, gap or limit ever counts as lateness.
* **Gap and limit** are rolling: a message exactly one gap, or one window, after another is allowed. They look at all
  messages that count, whichever journey sent them.
* **Priority.** A message that would push back what a journey that goes first wants to say soon waits for it
  (``engine.claims``).
* **Pace and pause** are the customer's own: at most one a week, or nothing until a day they chose. They hold what
  needs consent, and nothing that belongs to a contract.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from lifeloop.clock import Instant
from lifeloop.engine.hours import ANY_HOUR, next_open
from lifeloop.engine.timing import add_length
from lifeloop.engine.values import Claim, Facts, Record, Sale, Sent
from lifeloop.journey.length import Length
from lifeloop.journey.plan import Policy

WEEK = Length(days=7)

_ADDRESSES = {"email": "email", "sms": "phone", "whatsapp": "phone"}
_OTHERWISE = "email"

HoldRule = Literal["hours", "holidays", "gap", "limit", "pace", "pause", "priority", "recovery"]
DropRule = Literal["consent", "suppressed", "address", "recovery", "late", "expired"]
DAY = Length(days=1)
AGAIN = 15
"""Seconds until a message looks again that waits for one due now, which another worker has not come to yet."""
PATIENCE = 60
"""Seconds for which it does so: a journey that nobody moves stands in nobody's way."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Who has the place that a message wanted: a journey and, where it is one, its message."""

    journey: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class Allow:
    """It may leave."""

    late_by: int = 0
    """Seconds behind its time, for a message that is sent all the same."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Not before ``until``, the first instant at which all rules agree, as far as can be known now."""

    until: Instant
    rule: HoldRule
    taken_by: Taken | None = None


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
    forbidden = _forbidden(policy, facts, channel, now, zone, country)
    if forbidden:
        return forbidden
    if facts.recovering is not None and policy.recovery == "skip":
        return Drop("recovery", facts.recovering)
    late_by = now - due_at
    late = late_by > 0 and now > add_length(due_at, policy.late.after, zone, country=country)
    if late and policy.late.then != "send" and not facts.halted:
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


def is_own_customer(
    policy: Policy, facts: Facts, channel: str, now: Instant, zone: ZoneInfo, country: str | None
) -> bool:
    """Tell whether a purchase stands in for a yes that was never asked for; a word of theirs always goes first.

    Countries differ in what they allow: the customer's own decides (``customer.country``), else the project's.
    """
    allowed = policy.own_customers
    if allowed is None or not facts.sales or not {f"{channel}/{policy.topic}", policy.topic}.isdisjoint(facts.consents):
        return False
    home = str(facts.customer.get("country") or country or "")
    if channel not in allowed.channels.get(home, ()):
        return False

    def carries(sale: Sale) -> bool:
        fits = sale.offered and sale.product in allowed.products and sale.entity == allowed.entity
        return fits and now <= add_length(sale.at, allowed.max_age, zone)

    return any(map(carries, facts.sales))


def _forbidden(
    policy: Policy, facts: Facts, channel: str, now: Instant, zone: ZoneInfo, country: str | None
) -> Drop | None:
    if not has_consent(policy, facts.consents, channel) and not is_own_customer(
        policy, facts, channel, now, zone, country
    ):
        return Drop("consent", policy.topic)
    if is_suppressed(channel, facts):
        return Drop("suppressed", channel)
    if not has_address(channel, facts.customer):
        return Drop("address", f"no {_ADDRESSES[channel]}")
    return None


_APART: tuple[HoldRule, ...] = ("gap", "limit", "pace", "pause", "priority", "recovery")
"""The rules that keep messages apart, in the order in which ``_held`` asks them: the first of equals is named."""


def _held(policy: Policy, facts: Facts, now: Instant, zone: ZoneInfo, country: str | None) -> Hold | None:
    """Say until when rules hold a message, and name the one of them that holds it now and longest."""
    opens = _opens(policy, now, zone, country)
    claim = _goes_first(policy, facts, now, zone, country)
    apart = (
        _apart(policy, facts, now, zone, country),
        _below_limit(policy, facts, now, zone, country),
        _paced(policy, facts, now, zone),
        _paused(policy, facts, now),
        now if claim is None else max(claim.at, now + AGAIN),
        _recovered(policy, facts, now, zone),
    )
    longest = max(apart)
    if opens == now == longest:
        return None
    until = _opens(policy, max(opens, longest), zone, country)
    if longest >= opens:
        rule = _APART[apart.index(longest)]
        return Hold(until, rule, _taken_by(rule, facts, claim))
    is_open = policy.hours is None or next_open(policy.hours, now, zone) == now
    return Hold(until, "holidays" if is_open else "hours")


def _taken_by(rule: HoldRule, facts: Facts, claim: Claim | None) -> Taken | None:
    """Return who has the place: what was said last, or what goes first."""
    match rule:
        case "gap" | "limit" | "pace":
            latest = _latest(facts)
            return Taken(latest.journey, latest.message) if latest and latest.journey else None
        case "priority" if claim is not None:
            return Taken(claim.journey, claim.message)
        case "recovery" if facts.recovering is not None:
            return Taken(facts.recovering)
        case _:
            return None


def _latest(facts: Facts) -> Sent | None:
    if not facts.sent:
        return None
    return max((sent for sent in facts.sent if sent.counts), key=lambda sent: sent.at, default=None)


def _goes_first(policy: Policy, facts: Facts, now: Instant, zone: ZoneInfo, country: str | None) -> Claim | None:
    """Return the first message of a journey that goes first which this one, said now, would push back."""
    if not policy.counts:
        return None
    for claim in facts.claims:
        if claim.at < now - PATIENCE or not _pushes_back(claim, facts, now, zone, country):
            continue
        if _forbidden(claim.policy, facts, channel_for(claim.by, facts), now, zone, country) is None:
            return claim
    return None


def _pushes_back(claim: Claim, facts: Facts, now: Instant, zone: ZoneInfo, country: str | None) -> bool:
    """Tell whether a message said now would keep another from its moment, by its gap, or within a day by its limit."""
    gap, limit = claim.policy.gap, claim.policy.limit
    if gap is not None and add_length(now, gap, zone, country=country) > claim.at:
        return True
    if limit is None or claim.at > add_length(now, DAY, zone):
        return False
    still = [sent for sent in facts.sent if sent.counts and add_length(sent.at, limit.per, zone) > claim.at]
    return len(still) + 1 >= limit.count


def _recovered(policy: Policy, facts: Facts, now: Instant, zone: ZoneInfo) -> Instant:
    """Return when to look again at promotion that waits for a case to be closed: nobody knows when that will be."""
    waits = facts.recovering is not None and policy.recovery == "wait"
    return add_length(now, DAY, zone) if waits else now


def _paced(policy: Policy, facts: Facts, now: Instant, zone: ZoneInfo) -> Instant:
    """Return when a week has passed since the last contact, for somebody who asked to hear from us less often."""
    if facts.pace is None or not policy.needs_consent:
        return now
    latest = _latest(facts)
    return now if latest is None else max(now, add_length(latest.at, WEEK, zone))


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
    latest = _latest(facts)
    return now if latest is None else max(now, add_length(latest.at, policy.gap, zone, country=country))


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
