"""How long the RSA key in a DKIM record is, read from its bytes."""

from __future__ import annotations

import binascii
from base64 import b64decode

SEQUENCE, BITS, NUMBER, LONG = 0x30, 0x03, 0x02, 0x80


def bits_of(text: str) -> int | None:
    """Return the length of the key in bits; None when it is no RSA key."""
    try:
        whole = _inside(b64decode(text, validate=True), SEQUENCE)
        if whole[:1] == bytes([NUMBER]):
            return int.from_bytes(_inside(whole, NUMBER)).bit_length()  # the bare key (PKCS#1)
        key = _inside(_rest(whole), BITS)[1:]
        return int.from_bytes(_inside(_inside(key, SEQUENCE), NUMBER)).bit_length()
    except (binascii.Error, ValueError, IndexError):
        return None


def _inside(data: bytes, kind: int) -> bytes:
    """Return what the first thing in these bytes holds, which must be of that kind."""
    begin, end = _span(data)
    if data[0] != kind or end > len(data):
        raise ValueError("another kind of thing")
    return data[begin:end]


def _rest(data: bytes) -> bytes:
    return data[_span(data)[1] :]


def _span(data: bytes) -> tuple[int, int]:
    size, begin = data[1], 2
    if size & LONG:
        more = size & ~LONG
        size, begin = int.from_bytes(data[2 : 2 + more]), 2 + more
    return begin, begin + size
