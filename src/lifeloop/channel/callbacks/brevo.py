"""Brevo: one event, or an array of them where they come in batches."""

from __future__ import annotations

import json

from lifeloop.channel.callbacks import parsed
from lifeloop.channel.callbacks.reading import (
    MOST_REPORTS,
    Fields,
    at,
    bounce_of,
    code,
    fields,
    first,
    items,
    json_of,
    kept,
    made_key,
    message_id,
    text,
)
from lifeloop.channel.callbacks.values import Bounce, Kind, Post, Reader, Report

KINDS: dict[str, Kind] = {
    "request": "accepted", "deferred": "deferred", "delivered": "delivered", "hard_bounce": "bounced",
    "invalid_email": "bounced", "soft_bounce": "bounced", "blocked": "rejected", "error": "failed",
    "spam": "complained", "complaint": "complained", "opened": "opened", "unique_opened": "opened",
    "proxy_open": "opened", "unique_proxy_open": "opened", "click": "clicked", "unsubscribe": "unsubscribed",
    "unsubscribed": "unsubscribed", "list_addition": "resubscribed",
}  # fmt: skip
GRADES: dict[str, Bounce] = {"hard_bounce": "hard", "invalid_email": "hard"}


def read(post: Post) -> tuple[Report, ...]:
    """Return what events say."""
    found = items(json_of(post))
    told = tuple(report for item in found if (report := _report(item)))
    lists = [item["items"] for item in found if isinstance(item.get("items"), list)]
    written = (mail for each in lists for mail in each[:MOST_REPORTS])
    return (*told, *(report for mail in written for report in parsed.brevo(mail)))


def _report(item: Fields) -> Report | None:
    word = text(item.get("event"))
    kind = KINDS.get(word)
    if kind is None:
        return None
    moment = first(item.get("ts_epoch"), item.get("ts"))
    proxy: Reader | None = "proxy" if "proxy" in word else None
    return Report(
        key=made_key(item.get("message-id"), word, item.get("email"), moment, item.get("link")),
        kind=kind,
        at=at(item.get("ts_epoch")),
        message=message_id(_ours(item).get("lifeloop_id")),
        provider_id=text(item.get("message-id")) or None,
        recipient=text(item.get("email")) or None,
        bounce=_bounce(word, item) if kind == "bounced" else None,
        listed=kind == "rejected",
        reason=code(word),
        by=proxy,
        agent=text(item.get("user_agent")),
        raw=kept(item),
    )


def _bounce(word: str, item: Fields) -> Bounce:
    """A refusal that speaks of our name is one of our name, however Brevo files it."""
    graded = GRADES.get(word, "soft")
    return "block" if bounce_of(item.get("reason") or "", otherwise=graded) == "block" else graded


def _ours(item: Fields) -> Fields:
    """Return what we gave along, which comes back as the text of an object."""
    written = item.get("X-Mailin-custom")
    try:
        return fields(json.loads(written)) if isinstance(written, str) else {}
    except (ValueError, RecursionError):
        return {}
