"""Signed links: what a recipient's own addresses say, so that nobody can guess, change or read one.

A link says a few numbers and nothing else. They are sealed: a keyed hash over them is both the signature and what
hides them (the construction of SIV, with HMAC-SHA256), so two links of one customer have nothing in common to look
at, and one changed letter makes a link that says nothing at all. Each purpose has keys of its own: a link that
unsubscribes cannot be turned into one that confirms.
"""

from __future__ import annotations

import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import blake2b, sha256
from pathlib import Path

from lifeloop.channel.secret import Unset, looked_up
from lifeloop.journey.catalogue import Catalogue

VERSION = b"\x01"
SEAL = 12
"""Bytes of the signature: 96 bits, which is more than anybody can try."""
SHORTEST_SECRET = 32
KEY_FILE = "link.key"
_WHO, _TOPIC, _REST = 6, 4, 6
MESSAGE, LINK = 16, 12


class Purpose(StrEnum):
    """What a link is for; it is the first part of its path."""

    UNSUBSCRIBE = "u"
    PREFERENCES = "p"
    CONFIRM = "k"
    CLICK = "c"
    OPEN = "o"
    ASK = "a"


class LinksUnset(Exception):  # noqa: N818  # an expected outcome: the settings are incomplete
    """Links cannot be signed; the sentence says what to set."""


@dataclass(frozen=True, slots=True)
class Person:
    """What a link says about whom it was made for: ``topic`` as its mark, ``rest`` what the purpose needs."""

    customer_id: int
    topic: bytes
    rest: bytes


@dataclass(frozen=True)
class Links:
    """The links of one project. ``secrets``: the present one first, then the one before it."""

    address: str
    secrets: tuple[bytes, ...] = field(default=(), repr=False)
    problem: str = ""
    """Why nothing can be signed; empty: it can."""

    def leave(self, customer_id: int, topic: str, message_id: str) -> str:
        """Return where one click ends one topic; ``message_id`` is kept as proof of where it stood."""
        return self._personal(Purpose.UNSUBSCRIBE, customer_id, topic, bytes.fromhex(message_id)[-_REST:])

    def preferences(self, customer_id: int) -> str:
        """Return where somebody chooses what they get."""
        return self._personal(Purpose.PREFERENCES, customer_id, "", bytes(_REST))

    def confirm(self, customer_id: int, topic: str, request_id: str) -> str:
        """Return where somebody confirms that they asked for a topic."""
        return self._personal(Purpose.CONFIRM, customer_id, topic, bytes.fromhex(request_id)[:_REST])

    def click(self, message_id: str | None, link_key: str) -> str:
        """Return where a counted click begins; without a message nobody can be told apart."""
        which = bytes.fromhex(message_id) if message_id else bytes(MESSAGE)
        return self._url(Purpose.CLICK, which + bytes.fromhex(link_key))

    def opened(self, message_id: str) -> str:
        """Return where the picture lies that tells that a message was opened."""
        return self._url(Purpose.OPEN, bytes.fromhex(message_id)) + ".gif"

    def ask(self, message_id: str) -> str:
        """Return where a colleague answers the question of a journey."""
        return self._url(Purpose.ASK, bytes.fromhex(message_id))

    def asked(self, token: str) -> str | None:
        """Return the question that a colleague's link is for."""
        said = self.read(Purpose.ASK, token)
        return said.hex() if said is not None and len(said) == MESSAGE else None

    def person(self, purpose: Purpose, token: str) -> Person | None:
        """Return what a personal link says; None when it is not one of ours for that purpose."""
        said = self.read(purpose, token)
        if said is None or len(said) != _WHO + _TOPIC + _REST:
            return None
        return Person(int.from_bytes(said[:_WHO]), said[_WHO : _WHO + _TOPIC], said[_WHO + _TOPIC :])

    def clicked(self, token: str) -> tuple[str | None, str] | None:
        """Return the message (None: of everybody together) and the link of a click."""
        said = self.read(Purpose.CLICK, token)
        if said is None or len(said) != MESSAGE + LINK:
            return None
        return (said[:MESSAGE].hex() if any(said[:MESSAGE]) else None), said[MESSAGE:].hex()

    def message(self, token: str) -> str | None:
        """Return the message that a picture belongs to."""
        said = self.read(Purpose.OPEN, token)
        return said.hex() if said is not None and len(said) == MESSAGE else None

    def read(self, purpose: Purpose, token: str) -> bytes | None:
        """Return what a link says; None when any of it was changed, or it was made for another purpose."""
        raw = _decoded(token)
        if raw is None or raw[:1] != VERSION or len(raw) <= 1 + SEAL:
            return None
        seal, hidden = raw[1 : 1 + SEAL], raw[1 + SEAL :]
        found = None
        for secret in self.secrets:  # every secret is tried, whichever fits: the time tells nothing
            said = _hide(secret, purpose, seal, hidden)
            if hmac.compare_digest(_seal(secret, purpose, said), seal):
                found = said
        return found

    def fingerprint(self, text: str) -> str:
        """Return something that stands for a text, such as where a click came from, and does not give it away."""
        return hmac.new(_derived(self._secret, "fingerprint"), text.encode(), sha256).hexdigest()[:24]

    @property
    def is_secure(self) -> bool:
        """Whether the pages are served over https, which the header of one-click unsubscribing needs."""
        return self.address.startswith("https://")

    @cached_property
    def _secret(self) -> bytes:
        if self.problem or not self.secrets:
            raise LinksUnset(self.problem or "no secret signs the links")
        return self.secrets[0]

    def _personal(self, purpose: Purpose, customer_id: int, topic: str, rest: bytes) -> str:
        return self._url(purpose, customer_id.to_bytes(_WHO) + topic_mark(topic) + rest)

    def _url(self, purpose: Purpose, said: bytes) -> str:
        seal = _seal(self._secret, purpose, said)
        raw = VERSION + seal + _hide(self._secret, purpose, seal, said)
        return f"{self.address}/{purpose}/{urlsafe_b64encode(raw).rstrip(b'=').decode()}"


def topic_mark(topic: str) -> bytes:
    """Return the few bytes that stand for a topic in a link."""
    return blake2b(topic.encode(), digest_size=_TOPIC).digest()


def open_links(catalogue: Catalogue, environ: Mapping[str, str], root: Path) -> Links | None:
    """Return the links of a project; None when it has no pages. What is missing is said when a link is wanted."""
    web = catalogue.web
    if web.address is None:
        return None
    if web.secret is None and catalogue.environment == "local":
        return Links(web.address, (_own_key(root / ".lifeloop" / KEY_FILE),))
    if web.secret is None:
        return Links(web.address, problem="links to customers need a secret: set web.secret in lifeloop.yaml")
    try:
        found = [looked_up(each, environ) for each in (web.secret, web.former_secret) if each]
    except Unset as problem:
        return Links(web.address, problem=f"links to customers cannot be signed: {problem}")
    if any(len(each) < SHORTEST_SECRET for each in found):
        short = f"the secret that signs links is shorter than {SHORTEST_SECRET} characters"
        return Links(web.address, problem=short)
    return Links(web.address, tuple(each.encode() for each in found))


def _own_key(path: Path) -> bytes:
    """Return the key of a project on this machine, made once; only this user may read it."""
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        made = path.with_name(f"{KEY_FILE}.{os.getpid()}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(made, path)  # whole or not at all, and the first of several wins
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text().strip().encode()


def _decoded(token: str) -> bytes | None:
    """Return the bytes of a token; None for anything but the one way to write them."""
    if not token.isascii():
        return None
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    return raw if urlsafe_b64encode(raw).rstrip(b"=").decode() == token else None


def _derived(secret: bytes, name: str) -> bytes:
    return hmac.new(secret, b"lifeloop link " + name.encode(), sha256).digest()


def _seal(secret: bytes, purpose: Purpose, said: bytes) -> bytes:
    return hmac.new(_derived(secret, f"{purpose} seal"), VERSION + said, sha256).digest()[:SEAL]


def _hide(secret: bytes, purpose: Purpose, seal: bytes, said: bytes) -> bytes:
    mask = hmac.new(_derived(secret, f"{purpose} mask"), seal, sha256).digest()
    if len(said) > len(mask):
        return b""  # nothing of ours is that long
    return bytes(letter ^ cover for letter, cover in zip(said, mask, strict=False))
