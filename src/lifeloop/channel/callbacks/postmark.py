"""Postmark: one record, named by its type."""

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
    made_key,
    message_id,
    text,
)
from lifeloop.channel.callbacks.values import Bounce, Kind, Malformed, Post, Report

BOUNCES: dict[str, tuple[Kind, Bounce | None]] = {
    "HardBounce": ("bounced", "hard"), "BadEmailAddress": ("bounced", "hard"), "SoftBounce": ("bounced", "soft"),
    "Transient": ("deferred", None), "DnsError": ("deferred", None), "OpenRelayTest": ("deferred", None),
    "Blocked": ("bounced", "block"), "SpamNotification": ("bounced", "block"), "DMARCPolicy": ("bounced", "block"),
    "VirusNotification": ("bounced", "block"), "ManuallyDeactivated": ("rejected", None),
    "Unconfirmed": ("rejected", None), "SMTPApiError": ("failed", None), "TemplateRenderingFailed": ("failed", None),
    "SpamComplaint": ("complained", None), "AutoResponder": ("autoreplied", None),
    "AddressChange": ("autoreplied", None), "ChallengeVerification": ("autoreplied", None),
    "Unsubscribe": ("unsubscribed", None), "Subscribe": ("resubscribed", None),
}  # fmt: skip
KINDS: dict[str, Kind] = {"Delivery": "delivered", "Open": "opened", "Click": "clicked", "SpamComplaint": "complained"}
CHANGES: dict[str, tuple[Kind, Bounce | None]] = {
    "HardBounce": ("bounced", "hard"), "SpamComplaint": ("complained", None),
    "ManualSuppression": ("unsubscribed", None),
}  # fmt: skip
TIMES = ("DeliveredAt", "BouncedAt", "ReceivedAt", "ChangedAt")


def read(post: Post) -> tuple[Report, ...]:
    """Return what one record says."""
    record = fields(json_of(post))
    kind_of = text(record.get("RecordType"))
    if not kind_of and record.get("FromFull"):
        return parsed.postmark(record)
    if not kind_of:
        raise Malformed("there is no RecordType in it")
    found = _kind(record, kind_of)
    return () if found is None else (_report(record, kind_of, *found),)


def _kind(record: Fields, kind_of: str) -> tuple[Kind, Bounce | None] | None:
    if kind_of == "Bounce":
        said = text(record.get("Type"))
        return BOUNCES.get(said, ("bounced", bounce_of(record.get("Details") or "", record.get("Description") or "")))
    if kind_of == "SubscriptionChange":
        if record.get("SuppressSending") is not True:
            return "resubscribed", None
        return CHANGES.get(text(record.get("SuppressionReason")), ("unsubscribed", None))
    kind = KINDS.get(kind_of)
    return None if kind is None else (kind, None)


def _report(record: Fields, kind_of: str, kind: Kind, bounce: Bounce | None) -> Report:
    moment = first(*(record.get(name) for name in TIMES))
    person = first(record.get("Email"), record.get("Recipient"))
    return Report(
        key=text(record.get("ID")) or made_key(kind_of, record.get("MessageID"), person, moment),
        kind=kind,
        at=at(moment),
        message=message_id(fields(record.get("Metadata")).get("lifeloop_id")),
        provider_id=text(record.get("MessageID")) or None,
        recipient=person or None,
        bounce=bounce,
        listed=kind == "rejected" and record.get("Type") == "ManuallyDeactivated",
        reason=code(first(record.get("Type"), record.get("SuppressionReason"))),
        agent=text(record.get("UserAgent")),
        raw=kept(record),
    )
