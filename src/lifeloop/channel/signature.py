"""Standard Webhooks 1.0: how a receiver can tell that a request is ours, unchanged and recent."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence

from lifeloop.channel.secret import Secret
from lifeloop.clock import Instant

PREFIX = "whsec_"
SHORTEST, LONGEST = 24, 64


class BadSecret(ValueError):  # noqa: N818  # the secret is bad; the text says how
    """A signing secret is not of the form that Standard Webhooks asks for."""


def signed(message_id: str, body: bytes, now: Instant, secrets: Sequence[Secret]) -> Mapping[str, str]:
    """Return the three headers. Several secrets, newest first, make a rotation without a gap."""
    if "." in message_id:
        raise ValueError("a signed id holds no dot, because dots separate what is signed")
    text = f"{message_id}.{now}.".encode() + body
    items = (hmac.new(_key(secret), text, hashlib.sha256).digest() for secret in secrets)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(item).decode()}" for item in items),
    }


def _key(secret: Secret) -> bytes:
    try:
        key = base64.b64decode(secret.reveal().removeprefix(PREFIX), validate=True)
    except binascii.Error as problem:
        raise BadSecret("the signing secret is not 'whsec_' followed by base64") from problem
    if not SHORTEST <= len(key) <= LONGEST:
        raise BadSecret(f"the signing secret holds {len(key)} bytes; it must hold {SHORTEST} to {LONGEST}")
    return key
