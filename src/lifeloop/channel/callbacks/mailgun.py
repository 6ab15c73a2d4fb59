"""Mailgun: one signed event, whose token is good for one report."""

from __future__ import annotations

from lifeloop.channel.callbacks import parsed
from lifeloop.channel.callbacks.reading import (
    Fields,
    at,
    bounce_of,
    code,
    fields,
    first,
    form_of,
    is_form,
    json_of,
    kept,
    message_id,
    text,
)
from lifeloop.channel.callbacks.values import Bounce, Kind, Malformed, Post, Reader, Report

KINDS: dict[str, Kind] = {
    "accepted": "accepted", "delivered": "delivered", "opened": "opened", "clicked": "clicked",
    "complained": "complained", "unsubscribed": "unsubscribed", "rejected": "rejected", "failed": "bounced",
}  # fmt: skip


def read(post: Post) -> tuple[Report, ...]:
    """Return what one event says."""
    if is_form(post):
        return parsed.mailgun(form_of(post))
    whole = fields(json_of(post))
    event, token = fields(whole.get("event-data")), text(fields(whole.get("signature")).get("token"))
    if not event or not token:
        raise Malformed("there is no event in it")
    kind = _kind(event)
    return () if kind is None else (_report(event, kind, token),)


def _kind(event: Fields) -> Kind | None:
    kind = KINDS.get(text(event.get("event")))
    if kind == "bounced":
        if event.get("severity") == "temporary":
            return "deferred"
        return "rejected" if text(event.get("reason")).startswith("suppress-") else "bounced"
    return kind


def _report(event: Fields, kind: Kind, token: str) -> Report:
    status, client = fields(event.get("delivery-status")), fields(event.get("client-info"))
    headers = fields(fields(event.get("message")).get("headers"))
    bot: Reader | None = "bot" if client.get("bot") else None
    return Report(
        key=token,
        kind=kind,
        at=at(event.get("timestamp")),
        message=message_id(fields(event.get("user-variables")).get("lifeloop_id")),
        provider_id=text(headers.get("message-id")) or None,
        recipient=text(event.get("recipient")) or None,
        bounce=_bounce(event, status) if kind == "bounced" else None,
        listed=kind == "rejected" and text(event.get("reason")).startswith("suppress-"),
        reason=code(first(status.get("enhanced-code"), status.get("code"), event.get("reason"))),
        by=bot,
        agent=text(client.get("user-agent")),
        raw=kept(event),
    )


def _bounce(event: Fields, status: Fields) -> Bounce:
    if event.get("reason") == "old":  # it gave up after many tries
        return "soft"
    said = (status.get("enhanced-code") or "", status.get("message") or "", status.get("description") or "")
    return bounce_of(*said, otherwise="hard" if event.get("reason") == "bounce" else "soft")
