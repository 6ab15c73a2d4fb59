"""The ``verify`` of a provider file: what proves that a callback comes from the provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lifeloop.channel.declared import SCHEMES, Scheme
from lifeloop.channel.declared_parts import needed, said, scalar
from lifeloop.journey.shape import check_keys, one_block, one_of
from lifeloop.journey.source import Map, Node, Report, Scalar

PARTS = ("timestamp", "signature")
WORDS = ("header", "secret", "prefix", "encoding", "algorithm", "timestamp", "signed", "handshake")
OF_HMAC = ("parts", "timestamp", "signed", "encoding", "algorithm")
HOLE = re.compile(r"\{(\w*)\}")


@dataclass(frozen=True, slots=True)
class Verify:
    """A scheme, the words that it needs, and the names of the parts in one header (none: it is one text)."""

    scheme: Scheme = "none"
    proof: Mapping[str, str] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)


def read_verify(node: Node, report: Report) -> Verify:
    """Return how callbacks are proved; what could never be believed is reported."""
    block = one_block(node, "verify", report)
    if block is None:
        return Verify()
    check_keys(block, ("scheme", "parts", *WORDS), "to verify", report)
    scheme: Scheme | None = needed(block, "scheme", report, _scheme)
    proof = {name: text for name in WORDS if (text := said(block, name, report, scalar))}
    parts = said(block, "parts", report, _parts) or {}
    if scheme == "hmac":
        _check_moment(proof, parts, report)
        _check_signed(block, proof, parts, report)
    elif scheme is not None:
        _check_words(block, scheme, report)
    return Verify(scheme or "none", _plain(proof), _plain(parts))


def _scheme(node: Node, report: Report) -> Scheme | None:
    return one_of(node, "scheme", SCHEMES, report)


def _parts(node: Node, report: Report) -> dict[str, Scalar]:
    block = one_block(node, "parts", report)
    if block is None:
        return {}
    check_keys(block, PARTS, "to parts", report)
    signature = needed(block, "signature", report, scalar)
    moment = said(block, "timestamp", report, scalar)
    return {name: text for name, text in (("signature", signature), ("timestamp", moment)) if text}


def _check_words(block: Map, scheme: Scheme, report: Report) -> None:
    """Report words that only a signature of the file's own description needs: they would prove nothing."""
    for name in OF_HMAC:
        if entry := block.entry(name):
            label = "write  scheme: hmac, or leave it out"
            report.add("J506", f'"{name}" says nothing with the scheme {scheme}', entry.key.place, label=label)


def _check_moment(proof: Mapping[str, Scalar], parts: Mapping[str, Scalar], report: Report) -> None:
    """Report a moment that stands in two places, or in a header that holds the signature and is not taken apart."""
    stamp, header = proof.get("timestamp"), proof.get("header")
    if stamp and "timestamp" in parts:
        label = "leave it out, or leave the timestamp out of parts"
        report.add("J506", "the moment stands in a header and in a part", stamp.place, label=label)
    elif stamp and header and header.text.lower() == stamp.text.lower():
        label = "say how its parts are called, for example  parts: {timestamp: t, signature: v1}"
        report.add("J506", "the signature and its moment are one header", stamp.place, label=label)


def _check_signed(block: Map, proof: Mapping[str, Scalar], parts: Mapping[str, Scalar], report: Report) -> None:
    """Report what is signed and nobody can know, and what counts although nobody signed it."""
    signed, stamp = proof.get("signed"), proof.get("timestamp") or parts.get("timestamp")
    holes = set(HOLE.findall(signed.text)) if signed else {"body"}
    place = signed.place if signed else block.place
    if "timestamp" in holes and stamp is None:
        label = "say in which header it stands, as in  timestamp: x-time, or in which part of one, under  parts"
        report.add("J506", "what is signed holds a timestamp, and nothing says where that is", place, label=label)
    if stamp is not None and "timestamp" not in holes:
        label = 'write it as their documentation says, for example  signed: "{timestamp}.{body}"'
        report.add("J506", "the moment is not signed: anybody could write another", stamp.place, label=label)
    if "body" not in holes or holes - {"body", "timestamp"}:
        label = "it is made of {body} and, where there is one, {timestamp}"
        report.add("J506", "it is not settled what is signed", place, label=label)


def _plain(texts: Mapping[str, Scalar]) -> dict[str, str]:
    return {name: text.text for name, text in texts.items()}
