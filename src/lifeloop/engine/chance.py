"""Chance without dice: a keyed hash of who and what. The same question always gets the same answer."""

from __future__ import annotations

from hashlib import blake2b

_KEY = b"lifeloop"
WHOLE = 10_000
"""A share of everybody, in hundredths of a percent."""


def share_of(experiment: str, customer_id: str) -> int:
    """Return where a customer falls in an experiment, 0 to 9999: sticky, and even over customers."""
    return _number(f"{experiment}:{customer_id}") % WHOLE


def fraction_of(text: str) -> float:
    """Return a number from 0 up to 1 that belongs to a text."""
    return _number(text) / 2**64


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8, key=_KEY).digest())
