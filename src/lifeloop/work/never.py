"""Addresses that may never be used, and why: what people did, or what came back."""

from __future__ import annotations

from collections.abc import Iterator

from lifeloop.store import consents
from lifeloop.store.transaction import Tx
from lifeloop.store.values import Customer, SuppressionRow

WHY = {
    "hard_bounce": "nobody is there",
    "soft_bounce": "it came back again and again; it is tried once more after 90 days",
    "complaint": "a message was marked as spam",
    "provider_list": "the provider has it on a list of its own",
    "opted_out": "they asked for it",
    "erased": "somebody with this address was erased",
}


def never(tx: Tx, customer: Customer) -> Iterator[SuppressionRow]:
    """Return what stands against somebody's addresses."""
    for name in ("email", "phone"):
        address = customer.data.get(name)
        if isinstance(address, str) and address:
            yield from consents.suppressed(tx, address)


def in_words(row: SuppressionRow) -> str:
    """Say why an address is left alone: ``nothing leaves by email: nobody is there``."""
    by = "at all" if row.channel == "*" else f"by {row.channel}"
    return f"nothing leaves {by}: {WHY.get(row.reason, row.reason)}"
