"""The ``lookup`` of a provider file: the request that asks about one message, and what is read from its answer."""

from __future__ import annotations

from dataclasses import replace

from lifeloop.channel.declared import Lookup, Order
from lifeloop.channel.declared_callbacks import FOUND, read_finds, read_means
from lifeloop.channel.declared_order import read_headers, read_sign_in, read_url
from lifeloop.channel.declared_parts import needed, said, seconds
from lifeloop.journey.shape import check_keys, one_block
from lifeloop.journey.source import Node, Report

WORDS = frozenset({"id", "to", "since"})
"""What the request may read of a message: our id, the address, and the second from which it may be there."""


def read_lookup(node: Node, report: Report, order: Order) -> tuple[Lookup, int | None] | None:
    """Return how a provider is asked, and after how many seconds *not there* means never taken.

    Signing in and headers are those of the request, if nothing else is said.
    """
    block = one_block(node, "lookup", report)
    if block is None:
        return None
    check_keys(block, ("url", "headers", "sign_in", "means", "absent_after", *FOUND), "to lookup", report)
    url = needed(block, "url", report, read_url)
    needed(block, "message", report, lambda _node, _report: True)
    headers, sign_in = said(block, "headers", report, read_headers), said(block, "sign_in", report, read_sign_in)
    if url is None or block.value("message") is None:
        return None
    asks = Order(
        method="GET",
        url=url,
        body={},
        headers=order.headers if headers is None else headers,
        sign_in=sign_in or order.sign_in,
    )
    reads = replace(read_finds(block, report), means=read_means(block, report))
    return Lookup(asks, reads), said(block, "absent_after", report, seconds)
