"""Callbacks as a provider file describes them: where our id, their word and the moment stand in what is posted."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from lifeloop.channel.callbacks.reading import at, code, items, json_of, kept, made_key, message_id
from lifeloop.channel.callbacks.values import Bounce, Kind, Malformed, Post, Report
from lifeloop.channel.declared import Callbacks
from lifeloop.channel.expression import Expression

MEANS: dict[str, Kind] = {
    "accepted": "accepted", "delivered": "delivered", "opened": "opened", "clicked": "clicked", "bounced": "bounced",
    "dead": "bounced", "failed": "failed", "complained": "complained", "unsubscribed": "unsubscribed",
    "replied": "replied",
}  # fmt: skip
FIELDS = 200


def read(callbacks: Callbacks, post: Post) -> tuple[Report, ...]:
    """Return what was posted, in our words."""
    whole: Any = _form(post) if callbacks.form == "form" else json_of(post)
    found = whole if callbacks.each is None else callbacks.each.find(whole)
    return tuple(report for item in items(found or []) if (report := _report(callbacks, item, post)))


def _form(post: Post) -> dict[str, str]:
    try:
        return dict(parse_qsl(post.body.decode(), keep_blank_values=True, max_num_fields=FIELDS))
    except ValueError as problem:
        raise Malformed("the body is no form") from problem


def _report(callbacks: Callbacks, item: Any, post: Post) -> Report | None:
    words = {**item, "query": dict(post.query)}
    said = _word(callbacks.kind, words)
    means = callbacks.means.get(said, "")
    kind = MEANS.get(means)
    if kind is None:
        return None
    ours, theirs = (_word(found, words) for found in (callbacks.message, callbacks.provider_id))
    moment, reason = _word(callbacks.at, words), _word(callbacks.reason, words)
    grade: Bounce = "hard" if means == "dead" else "soft"
    return Report(
        key=made_key(ours, theirs, said, moment, reason),
        kind=kind,
        at=at(moment),
        message=message_id(ours),
        provider_id=theirs or None,
        bounce=grade if kind == "bounced" else None,
        reason=code(reason),
        raw=kept(item),
    )


def _word(found: Expression | None, words: Any) -> str:
    return "" if found is None else found.word(words)
