"""The ``callbacks`` of a provider file: how the provider proves itself, and where in its words ours are found."""

from __future__ import annotations

from dataclasses import replace

from lifeloop.channel.declared import KINDS, Callbacks, Inbound
from lifeloop.channel.declared_parts import expression, needed, said
from lifeloop.channel.declared_verify import read_verify
from lifeloop.channel.expression import Expression, read_expression
from lifeloop.journey.shape import check_keys, missing, one_block, one_of, one_text, some_items
from lifeloop.journey.source import Map, Node, Report

FOUND = ("each", "message", "provider_id", "kind", "reason", "at")
INBOUND = ("each", "when", "id", "text", "word", "answers", "at")


def read_callbacks(node: Node, report: Report) -> Callbacks | None:
    """Return what a provider file says of callbacks."""
    block = one_block(node, "callbacks", report)
    if block is None:
        return None
    check_keys(block, ("verify", "sent_as", "means", "inbound", *FOUND), "to callbacks", report)
    verify = block.value("verify")
    if verify is None:
        missing("verify", "callbacks", block.place, report, example="verify: {scheme: hmac, header: x-signature}")
        return None
    how = read_verify(verify, report)
    form = block.value("sent_as")
    return replace(
        read_finds(block, report),
        scheme=how.scheme,
        proof=how.proof,
        parts=how.parts,
        form="form" if form is not None and one_of(form, "sent_as", ("json", "form"), report) == "form" else "json",
        means=read_means(block, report),
        inbound=said(block, "inbound", report, _inbounds) or (),
    )


def read_finds(block: Map, report: Report) -> Callbacks:
    """Return where in what a provider says each of our words is found."""
    finds = {name: _expression(block, name, report) for name in FOUND}
    return Callbacks(
        scheme="none",
        each=finds["each"],
        message=finds["message"],
        provider_id=finds["provider_id"],
        kind=finds["kind"],
        reason=finds["reason"],
        at=finds["at"],
    )


def _inbounds(node: Node, report: Report) -> tuple[Inbound, ...]:
    items = some_items(node, "inbound", report) or ()
    return tuple(found for item in items if (found := _inbound(item, report)))


def _inbound(node: Node, report: Report) -> Inbound | None:
    block = one_block(node, "inbound", report)
    if block is None:
        return None
    check_keys(block, ("from", *INBOUND), "to inbound", report)
    sender = needed(block, "from", report, expression)
    finds = {name: _expression(block, name, report) for name in INBOUND}
    own, answered = finds["id"], finds["answers"]
    if own is not None and answered is not None and own.text == answered.text:
        label = "leave id out, unless what was written has an id of its own: a STOP after a thank-you would be no news"
        place = entry.value.place if (entry := block.entry("id")) else block.place
        report.add("J506", "id names the message that is answered, not what was written", place, label=label)
    return None if sender is None else Inbound(sender, **finds)


def _expression(block: Map, name: str, report: Report) -> Expression | None:
    node = block.value(name)
    text = one_text(node, name, report) if node is not None else None
    return read_expression(text, report) if text else None


def read_means(block: Map, report: Report) -> dict[str, str]:
    """Return which of our words each of theirs means."""
    node = block.value("means")
    words = one_block(node, "means", report) if node is not None else None
    read = ((entry.key.text, one_of(entry.value, "means", KINDS, report)) for entry in (words.entries if words else ()))
    return {name: kind for name, kind in read if kind is not None}
