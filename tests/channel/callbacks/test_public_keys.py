"""Signatures by key pair: SendGrid's, and Amazon's with a certificate that only Amazon's own address may give."""

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from lifeloop.channel.callbacks import public_keys
from lifeloop.channel.callbacks.values import Post, Refused
from lifeloop.channel.secret import Secret

NOW = 1_772_452_800
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses-events"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
ELLIPTIC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(key):
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def sendgrid(body=b'[{"event":"delivered"}]', moment=NOW, key=ELLIPTIC):
    signature = key.sign(str(moment).encode() + body, ec.ECDSA(hashes.SHA256()))
    return Post(
        body=body,
        headers={
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
            "x-twilio-email-event-webhook-timestamp": str(moment),
        },
    )


def pem(name="sns.amazonaws.com", *, key=RSA, days=(-10, 10)):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start, end = (datetime.fromtimestamp(NOW, UTC) + timedelta(days=day) for day in days)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(1)
    made = made.public_key(key.public_key()).not_valid_before(start).not_valid_after(end)
    return made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def sns(*, key=RSA, sent=None, **changes):
    said = {
        "Type": "Notification",
        "MessageId": "22b80b92",
        "TopicArn": TOPIC,
        "Subject": "Amazon SES",
        "Message": "{}",
        "Timestamp": "2026-03-02T12:00:00.000Z",
        "SignatureVersion": "2",
        "SigningCertURL": CERTIFICATE,
    } | changes
    said = {name: value for name, value in said.items() if value is not None}
    signature = key.sign(public_keys.canonical(said), padding.PKCS1v15(), hashes.SHA256())
    said = {"Signature": base64.b64encode(signature).decode(), **said} | (sent or {})
    head = {"x-amz-sns-message-type": said["Type"], "x-amz-sns-message-id": said["MessageId"]}
    return Post(body=json.dumps(said).encode(), headers=head)


def check(post, *, now=NOW, topics=(TOPIC,), certificate=None):
    public_keys.sns(post, topics, now, lambda _url: pem() if certificate is None else certificate)


def test_sendgrids_signature_with_the_key_as_it_is_shown_or_as_pem():
    wrapped = f"-----BEGIN PUBLIC KEY-----\n{public(ELLIPTIC)}\n-----END PUBLIC KEY-----"
    for written in (public(ELLIPTIC), wrapped):
        public_keys.sendgrid(sendgrid(), [Secret(written)], NOW)


def test_sendgrids_former_key_is_good_while_it_is_kept():
    other = ec.generate_private_key(ec.SECP256R1())
    public_keys.sendgrid(sendgrid(), [Secret(public(other)), Secret(public(ELLIPTIC))], NOW)
    with pytest.raises(Refused):
        public_keys.sendgrid(sendgrid(), [Secret(public(other))], NOW)


@pytest.mark.parametrize("now", [NOW - 43_201, NOW + 43_201])
def test_sendgrids_signature_grows_old(now):
    with pytest.raises(Refused, match="too long ago"):
        public_keys.sendgrid(sendgrid(), [Secret(public(ELLIPTIC))], now)


def test_every_byte_counts_for_sendgrid():
    post = sendgrid()
    for place in range(len(post.body)):
        body = post.body[:place] + bytes([post.body[place] ^ 1]) + post.body[place + 1 :]
        with pytest.raises(Refused):
            public_keys.sendgrid(Post(body=body, headers=post.headers), [Secret(public(ELLIPTIC))], NOW)


@pytest.mark.parametrize("name", ["x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"])
@pytest.mark.parametrize("value", [None, "", "x", "é", "AAAA", "9" * 30])
def test_odd_headers_are_refused(name, value):
    headers = {**sendgrid().headers, **({} if value is None else {name: value})}
    if value is None:
        del headers[name]
    with pytest.raises(Refused):
        public_keys.sendgrid(Post(body=sendgrid().body, headers=headers), [Secret(public(ELLIPTIC))], NOW)


@pytest.mark.parametrize("key", ["", "nonsense", public(RSA)])
def test_a_key_of_another_kind_is_said_to_be_the_wrong_one(key):
    with pytest.raises(Refused, match="not the one SendGrid shows"):
        public_keys.sendgrid(sendgrid(), [Secret(key)], NOW)


@pytest.mark.parametrize(
    "changes",
    [{}, {"Subject": None}, {"Type": "SubscriptionConfirmation", "Token": "t", "SubscribeURL": "https://x"}],
)
def test_an_envelope_of_our_own_topic_is_taken(changes):
    check(sns(**changes))


@pytest.mark.parametrize(
    "name", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type", "Signature", "SignatureVersion"]
)
def test_nothing_in_an_envelope_may_change(name):
    for value in ("2026-03-02T12:00:01.000Z", "", "é"):
        with pytest.raises(Refused):
            check(sns(sent={name: value}), topics=(TOPIC, value) if value else (TOPIC,))


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
        "https://sns.eu-west-1.amazonaws.com.example.com/SimpleNotificationService-01.pem",
        "https://example.com/SimpleNotificationService-01.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/SimpleNotificationService-01.pem",
        "https://a@sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem",
        "https://sns.eu-west-1.amazonaws.com/x/../SimpleNotificationService-01.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-01.pem?x=1",
        "https://sns.eu-west-1.amazonaws.com/other.pem",
        "https://169.254.169.254/SimpleNotificationService-01.pem",
        f"{CERTIFICATE}\n",
        "",
    ],
)
def test_no_certificate_is_fetched_from_anywhere_else(url):
    asked = []
    with pytest.raises(Refused, match="none of Amazon's"):
        public_keys.sns(sns(SigningCertURL=url), [TOPIC], NOW, lambda url: asked.append(url) or pem())
    assert asked == []


def test_somebody_elses_topic_is_refused_before_anything_is_fetched():
    with pytest.raises(Refused, match="none of ours"):
        public_keys.sns(
            sns(TopicArn="arn:aws:sns:eu-west-1:666:evil"), [TOPIC], NOW, lambda _url: pytest.fail("it asked")
        )


@pytest.mark.parametrize(
    "certificate",
    [
        pem("example.com"),
        pem(days=(-10, -1)),
        pem(days=(1, 10)),
        pem(key=rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        pem(key=ELLIPTIC),
        b"",
        b"nonsense",
    ],
)
def test_a_certificate_of_others_proves_nothing(certificate):
    with pytest.raises(Refused):
        check(sns(), certificate=certificate)


def test_old_envelopes_raw_ones_and_those_signed_with_sha1_are_refused():
    with pytest.raises(Refused, match="too long ago"):
        check(sns(), now=NOW + 43_201)
    with pytest.raises(Refused, match="SHA-1"):
        check(sns(SignatureVersion="1"))
    post = sns()
    with pytest.raises(Refused, match="raw delivery"):
        check(Post(body=post.body, headers={**post.headers, "x-amz-sns-rawdelivery": "true"}))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"not json", b'{"Type": 1}', b"[" * 100_000])
def test_what_is_no_envelope_is_refused(body):
    with pytest.raises(Refused):
        check(Post(body=body))


def test_a_certificate_is_asked_for_once():
    asked = []
    fetch = public_keys.cached(lambda url: asked.append(url) or pem())
    for _ in range(3):
        public_keys.sns(sns(), [TOPIC], NOW, fetch)
    assert asked == [CERTIFICATE]
