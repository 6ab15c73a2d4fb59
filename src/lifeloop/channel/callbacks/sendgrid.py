"""SendGrid's event webhook: an array, with our own arguments at the top of every event; and its Inbound Parse."""

from __future__ import annotations

from lifeloop.channel.callbacks import parsed
from lifeloop.channel.callbacks.reading import (
    Fields,
    at,
    bounce_of,
    code,
    first,
    form_of,
    is_form,
    items,
    json_of,
    kept,
    message_id,
    text,
)
from lifeloop.channel.callbacks.values import Bounce, Kind, Post, Reader, Report

KINDS: dict[str, Kind] = {
    "processed": "accepted", "deferred": "deferred", "delivered": "delivered", "bounce": "bounced",
    "dropped": "rejected", "spamreport": "complained", "open": "opened", "click": "clicked",
    "unsubscribe": "unsubscribed", "group_unsubscribe": "unsubscribed", "group_resubscribe": "resubscribed",
}  # fmt: skip
LISTED = ("bounced address", "unsubscribed address", "spam reporting address", "invalid")
CLASSES: dict[str, Bounce] = {"invalid address": "hard", "content": "block", "reputation": "block"}


def read(post: Post) -> tuple[Report, ...]:
    """Return what an array of events says, or a mail that Inbound Parse took in."""
    if is_form(post):
        return parsed.sendgrid(form_of(post))
    return tuple(report for item in items(json_of(post)) if (report := _report(item)))


def _report(item: Fields) -> Report | None:
    kind = KINDS.get(text(item.get("event")))
    key = text(item.get("sg_event_id"))
    if kind is None or not key:
        return None
    said = text(item.get("reason")).lower()
    machine: Reader | None = "prefetch" if item.get("sg_machine_open") is True else None
    return Report(
        key=key,
        kind=kind,
        at=at(item.get("timestamp")),
        message=message_id(item.get("lifeloop_id")),
        provider_id=text(item.get("sg_message_id")).partition(".")[0] or None,
        recipient=text(item.get("email")) or None,
        bounce=_bounce(item) if kind == "bounced" else None,
        listed=kind == "rejected" and any(said.startswith(word) for word in LISTED),
        reason=code(first(item.get("status"), item.get("bounce_classification"), item.get("type"))) or code(said),
        by=machine,
        agent=text(item.get("useragent")),
        raw=kept(item),
    )


def _bounce(item: Fields) -> Bounce:
    if item.get("type") == "blocked":
        return "block"
    if item.get("type") == "expired":
        return "soft"
    graded = CLASSES.get(text(item.get("bounce_classification")).lower())
    return graded or bounce_of(item.get("status") or "", item.get("reason") or "")
