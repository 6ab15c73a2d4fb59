"""An envelope as the bytes of a mail: plain ASCII headers that survive the trip, text first, then HTML.

Python's own mail policy cannot be used as it comes. It encodes a long ``List-Unsubscribe`` address into something
no mailbox provider reads, it lets line breaks into header names, it mangles addresses that are not ASCII, and it
emits eight-bit bodies that relays rewrite. Everything here that looks unusual is about one of those four.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any, ClassVar

from email_validator import EmailNotValidError, validate_email

from lifeloop.channel.values import Envelope
from lifeloop.clock import Instant
from lifeloop.journey.catalogue import Sender

NAME = re.compile(r"[!-9;-~]{1,76}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST_SUBJECT = 998
LONGEST_LINE = 900
LABEL = re.compile(r"[^a-z0-9-]+")


class Unsendable(ValueError):  # noqa: N818  # said of a message, it is the word
    """This message cannot be made into a correct mail; the text says why without naming the address."""


class Verbatim:
    """A header written as it is: ASCII, never encoded, folded only behind a comma."""

    max_count: ClassVar[int] = 1
    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Check the value, as the standard library's header registry asks."""
        if not value.isascii() or CONTROL.search(value) or len(value) > LONGEST_LINE:
            raise Unsendable("a header holds characters that mail does not carry")
        kwds["parse_tree"] = None
        kwds["decoded"] = value

    def fold(self, *, policy: EmailPolicy[Any]) -> str:
        """Write the line."""
        parts = [part.strip() for part in str(self).split(", ")]
        return f"{self.name}: " + f",{policy.linesep} ".join(parts) + policy.linesep


def _policy() -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    for name in (
        "list-unsubscribe",
        "list-unsubscribe-post",
        "list-id",
        "feedback-id",
        "message-id",
        "x-lifeloop-id",
        "x-lifeloop-journey",
        "x-lifeloop-step",
        "x-entity-ref-id",
    ):
        registry.map_to_type(name, Verbatim)  # type: ignore[arg-type]  # typeshed wants a subclass; the registry mixes it in
    return SMTP.clone(header_factory=registry, cte_type="7bit")


POLICY = _policy()


def address(text: str) -> str:
    """Return the address as mail carries it: checked, lower-case domain, the domain in its ASCII form."""
    try:
        checked = validate_email(text, check_deliverability=False, allow_smtputf8=False, test_environment=True)
    except EmailNotValidError as problem:
        raise Unsendable("the address is not one that mail can reach") from problem
    return checked.ascii_email or checked.normalized


def one_line(text: str) -> str:
    """Collapse white space; refuse what could begin another header."""
    if CONTROL.search(text):
        raise Unsendable("a line break or a control character stands in a header")
    return " ".join(text.split())


def build(envelope: Envelope, now: Instant, *, project: str = "lifeloop") -> EmailMessage:
    """Make the mail. The same envelope and instant give the same bytes, on every try."""
    if envelope.sender is None:
        raise Unsendable("no sender is set: add one under 'senders' in lifeloop.yaml")
    mail = EmailMessage(policy=POLICY)
    domain = _addressed(mail, envelope, envelope.sender)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mail["Message-ID"] = f"<{envelope.id}@{domain}>"
    _marks(mail, envelope, domain, project)
    _extras(mail, envelope)
    _body(mail, envelope)
    return mail


def to_bytes(mail: EmailMessage) -> bytes:
    """Write the mail out, and refuse a line that mail servers would cut."""
    raw = mail.as_bytes()
    if any(len(line) > LONGEST_SUBJECT for line in raw.split(b"\r\n")):
        raise Unsendable("a header is longer than mail allows")
    return raw


def _addressed(mail: EmailMessage, envelope: Envelope, sender: Sender) -> str:
    from_address = address(sender.address)
    mail["From"] = Address(display_name=one_line(sender.display), addr_spec=from_address)
    mail["To"] = Address(addr_spec=address(envelope.to))
    if sender.reply_to:
        mail["Reply-To"] = Address(addr_spec=address(sender.reply_to))
    subject = one_line(envelope.subject)
    if not subject or len(subject) > LONGEST_SUBJECT:
        raise Unsendable("the subject is empty or longer than 998 characters")
    mail["Subject"] = subject
    return from_address.rpartition("@")[2]


def _marks(mail: EmailMessage, envelope: Envelope, domain: str, project: str) -> None:
    mail["X-Entity-Ref-ID"] = mail["X-Lifeloop-Id"] = envelope.id
    for name, value in (("X-Lifeloop-Journey", envelope.journey), ("X-Lifeloop-Step", envelope.step)):
        if value:
            mail[name] = value
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if envelope.locale:
        mail["Content-Language"] = one_line(envelope.locale)
    mail["Feedback-ID"] = _feedback(envelope, project)
    if envelope.unsubscribe:
        mail["List-Unsubscribe"] = f"<{_https(envelope.unsubscribe)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        mail["List-Id"] = f"<{_label(envelope.topic) or 'news'}.{_label(project) or 'lifeloop'}.{domain}>"


def _feedback(envelope: Envelope, project: str) -> str:
    """Gmail groups complaints by these; the last part must stay the same and have 5 to 15 characters."""
    fields = [_label(part) or "none" for part in (envelope.step, envelope.journey, envelope.topic)]
    return ":".join([*(name[:60] for name in fields), _label(project)[:15].ljust(5, "0")])


def _extras(mail: EmailMessage, envelope: Envelope) -> None:
    for name, value in envelope.headers.items():
        if not NAME.fullmatch(name):
            raise Unsendable("a header has a name that mail does not carry")
        if name in mail:
            raise Unsendable(f"the header {name} is written by Lifeloop itself")
        mail[name] = one_line(value)


def _body(mail: EmailMessage, envelope: Envelope) -> None:
    mail.set_content(envelope.text or " ", cte=_encoding(envelope.text))
    if envelope.html is not None:
        mail.add_alternative(envelope.html, subtype="html", cte="quoted-printable")
        mail.set_boundary(f"=_{envelope.id}")


def _encoding(text: str) -> str:
    plain = text.isascii() and all(len(line) <= LONGEST_LINE for line in text.splitlines())
    return "7bit" if plain else "quoted-printable"


def _https(url: str) -> str:
    if not url.startswith("https://") or not url.isascii() or CONTROL.search(url) or set(url) & set("<>, \t"):
        raise Unsendable("the unsubscribe address must be a plain https address")
    return url


def _label(text: str) -> str:
    return LABEL.sub("-", text.lower()).strip("-")
