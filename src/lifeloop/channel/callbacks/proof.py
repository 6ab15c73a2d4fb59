"""What proves that a callback comes from the provider: a shared secret, or a signature over what was posted.

Several secrets make a rotation without a gap. All of them are tried, whichever fits, and compared in constant time.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from lifeloop.channel.callbacks.reading import form_of, is_form
from lifeloop.channel.callbacks.values import Malformed, Post, Refused
from lifeloop.channel.secret import Secret
from lifeloop.channel.signature import PREFIX
from lifeloop.clock import Instant

TOLERANCE = 300
"""Seconds by which a signature may be off. What was signed longer ago may be a recording."""
LONG = 12 * 3600
"""The same where the provider signs once, and tries again for hours with that one signature."""
A_DAY = 86_400
OWN_HEADER = "x-callback-secret"
ALGORITHMS = ("sha256", "sha1", "sha512")
MOST_SIGNATURES = 20

Secrets = Sequence[Secret]


def shared(post: Post, secrets: Secrets) -> None:
    """Take a secret that is simply said: as password (Basic), after ``Bearer``, in a header, or in the address."""
    _any([*_said(post)], [secret.reveal().encode() for secret in secrets])


def header(post: Post, secrets: Secrets, name: str) -> None:
    """Take a secret in a header of a name."""
    _any([post.headers.get(name.lower(), "").encode()], [secret.reveal().encode() for secret in secrets])


def in_address(post: Post, secrets: Secrets) -> None:
    """Take a secret at the end of the address: for providers that prove nothing else."""
    _any([post.word.encode()], [secret.reveal().encode() for secret in secrets])


def signed(
    post: Post, secrets: Secrets, now: Instant, how: Mapping[str, str], parts: Mapping[str, str] | None = None
) -> None:
    """Take an HMAC over the body as a provider file describes it.

    ``header``, ``prefix``, ``encoding`` (hex or base64), ``algorithm``, ``timestamp`` (the name of its header) and
    ``signed``, in which ``{timestamp}`` and ``{body}`` stand for themselves. ``parts``: what ``signature`` and
    ``timestamp`` are called in a header of several parts, as in ``t=…,v1=…,v1=…``; any of the signatures will do.
    """
    given, prefix = post.headers.get(how.get("header", "x-signature").lower(), ""), how.get("prefix", "")
    known = _parted(given, parts) if parts else {"signature": [given]}
    offered = [text.removeprefix(prefix) for text in known["signature"] if text.startswith(prefix)]
    if not offered:
        raise Refused("the signature has another form")
    before, _, after = how.get("signed", "{body}").partition("{body}")
    if moments := [post.headers.get(how["timestamp"].lower(), "")] if "timestamp" in how else known.get("timestamp"):
        _recent(moments[0], now, TOLERANCE)
        before, after = (text.replace("{timestamp}", moments[0]) for text in (before, after))
    content = before.encode() + post.body + after.encode()
    form = bytes.fromhex if how.get("encoding", "hex") == "hex" else _base64
    _any([_bytes(text, form) for text in offered], _macs(secrets, content, how.get("algorithm", "sha256")))


def _parted(given: str, parts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what stands in each part of a header. No encoding has a comma or semicolon."""
    pairs = [item.strip().partition("=") for item in re.split("[,;]", given, maxsplit=MOST_SIGNATURES)]
    return {ours: [text for name, _, text in pairs if name == theirs] or [""] for ours, theirs in parts.items()}


def standard_webhooks(post: Post, secrets: Secrets, now: Instant, prefix: str = "webhook") -> None:
    """Take the signature of Standard Webhooks, which Svix calls by names of its own."""
    id_, moment, given = (post.headers.get(f"{prefix}-{name}", "") for name in ("id", "timestamp", "signature"))
    _recent(moment, now, TOLERANCE)
    if not id_ or "." in id_:
        raise Refused("the id is missing")
    offered = [item.partition(",") for item in given.split()[:MOST_SIGNATURES]]
    content = f"{id_}.{moment}.".encode() + post.body
    keys = [_bytes(secret.reveal().removeprefix(PREFIX), _base64) for secret in secrets]
    expected = [hmac.new(key, content, hashlib.sha256).digest() for key in keys if key]
    _any([_bytes(text, _base64) for version, _, text in offered if version == "v1"], expected)


def twilio(post: Post, secrets: Secrets) -> None:
    """Take Twilio's signature over the public address and the fields of the form in order; or over a JSON body."""
    content = post.url
    if "bodySHA256" in post.query:
        digest = hashlib.sha256(post.body).hexdigest()
        _any([post.query["bodySHA256"].lower().encode()], [digest.encode()])
    else:
        pairs = sorted(set(parse_qsl(post.body.decode("utf-8", "replace"), keep_blank_values=True)))
        content += "".join(name + value for name, value in pairs)
    given = _bytes(post.headers.get("x-twilio-signature", ""), _base64)
    _any([given], _macs(secrets, content.encode(), "sha1"))


def meta(post: Post, secrets: Secrets) -> None:
    """Take the signature that Meta makes with the secret of the app."""
    how = {"header": "x-hub-signature-256", "prefix": "sha256="}
    signed(post, secrets, 0, how)


def bird(post: Post, secrets: Secrets, now: Instant) -> None:
    """Take Bird's signature; it tries again for a day with the moment of the first try."""
    moment = post.headers.get("messagebird-request-timestamp", "")
    _recent(moment, now, A_DAY)
    content = f"{moment}\n{post.url}\n".encode() + hashlib.sha256(post.body).digest()
    given = _bytes(post.headers.get("messagebird-signature", ""), _base64)
    _any([given], _macs(secrets, content, "sha256"))


def mailgun(post: Post, secrets: Secrets, now: Instant) -> None:
    """Take Mailgun's signature, which stands in the body and does not cover it: its token is good for one report."""
    said = _mailgun_said(post)
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise Refused("there is no signature")
    moment, token = said.get("timestamp", ""), said.get("token", "")
    _recent(moment, now, LONG)
    if not token:
        raise Refused("the token is missing")
    offered = [_bytes(said.get(name, ""), bytes.fromhex) for name in ("signature", "parent-signature")]
    _any(offered, _macs(secrets, f"{moment}{token}".encode(), "sha256"))


def _mailgun_said(post: Post) -> Any:
    """Return where Mailgun signs: within the JSON of an event, and beside the fields of a forwarded mail."""
    if is_form(post):
        known = _form(post)
        return {name: known.get(name, "") for name in ("timestamp", "token", "signature")}
    try:
        found: Any = json.loads(post.body)
    except (ValueError, RecursionError) as problem:
        raise Refused("there is no signature") from problem
    return found.get("signature") if isinstance(found, dict) else None


def _form(post: Post) -> Mapping[str, str]:
    try:
        return form_of(post)
    except Malformed as problem:
        raise Refused("there is no signature") from problem


def _said(post: Post) -> Iterable[bytes]:
    scheme, _, rest = post.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        yield rest.strip().encode()
    if scheme.lower() == "basic":
        yield _bytes(rest.strip(), _base64).partition(b":")[2]
    yield post.headers.get(OWN_HEADER, "").encode()
    yield post.word.encode()


def _macs(secrets: Secrets, content: bytes, algorithm: str) -> list[bytes]:
    if algorithm not in ALGORITHMS:
        raise Refused("the provider file names an algorithm that is not known here")
    return [hmac.new(secret.reveal().encode(), content, algorithm).digest() for secret in secrets]


def _any(offered: Sequence[bytes], expected: Sequence[bytes]) -> None:
    """Refuse unless something offered is something expected; nothing is never equal to nothing."""
    fits = [hmac.compare_digest(one, other) for one in offered for other in expected if one and other]
    if not any(fits):
        raise Refused("the proof does not fit")


def _bytes(written: str, form: Any) -> bytes:
    try:
        found: bytes = form(written)
    except ValueError:  # binascii.Error is one, too
        return b""
    return found


def _base64(written: str) -> bytes:
    if not written.isascii():
        raise binascii.Error
    return base64.b64decode(written, validate=True)


def _recent(moment: str, now: Instant, tolerance: int) -> None:
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):  # noqa: PLR2004  # seconds have ten digits
        raise Refused("it does not say when it was signed")
    if abs(now - int(moment)) > tolerance:
        raise Refused("it was signed too long ago, or the clocks differ")
