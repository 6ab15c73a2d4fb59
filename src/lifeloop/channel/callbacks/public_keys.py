"""Proofs made with a key pair: SendGrid's signature, and Amazon's certificates for SNS."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from lifeloop.channel.callbacks.values import Post, Refused
from lifeloop.channel.secret import Secret
from lifeloop.clock import Instant

TOLERANCE = 12 * 3600
MOST_CERTIFICATES = 20
CERTIFICATE = re.compile(
    r"https://sns\.[a-z0-9-]{1,30}\.amazonaws\.com(\.cn)?/SimpleNotificationService-[\w-]{1,80}\.pem"
)
"""Where Amazon's certificates are. Nothing else is ever fetched because a request says so."""
SUBSCRIBE = re.compile(r"https://sns\.[a-z0-9-]{1,30}\.amazonaws\.com(\.cn)?/\?[\w=&%:.~-]+")
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
Fetch = Callable[[str], bytes]


def sendgrid(post: Post, keys: Sequence[Secret], now: Instant) -> None:
    """Take SendGrid's signature over moment and body, made with the key that its settings page shows."""
    moment = post.headers.get("x-twilio-email-event-webhook-timestamp", "")
    if not (moment.isascii() and moment.isdigit() and len(moment) <= 12):  # noqa: PLR2004  # seconds have ten digits
        raise Refused("it does not say when it was signed")
    if abs(now - int(moment)) > TOLERANCE:
        raise Refused("it was signed too long ago, or the clocks differ")
    signature = _decoded(post.headers.get("x-twilio-email-event-webhook-signature", ""))
    content = moment.encode() + post.body
    if not any(_elliptic(key, signature, content) for key in keys):
        raise Refused("the signature does not fit")


def sns(post: Post, topics: Sequence[str], now: Instant, fetch: Fetch) -> None:
    """Take a signature of Amazon's over an envelope of one of our own topics: anybody may have a topic there."""
    said = _envelope(post)
    if post.headers.get("x-amz-sns-rawdelivery", "").lower() == "true":
        raise Refused("raw delivery leaves the signature out; switch it off")
    for name, field in (("x-amz-sns-message-type", "Type"), ("x-amz-sns-message-id", "MessageId")):
        if post.headers.get(name) != said.get(field):
            raise Refused("head and body say different things")
    if said.get("TopicArn") not in topics:
        raise Refused("the topic is none of ours")
    _fresh(said.get("Timestamp", ""), now)
    if said.get("SignatureVersion") != "2":
        raise Refused("the topic signs with SHA-1; set its SignatureVersion to 2")
    if not CERTIFICATE.fullmatch(said.get("SigningCertURL", "")):
        raise Refused("the certificate is none of Amazon's")
    key = _certified(fetch(said["SigningCertURL"]), now)
    try:
        key.verify(_decoded(said.get("Signature", "")), canonical(said), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature as problem:
        raise Refused("the signature does not fit") from problem


def canonical(said: Mapping[str, str]) -> bytes:
    """Return what SNS signs of an envelope: names and values, in one order."""
    names = SIGNED.get(said.get("Type", ""), ())
    return "".join(f"{name}\n{said[name]}\n" for name in names if name in said).encode()


def _envelope(post: Post) -> dict[str, str]:
    try:
        found: Any = json.loads(post.body)
    except (ValueError, RecursionError) as problem:
        raise Refused("it is no envelope of SNS") from problem
    if not isinstance(found, dict):
        raise Refused("it is no envelope of SNS")
    return {name: value for name, value in found.items() if isinstance(value, str)}


def _fresh(written: str, now: Instant) -> None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError as problem:
        raise Refused("it does not say when it was signed") from problem
    if moment.tzinfo is None or abs(now - moment.timestamp()) > TOLERANCE:
        raise Refused("it was signed too long ago, or the clocks differ")


def _certified(pem: bytes, now: Instant) -> rsa.RSAPublicKey:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        key = certificate.public_key()
    except ValueError as problem:
        raise Refused("the certificate cannot be read") from problem
    moment = datetime.fromtimestamp(now, UTC)
    if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
        raise Refused("the certificate is not valid now")
    if [name.value for name in names] != ["sns.amazonaws.com"] or not isinstance(key, rsa.RSAPublicKey):
        raise Refused("the certificate is none of SNS")
    return key


def _elliptic(secret: Secret, signature: bytes, content: bytes) -> bool:
    try:
        key = serialization.load_der_public_key(_decoded(_bare(secret.reveal())))
    except ValueError as problem:
        raise Refused("the key in the environment is not the one SendGrid shows") from problem
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise Refused("the key in the environment is not the one SendGrid shows")
    try:
        key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _bare(written: str) -> str:
    """Return a key without the lines that PEM puts around it."""
    return re.sub(r"-----[^-]*-----|\s", "", written)


def _decoded(written: str) -> bytes:
    try:
        return base64.b64decode(written.encode("ascii"), validate=True)
    except ValueError as problem:
        raise Refused("the signature cannot be read") from problem


def cached(fetch: Fetch) -> Fetch:
    """Return the same, asking once for each address: a certificate never changes under its name."""
    known: dict[str, bytes] = {}

    def remembered(url: str) -> bytes:
        if url not in known:
            found = fetch(url)
            if len(known) >= MOST_CERTIFICATES:
                known.clear()
            known[url] = found
        return known[url]

    return remembered
