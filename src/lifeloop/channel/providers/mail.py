"""A mail as its parts, checked once, for providers that put the mail together themselves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import quote

from lifeloop.channel import mime
from lifeloop.channel.values import Envelope
from lifeloop.clock import Instant

WRITTEN_BY_PROVIDERS = frozenset({
    "from", "to", "cc", "bcc", "reply-to", "subject", "date", "message-id", "mime-version", "content-type",
    "content-transfer-encoding", "dkim-signature", "received", "return-path", "sender",
})  # fmt: skip
NOT_A_TAG = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One mail to one address. ``headers``: all that go along, our id and one-click unsubscribing among them."""

    id: str
    to: str = field(repr=False)
    sender: str
    name: str
    reply_to: str | None
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str | None = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    journey: str
    step: str
    optional: bool
    """It can be unsubscribed from: providers keep such mail apart from receipts and the like."""
    envelope: Envelope = field(repr=False)
    project: str

    @property
    def from_line(self) -> str:
        """Name and address as one text, with letters of any script."""
        return f'"{quote(self.name)}" <{self.sender}>' if self.name else self.sender

    @property
    def tags(self) -> dict[str, str]:
        """What callbacks and statistics find it by, in letters that every provider takes."""
        said = {"lifeloop_id": self.id, "journey": self.journey, "step": self.step}
        return {name: NOT_A_TAG.sub("-", text)[:256] for name, text in said.items() if text}

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
    sender, subject = mime.address(who.address), mime.one_line(envelope.subject)
    if not subject:
        raise mime.Unsendable("the subject is empty")
    return Mail(
        id=envelope.id,
        to=mime.address(envelope.to),
        sender=sender,
        name=mime.one_line(who.display),
        reply_to=mime.address(who.reply_to) if who.reply_to else None,
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
