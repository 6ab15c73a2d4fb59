"""The ``callbacks`` of a provider file: how the provider proves itself, and where in its words ours are found."""

from __future__ import annotations

from lifeloop.channel.declared import KINDS, SCHEMES, Callbacks
from lifeloop.channel.expression import Expression, read_expression
from lifeloop.journey.shape import check_keys, missing, one_block, one_of, one_text
from lifeloop.journey.source import Map, Node, Report

FOUND = ("each", "message", "provider_id", "kind", "reason", "at")


def read_callbacks(node: Node, report: Report) -> Callbacks | None:
    """Return what a provider file says of callbacks."""
    block = one_block(node, "callbacks", report)
    if block is None:
        return None
    check_keys(block, ("verify", "sent_as", "means", *FOUND), "to callbacks", report)
    verify = block.value("verify")
    if verify is None:
        missing("verify", "callbacks", block.place, report, example="verify: {scheme: hmac, header: x-signature}")
        return None
    proof = one_block(verify, "verify", report)
    scheme = one_of(found, "scheme", SCHEMES, report) if proof and (found := proof.value("scheme")) else None
    form = block.value("sent_as")
    finds = {name: _expression(block, name, report) for name in FOUND}
    return Callbacks(
        scheme=scheme or "none",
        proof=_texts(proof, report) if proof else {},
        form="form" if form is not None and one_of(form, "sent_as", ("json", "form"), report) == "form" else "json",
        means=_means(block, report),
        **finds,
    )


def _expression(block: Map, name: str, report: Report) -> Expression | None:
    node = block.value(name)
    text = one_text(node, name, report) if node is not None else None
    return read_expression(text, report) if text else None


def _texts(block: Map, report: Report) -> dict[str, str]:
    read = ((entry.key.text, one_text(entry.value, entry.key.text, report)) for entry in block.entries)
    return {name: text.text for name, text in read if text is not None and name != "scheme"}


def _means(block: Map, report: Report) -> dict[str, str]:
    node = block.value("means")
    words = one_block(node, "means", report) if node is not None else None
    read = ((entry.key.text, one_of(entry.value, "means", KINDS, report)) for entry in (words.entries if words else ()))
    return {name: kind for name, kind in read if kind is not None}
