"""Amazon SES, as its events come through SNS: an envelope, and in it a text that is JSON."""

from __future__ import annotations

import json
from typing import Any

from lifeloop.channel.callbacks import parsed
from lifeloop.channel.callbacks.public_keys import SUBSCRIBE
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
    "send": "accepted", "delivery": "delivered", "deliverydelay": "deferred", "bounce": "bounced",
    "complaint": "complained", "reject": "rejected", "rendering failure": "failed", "open": "opened",
    "click": "clicked", "subscription": "unsubscribed",
}  # fmt: skip
PARTS = {"deliverydelay": "deliveryDelay", "rendering failure": "failure"}
LISTED = frozenset({"Suppressed", "OnAccountSuppressionList"})
PEOPLE = {"bounce": "bouncedRecipients", "complaint": "complainedRecipients", "deliverydelay": "delayedRecipients"}


def read(post: Post) -> tuple[Report, ...]:
    """Return what an envelope says; those about the topic itself say nothing of messages."""
    envelope = fields(json_of(post))
    if envelope.get("Type") != "Notification":
        return ()
    try:
        event = fields(json.loads(text_of(envelope)))
    except (ValueError, RecursionError):
        return ()  # the greeting of a new topic is prose
    word = first(event.get("eventType"), event.get("notificationType")).lower()
    kind = KINDS.get(word)
    if word == "received":
        return parsed.ses(event)
    if kind is None:
        return ()
    key = text(envelope.get("MessageId"))
    if not key:
        raise Malformed("the envelope has no MessageId")
    about = fields(event.get(PARTS.get(word, word)))
    return _reports(key, kind, word, event, about)


def subscription(post: Post) -> str | None:
    """Return the address that confirms a new topic, if Amazon asks for it here."""
    envelope = fields(json_of(post))
    url = envelope.get("SubscribeURL")
    asked = envelope.get("Type") == "SubscriptionConfirmation" and isinstance(url, str)
    return url if asked and SUBSCRIBE.fullmatch(str(url)) else None


def text_of(envelope: Fields) -> str:
    """Return the text in an envelope, whole."""
    found = envelope.get("Message")
    return found if isinstance(found, str) else ""


def _reports(key: str, kind: Kind, word: str, event: Fields, about: Fields) -> tuple[Report, ...]:
    if kind == "complained" and about.get("complaintFeedbackType") == "not-spam":
        return ()
    if kind == "unsubscribed" and not _left_all(about):
        return ()
    told = about.get(PEOPLE.get(word, ""))
    people = told if isinstance(told, list) and told else [{}]
    found = (_report(f"{key}:{n}", kind, event, about, fields(who)) for n, who in enumerate(people))
    return tuple(found)


def _left_all(about: Fields) -> bool:
    wanted = fields(about.get("newTopicPreferences"))
    return wanted.get("unsubscribeAll") is True


def _report(key: str, kind: Kind, event: Fields, about: Fields, who: Fields) -> Report:
    mail = fields(event.get("mail"))
    subtype = first(about.get("bounceSubType"), about.get("complaintSubType"))
    listed = kind in ("bounced", "complained") and subtype in LISTED
    hard = _bounce(about, who) if kind == "bounced" else None
    return Report(
        key=key,
        kind="rejected" if listed else kind,
        at=at(about.get("timestamp")) or at(mail.get("timestamp")),
        message=message_id(named(mail.get("headers"), "x-lifeloop-id") or _tag(mail)),
        provider_id=text(mail.get("messageId")) or None,
        recipient=text(who.get("emailAddress")) or None,
        bounce=None if listed else hard,
        listed=listed,
        reason=code(first(who.get("status"), subtype, about.get("complaintFeedbackType"), about.get("delayType"))),
        agent=text(about.get("userAgent")),
        raw=kept(event),
    )


def _tag(mail: Fields) -> str:
    values: Any = fields(mail.get("tags")).get("lifeloop_id")
    return text(values[0]) if isinstance(values, list) and values else ""


def _bounce(about: Fields, who: Fields) -> Bounce:
    said = (who.get("status") or "", who.get("diagnosticCode") or "")
    if about.get("bounceType") == "Permanent":
        return bounce_of(*said, otherwise="hard")
    return "hard" if who.get("status") == "5.4.4" else _not_hard(bounce_of(*said))


def _not_hard(found: Bounce) -> Bounce:
    """Amazon says that it may work another time, whatever the other side wrote."""
    return "soft" if found == "hard" else found
