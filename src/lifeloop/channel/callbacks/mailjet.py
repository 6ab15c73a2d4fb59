"""Mailjet: an array where events are grouped, else one object."""

from __future__ import annotations

from lifeloop.channel.callbacks import parsed
from lifeloop.channel.callbacks.reading import Fields, at, code, first, items, json_of, kept, made_key, message_id, text
from lifeloop.channel.callbacks.values import Bounce, Kind, Post, Report

KINDS: dict[str, Kind] = {
    "sent": "delivered", "open": "opened", "click": "clicked", "bounce": "bounced", "blocked": "rejected",
    "spam": "complained", "unsub": "unsubscribed",
}  # fmt: skip
BLOCKS = frozenset({"sender blocked", "content blocked", "policy issue"})
LISTED = frozenset({"preblocked", "duplicate in campaign"})


def read(post: Post) -> tuple[Report, ...]:
    """Return what events say."""
    found = items(json_of(post))
    told = tuple(report for item in found if (report := _report(item)))
    return (*told, *(report for item in found if "Sender" in item for report in parsed.mailjet(item)))


def _report(item: Fields) -> Report | None:
    word = text(item.get("event"))
    kind, error = KINDS.get(word), text(item.get("error")).lower()
    hard = item.get("hard_bounce") in (True, 1, "1", "true")
    if kind is None:
        return None
    if kind == "bounced" and error == "greylisted" and not hard:
        kind = "deferred"
    return Report(
        key=made_key(word, item.get("MessageID"), item.get("email"), item.get("time"), item.get("url")),
        kind=kind,
        at=at(item.get("time")),
        message=message_id(item.get("CustomID")),
        provider_id=text(item.get("MessageID")) or None,
        recipient=text(item.get("email")) or None,
        bounce=_bounce(error, hard=hard) if kind == "bounced" else None,
        listed=kind == "rejected" and error in LISTED,
        reason=code(first(error, item.get("error_related_to"))),
        agent=text(item.get("agent")),
        raw=kept(item),
    )


def _bounce(error: str, *, hard: bool) -> Bounce:
    if error in BLOCKS:
        return "block"
    return "hard" if hard else "soft"
