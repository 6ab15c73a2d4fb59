"""What is said for and against mail from a domain, from answers that were written down."""

from __future__ import annotations

from base64 import b64encode
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lifeloop.channel.dns import Written
from lifeloop.journey.catalogue import Catalogue, Sender, Web
from lifeloop.work.dkim_key import bits_of
from lifeloop.work.domain import check_domain

PROJECT = Catalogue(senders={"shop": Sender("shop", "Shop", "hello@mail.example.com")})


@cache
def key(bits: int, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> str:
    public = rsa.generate_private_key(65537, bits).public_key()
    return b64encode(public.public_bytes(Encoding.DER, form)).decode()


def good() -> dict[str, list[str]]:
    return {
        "example.com TXT": ["verification=1", "v=spf1 include:spf.example.net -all"],
        "spf.example.net TXT": ["v=spf1 a mx ip4:192.0.2.1 -all"],
        "s1._domainkey.example.com TXT": [f"v=DKIM1; k=rsa; p={key(2048)}"],
        "_dmarc.example.com TXT": ["v=DMARC1; p=reject; rua=mailto:dmarc@example.com"],
        "example.com MX": ["10 mail.example.com."],
    }


def found(catalogue: Catalogue | None = PROJECT, domain: str = "Example.com.", **changed):
    answers = good() | {name.replace("__", " "): value for name, value in changed.items()}
    return check_domain(domain, Written(answers), catalogue, ("s1",))


def complaints(answers: dict[str, list[str]]) -> list[tuple[str, str]]:
    all_found = check_domain("example.com", Written(good() | answers), PROJECT, ("s1",))
    return [(one.level, one.what) for one in all_found if one.level != "fine"]


def test_a_domain_in_order_is_fine():
    assert [one.level for one in found()] == ["fine"] * 5


@pytest.mark.parametrize(
    ("answers", "level", "words"),
    [
        ({"example.com TXT": []}, "wrong", "has no SPF record"),
        ({"example.com TXT": ["v=spf1 -all", "v=spf1 a -all"]}, "wrong", "2 SPF records"),
        ({"example.com TXT": ["v=spf10 -all"]}, "wrong", "has no SPF record"),
        ({"example.com TXT": ["v=spf1 +all"]}, "wrong", "everybody"),
        ({"example.com TXT": ["v=spf1 a"]}, "look", "does not say what to do with others"),
        ({"example.com TXT": ["v=spf1 include:gone.example.net -all"]}, "wrong", "includes gone.example.net"),
        ({"spf.example.net TXT": ["v=spf1 " + "a:x.example " * 10 + "-all"]}, "wrong", "asks 11 questions"),
        ({"s1._domainkey.example.com TXT": []}, "wrong", "holds no DKIM key"),
        ({"s1._domainkey.example.com TXT": ["v=DKIM1; p="]}, "wrong", "is revoked"),
        ({"s1._domainkey.example.com TXT": ["v=DKIM1; p=AAAA"]}, "wrong", "cannot be read"),
        ({"s1._domainkey.example.com TXT": ["p=a", "p=b"]}, "wrong", "2 DKIM keys"),
        ({"_dmarc.example.com TXT": []}, "wrong", "no DMARC record"),
        ({"_dmarc.example.com TXT": ["v=DMARC1; p=none", "v=DMARC1; p=none"]}, "wrong", "2 DMARC records"),
        ({"_dmarc.example.com TXT": ["v=DMARC1; rua=mailto:a@example.com"]}, "wrong", "does not say what to do"),
        ({"_dmarc.example.com TXT": ["v=DMARC1; p=none; rua=mailto:a@example.com"]}, "look", "only watches"),
        ({"_dmarc.example.com TXT": ["v=DMARC1; p=reject"]}, "look", "no reports"),
        ({"example.com MX": []}, "wrong", "takes no mail"),
        ({"example.com MX": ["0 ."]}, "wrong", "says that it takes no mail"),
    ],
)
def test_each_fault_is_told_once(answers, level, words):
    (one,) = complaints(answers)
    assert one[0] == level
    assert words in one[1]


@pytest.mark.parametrize(("bits", "level"), [(1024, "look"), (2048, "fine")])
def test_the_length_of_a_key(bits, level):
    text = {"s1._domainkey.example.com TXT": [f"v=DKIM1;p={key(bits)[:40]} {key(bits)[40:]}"]}
    said = [one for one in check_domain("example.com", Written(good() | text), None, ("s1",)) if "DKIM" in one.what]
    assert [(one.level, f"{bits} bits" in one.what) for one in said] == [(level, True)]


def test_keys_are_measured_in_both_forms():
    assert bits_of(key(1024)) == 1024
    assert bits_of(key(1024, PublicFormat.PKCS1)) == 1024
    assert bits_of("not a key") is None
    assert bits_of(b64encode(b"\x30\x84\xff\xff\xff\xff").decode()) is None


def test_an_include_of_itself_ends():
    circle = {"spf.example.net TXT": ["v=spf1 include:example.com include:spf.example.net -all"]}
    assert complaints(circle) == []


def test_a_part_of_a_domain_falls_back_to_the_whole_ones_dmarc():
    answers = {
        "_dmarc.example.com TXT": ["v=DMARC1; p=reject; sp=quarantine; rua=mailto:a@example.com"],
        "mail.example.com TXT": ["v=spf1 a -all"],
        "mail.example.com MX": ["10 mx.example.com"],
    }
    said = check_domain("mail.example.com", Written(answers), None, ())
    assert [one.what for one in said if "DMARC" in one.what] == ["DMARC of example.com: p=quarantine"]
    assert next(one.what for one in said if one.level == "look").startswith("DKIM was not checked")


def test_who_writes_must_belong_to_the_domain():
    other = Catalogue(senders={"shop": Sender("shop", "Shop", "hello@badexample.com")})
    assert [one.what for one in found(other) if one.level == "wrong"] == [
        "no sender of this project writes from example.com"
    ]
    away = Sender("shop", "Shop", "hello@example.com", reply_to="shop@example.org")
    mixed = Catalogue(senders={"shop": away}, web=Web("https://links.example.net"))
    assert [one.level for one in found(mixed)] == ["fine"] * 5 + ["look"] * 2
