"""Callbacks as a provider file describes them: where our id, their word and the moment stand in what is posted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lifeloop.channel.callbacks.reading import at, code, form_of, items, json_of, kept, made_key, message_id
from lifeloop.channel.callbacks.values import Bounce, Kind, Malformed, Post, Report
from lifeloop.channel.callbacks.written import kind_of, number, word_of
from lifeloop.channel.declared import Callbacks, Inbound, Lookup
from lifeloop.channel.expression import Expression

MEANS: dict[str, Kind] = {
    "accepted": "accepted", "delivered": "delivered", "opened": "opened", "clicked": "clicked", "bounced": "bounced",
    "dead": "bounced", "failed": "failed", "complained": "complained", "unsubscribed": "unsubscribed",
    "replied": "replied",
}  # fmt: skip


def read(callbacks: Callbacks, post: Post) -> tuple[Report, ...]:
    """Return what was posted, in our words."""
    whole: Any = form_of(post) if callbacks.form == "form" else json_of(post)
    found = whole if callbacks.each is None else callbacks.each.find(whole)
    wrote = [report for inbound in callbacks.inbound for report in _written(inbound, whole)]
    if wrote and callbacks.each is None:  # the one thing that was posted
        return tuple(wrote)
    told = (report for item in items(found or []) if (report := _report(callbacks, item, post)))
    return (*told, *wrote)


def looked_up(lookup: Lookup, data: Any, message: str) -> tuple[Report, ...]:
    """Return what an answer knows of one message. Without a word for what happened, being there means accepted.

    Raises:
        Malformed: the answer is of another form; whether the message is there stays open.
    """
    reads = lookup.reads
    found = items(data if reads.each is None else reads.each.find(data))
    if lookup.asked_by_id and not all(_word(reads.kind, item) or _word(reads.provider_id, item) for item in found):
        raise Malformed("what was found is no message")
    ours = [item for item in found if lookup.asked_by_id or _word(reads.message, item) == message]
    there = Report(key=f"lookup:{message}", kind="accepted", message=message)
    told = (_report(reads, item, Post(body=b""), message) for item in ours) if reads.kind else ()
    return tuple(report for report in told if report) or ((there,) if ours else ())


def _written(inbound: Inbound, whole: Any) -> Iterator[Report]:
    found = whole if inbound.each is None else inbound.each.find(whole)
    for item in map(dict, items(found or [])):
        who = number(inbound.sender.word(item))
        if who is not None and (inbound.when is None or inbound.when.holds(item)):
            yield _wrote(inbound, item, who)


def _wrote(inbound: Inbound, item: Any, who: str) -> Report:
    theirs, text, moment = (_word(found, item) for found in (inbound.id, inbound.text, inbound.at))
    asked = word_of(_word(inbound.word, item)) or word_of(text)
    return Report(
        key=made_key("inbound", *([theirs] if theirs else [who, text, moment])),
        kind=kind_of(asked),
        at=at(moment),
        provider_id=_word(inbound.answers, item) or None,
        recipient=who,
        word=asked or "",
    )


def _report(callbacks: Callbacks, item: Any, post: Post, asked: str = "") -> Report | None:
    words = {**item, "query": dict(post.query)}
    said = _word(callbacks.kind, words)
    means = callbacks.means.get(said, "")
    kind = MEANS.get(means)
    if kind is None:
        return None
    ours, theirs = asked or _word(callbacks.message, words), _word(callbacks.provider_id, words)
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
        raw="" if kind == "replied" else kept(item),  # what people write is theirs
    )


def _word(found: Expression | None, words: Any) -> str:
    return "" if found is None else found.word(words)
