"""Resend: one event, signed by Svix, whose id is in a header."""

from __future__ import annotations

from lifeloop.channel.callbacks import parsed
from lifeloop.channel.callbacks.reading import (
    Fields,
    at,
    bounce_of,
    code,
    fields,
    first,
    json_of,
    kept,
    message_id,
    named,
    text,
)
from lifeloop.channel.callbacks.values import Bounce, Kind, Malformed, Post, Report

KINDS: dict[str, Kind] = {
    "email.scheduled": "accepted", "email.sent": "accepted", "email.delivered": "delivered",
    "email.delivery_delayed": "deferred", "email.bounced": "bounced", "email.suppressed": "rejected",
    "email.failed": "failed", "email.complained": "complained", "email.opened": "opened", "email.clicked": "clicked",
}  # fmt: skip


def read(post: Post) -> tuple[Report, ...]:
    """Return what one event says."""
    event = fields(json_of(post))
    kind, key = KINDS.get(text(event.get("type"))), post.headers.get("svix-id", "")
    if not event.get("type"):
        raise Malformed("there is no type in it")
    if event.get("type") == "email.received":
        return parsed.resend(event.get("data"))
    if kind is None or not key:
        return ()
    data = fields(event.get("data"))
    about = fields(data.get("bounce")) or fields(data.get("suppressed")) or fields(data.get("failed"))
    to = data.get("to")
    return (
        Report(
            key=key[:200],
            kind=kind,
            at=at(event.get("created_at")),
            message=message_id(_ours(data)),
            provider_id=text(data.get("email_id")) or None,
            recipient=text(to[0] if isinstance(to, list) and to else to) or None,
            bounce=_bounce(about) if kind == "bounced" else None,
            listed=kind == "rejected",
            reason=code(first(about.get("subType"), about.get("type"), about.get("reason"))),
            agent=text(fields(data.get("click")).get("userAgent")),
            raw=kept(event),
        ),
    )


def _ours(data: Fields) -> str:
    tags, headers = data.get("tags"), data.get("headers")
    if isinstance(tags, dict) and text(tags.get("lifeloop_id")):
        return text(tags["lifeloop_id"])
    return named(tags, "lifeloop_id") or named(headers, "x-lifeloop-id")


def _bounce(about: Fields) -> Bounce:
    permanent = about.get("type") == "Permanent"
    found = bounce_of(about.get("message") or "", otherwise="hard" if permanent else "soft")
    return found if permanent or found == "block" else "soft"
