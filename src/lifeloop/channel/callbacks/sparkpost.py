"""SparkPost: an array of envelopes, each with one event of a class."""

from __future__ import annotations

from collections.abc import Iterator

from lifeloop.channel.callbacks import parsed
from lifeloop.channel.callbacks.reading import Fields, at, code, fields, first, items, json_of, kept, message_id, text
from lifeloop.channel.callbacks.values import Bounce, Kind, Post, Reader, Report

KINDS: dict[str, Kind] = {
    "injection": "accepted", "delay": "deferred", "delivery": "delivered", "bounce": "bounced",
    "out_of_band": "bounced", "policy_rejection": "rejected", "generation_rejection": "rejected",
    "generation_failure": "failed", "spam_complaint": "complained", "open": "opened", "initial_open": "opened",
    "amp_open": "opened", "amp_initial_open": "opened", "click": "clicked", "amp_click": "clicked",
    "list_unsubscribe": "unsubscribed", "link_unsubscribe": "unsubscribed",
}  # fmt: skip
HARD = frozenset({"10", "30", "90"})
BLOCK = frozenset({"25", "50", "51", "52", "53", "54"})
OTHER: dict[str, Kind] = {"60": "autoreplied", "80": "resubscribed"}


def read(post: Post) -> tuple[Report, ...]:
    """Return what events say; the greeting of a new webhook holds none."""
    found = items(json_of(post))
    events = (event for item in found for event in _events(item))
    relayed = (fields(item.get("msys")).get("relay_message") for item in found)
    written = (report for one in relayed if one for report in parsed.sparkpost(one))
    return (*(report for event in events if (report := report_of(event))), *written)


def _events(item: Fields) -> Iterator[Fields]:
    for found in fields(item.get("msys")).values():
        yield fields(found)


def report_of(event: Fields) -> Report | None:
    """Return one event in our words; None for what is of no interest."""
    kind, key = KINDS.get(text(event.get("type"))), text(event.get("event_id"))
    graded = text(event.get("bounce_class"))
    if kind is None or not key:
        return None
    if kind == "bounced":
        kind = OTHER.get(graded, kind)
    machine: Reader | None = "prefetch" if event.get("is_prefetched") is True else None
    return Report(
        key=key,
        kind=kind,
        at=at(event.get("timestamp")),
        message=message_id(fields(event.get("rcpt_meta")).get("lifeloop_id")),
        provider_id=text(event.get("transmission_id")) or None,
        recipient=text(event.get("raw_rcpt_to")) or text(event.get("rcpt_to")) or None,
        bounce=_bounce(graded) if kind == "bounced" else None,
        reason=code(first(event.get("error_code"), f"class {graded}" if graded else "")),
        by=machine,
        agent=text(event.get("user_agent")),
        raw=kept(event),
    )


def _bounce(graded: str) -> Bounce:
    if graded in HARD:
        return "hard"
    return "block" if graded in BLOCK else "soft"
