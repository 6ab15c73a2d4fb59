"""A mail as its parts, checked once, for providers that put the mail together themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import quote
from functools import lru_cache

import msgspec

from lifeloop.channel import mime
from lifeloop.channel.values import Envelope
from lifeloop.clock import Instant
from lifeloop.journey.catalogue import Sender

WRITTEN_BY_PROVIDERS = frozenset({
    "from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version", "content-type",
    "content-transfer-encoding", "dkim-signature", "received", "return-path", "sender",
})  # fmt: skip
NOT_A_TAG = re.compile(r"[^A-Za-z0-9_-]+")


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One mail to one address. ``headers``: all that go along, our id and one-click unsubscribing among them.

    Of msgspec's kind, which is made in a tenth of the time of a dataclass: there is one for each mail of a campaign.
    """

    id: str
    to: str
    sender: str
    name: str
    reply_to: str | None
    subject: str
    text: str
    html: str | None
    headers: Mapping[str, str]
    journey: str
    step: str
    optional: bool
    """It can be unsubscribed from: providers keep such mail apart from receipts and the like."""
    envelope: Envelope
    project: str

    def __repr__(self) -> str:
        """Say which one it is, and nothing of what it says or to whom."""
        return f"Mail(id={self.id!r}, journey={self.journey!r}, step={self.step!r})"

    @property
    def from_line(self) -> str:
        """Name and address as one text, with letters of any script."""
        return _from_line(self.name, self.sender)

    @property
    def tags(self) -> dict[str, str]:
        """What callbacks and statistics find it by, in letters that every provider takes."""
        said = {"lifeloop_id": _tag(self.id), "journey": _shared_tag(self.journey), "step": _shared_tag(self.step)}
        return {name: text for name, text in said.items() if text}

    def raw(self, now: Instant) -> bytes:
        """Return it as the bytes of a mail, for providers that take those."""
        return mime.write(self.envelope, now, project=self.project).raw


def checked(envelope: Envelope, project: str) -> Mail:
    """Return an envelope as its parts.

    Raises:
        Unsendable: it cannot be made into a correct mail.
    """
    who = envelope.sender
    if who is None:
        raise mime.Unsendable("no sender is set: add one under 'senders' in lifeloop.yaml")
    if envelope.channel not in {"email", "ask"}:
        raise mime.Unsendable(f"a mail provider cannot carry a message for '{envelope.channel}'")
    sender, name, reply_to = _sender(who)
    subject = mime.one_line(envelope.subject)
    if not subject:
        raise mime.Unsendable("the subject is empty")
    return Mail(
        id=envelope.id,
        to=mime.address(envelope.to),
        sender=sender,
        name=name,
        reply_to=reply_to,
        subject=subject,
        text=envelope.text,
        html=envelope.html,
        headers=_headers(envelope, sender.rpartition("@")[2], project),
        journey=envelope.journey,
        step=envelope.step,
        optional=envelope.unsubscribe is not None,
        envelope=envelope,
        project=project,
    )


@lru_cache(maxsize=256)
def _sender(who: Sender) -> tuple[str, str, str | None]:
    """Return the address, the name and the address for answers as mail carries them; a campaign has one sender."""
    return mime.address(who.address), mime.one_line(who.display), mime.address(who.reply_to) if who.reply_to else None


@lru_cache(maxsize=256)
def _from_line(name: str, address: str) -> str:
    return f'"{quote(name)}" <{address}>' if name else address


def _tag(text: str) -> str:
    return NOT_A_TAG.sub("-", text)[:256]


_shared_tag = lru_cache(maxsize=1024)(_tag)


def _headers(envelope: Envelope, domain: str, project: str) -> dict[str, str]:
    found = mime.marks(envelope, domain, project)
    del found["Feedback-ID"]  # each of these providers writes its own, and only one may stand there
    if envelope.locale:
        found["Content-Language"] = mime.one_line(envelope.locale)
    taken = WRITTEN_BY_PROVIDERS | {name.lower() for name in found} if envelope.headers else WRITTEN_BY_PROVIDERS
    for name, value in envelope.headers.items():
        if not mime.NAME.fullmatch(name):
            raise mime.Unsendable("a header has a name that mail does not carry")
        if name.lower() in taken:
            raise mime.Unsendable(f"the header {name} is written by Lifeloop or the provider")
        if not value.isascii():
            raise mime.Unsendable(f"the header {name} holds letters that providers do not pass on unharmed")
        found[name] = mime.one_line(value)
    return found
