"""Addresses of our own with something behind a plus: where mail about one message, or an unsubscription, comes back."""

from __future__ import annotations

import hmac
import re
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

LONGEST_LOCAL = 64
MAC = 10
_ID = re.compile(r"[0-9a-f]{32}")
_BOUNCE = re.compile(r"\+b\.([0-9a-f]{32})\.([a-z2-7]{10})@", re.IGNORECASE)
_LEAVE = re.compile(r"\+u\.([a-z2-7]{16,60})@", re.IGNORECASE)
MOST = 50


def bounces_of(box: str, message: str, key: bytes) -> str | None:
    """Return where mail about one message comes back; None where no such address can be made."""
    return _plus(box, f"b.{message}.{_mac(key, message)}") if _ID.fullmatch(message) else None


def leaves_of(box: str, token: str) -> str | None:
    """Return where a mail ends a topic. Servers may write addresses in small letters, so the token is base32."""
    raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return _plus(box, f"u.{b32encode(raw).decode().rstrip('=').lower()}")


def message_in(text: str, key: bytes) -> str | None:
    """Return the message that a text is about, by an address that only our own mail to that customer had."""
    for found, _ in zip(_BOUNCE.finditer(text), range(MOST), strict=False):
        message, said = found[1].lower(), found[2].lower()
        if hmac.compare_digest(_mac(key, message), said):
            return message
    return None


def token_in(text: str) -> str | None:
    """Return the token that a mail to one of our addresses brings back."""
    found = _LEAVE.search(text)
    if found is None:
        return None
    written = found[1].upper()
    try:
        return urlsafe_b64encode(b32decode(written + "=" * (-len(written) % 8))).decode().rstrip("=")
    except ValueError:
        return None


def _mac(key: bytes, message: str) -> str:
    return b32encode(hmac.new(key, b"bounce " + message.encode(), sha256).digest()).decode()[:MAC].lower()


def _plus(box: str, said: str) -> str | None:
    local, at, domain = box.rpartition("@")
    made = f"{local}+{said}"
    return f"{made}@{domain}" if at and local and len(made) <= LONGEST_LOCAL else None
