"""The ``lookup`` of a provider file: the request that asks about one message, and what is read from its answer."""

from __future__ import annotations

from dataclasses import replace

from lifeloop.channel.declared import Lookup, Order
from lifeloop.channel.declared_callbacks import FOUND, read_finds, read_means
from lifeloop.channel.declared_order import read_headers, read_sign_in, read_url
from lifeloop.channel.declared_parts import needed, said, scalar, seconds
from lifeloop.journey.shape import check_keys, one_block, one_of
from lifeloop.journey.source import Map, Node, Report
from lifeloop.message.phrase import Phrase

WORDS = frozenset({"id", "to", "since"})
"""What the request may read of a message: our id, the address, and the second from which it may be there."""


def read_lookup(node: Node, report: Report, order: Order) -> tuple[Lookup, int | None] | None:
    """Return how a provider is asked, and after how many seconds *not there* means never taken.

    Signing in and headers are those of the request, if nothing else is said.
    """
    block = one_block(node, "lookup", report)
    if block is None:
        return None
    check_keys(
        block, ("url", "headers", "sign_in", "means", "absent_after", "asked_by_id", *FOUND), "to lookup", report
    )
    url = needed(block, "url", report, read_url)
    promised = bool(said(block, "asked_by_id", report, _promise))
    if promised:
        _check_promise(block, url, report)
    else:
        needed(block, "message", report, scalar)
    headers, sign_in = said(block, "headers", report, read_headers), said(block, "sign_in", report, read_sign_in)
    if url is None:
        return None
    asks = Order(
        method="GET",
        url=url,
        body={},
        headers=order.headers if headers is None else headers,
        sign_in=sign_in or order.sign_in,
    )
    reads = replace(read_finds(block, report), means=read_means(block, report))
    return Lookup(asks, reads, promised), said(block, "absent_after", report, seconds)


def _promise(node: Node, report: Report) -> bool:
    return one_of(node, "asked_by_id", ("true", "false"), report) == "true"


def _check_promise(block: Map, url: Phrase | None, report: Report) -> None:
    """Report a promise that the request does not keep, and one by which anything would be taken for the message."""
    entry = block.entry("asked_by_id")
    place = entry.key.place if entry else block.place
    if url is not None and "message.id" not in url.names:
        label = "ask for message.id, or say under  message  where our id stands in what is found"
        report.add("J506", "the lookup promises to ask by our id, and its url does not", place, label=label)
    if block.entry("message"):
        label = "leave one of them out; with  message  only what repeats our id counts"
        report.add("J506", "message and asked_by_id contradict each other", place, label=label)
    if not (block.entry("kind") or block.entry("provider_id")):
        label = "say  provider_id  or  kind, so that an answer of another form is not taken for the message"
        report.add("J506", "nothing says how a message that was found is known", place, label=label)
