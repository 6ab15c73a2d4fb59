"""An envelope as the bytes of a mail: plain ASCII headers that survive the trip, text first, then HTML.

Python's own mail policy cannot be used as it comes. It encodes a long ``List-Unsubscribe`` address into something
no mailbox provider reads, it lets line breaks into header names, it mangles addresses that are not ASCII, and it
emits eight-bit bodies that relays rewrite. Everything here that looks unusual is about one of those four.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, quote
from typing import Any, ClassVar

from email_validator import EmailNotValidError, validate_email

from lifeloop.channel.values import Envelope
from lifeloop.clock import Instant
from lifeloop.journey.catalogue import Sender

NAME = re.compile(r"[!-9;-~]{1,76}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST = 998
LINE = 76
LABEL = re.compile(r"[^a-z0-9-]+")


class Unsendable(ValueError):  # noqa: N818  # said of a message, it is the word
    """This message cannot be made into a correct mail; the text says why without naming the address."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished mail, with the two addresses the mail server is told."""

    sender: str
    to: str
    raw: bytes = field(repr=False)


class Verbatim:
    """A header written as it is: ASCII, folded only at spaces, its first word always on the line of its name."""

    max_count: ClassVar[int] = 1
    name: str

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Check the value, as the standard library's header registry asks."""
        if not value.isascii() or CONTROL.search(value):
            raise Unsendable("a header holds characters that mail does not carry")
        kwds["parse_tree"] = None
        kwds["decoded"] = value

    def fold(self, *, policy: EmailPolicy[Any]) -> str:
        """Write the header on as many lines as it takes."""
        first, *words = str(self).split(" ")
        lines = [f"{self.name}: {first}"]
        for word in words:
            if len(lines[-1]) + 1 + len(word) <= LINE:
                lines[-1] += f" {word}"
            else:
                lines.append(f" {word}")
        return policy.linesep.join(lines) + policy.linesep


def _policy() -> EmailPolicy[EmailMessage]:
    registry = HeaderRegistry()
    for name in (
        "from",
        "subject",
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


def write(envelope: Envelope, now: Instant, *, project: str = "lifeloop") -> Letter:
    """Make the mail. The same envelope and instant give the same bytes, on every try."""
    if envelope.sender is None:
        raise Unsendable("no sender is set: add one under 'senders' in lifeloop.yaml")
    sender, to = address(envelope.sender.address), address(envelope.to)
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=POLICY)
    mail["From"] = f"{_phrase(envelope.sender)} <{sender}>".strip()
    mail["To"] = Address(addr_spec=to)
    if envelope.sender.reply_to:
        mail["Reply-To"] = Address(addr_spec=address(envelope.sender.reply_to))
    mail["Subject"] = _subject(envelope.subject)
    mail["Date"] = format_datetime(datetime.fromtimestamp(now, UTC))
    mail["Message-ID"] = f"<{one_line(envelope.id)}@{domain}>"
    for name, value in marks(envelope, domain, project).items():
        mail[name] = value
    _extras(mail, envelope)
    _body(mail, envelope)
    if envelope.locale:  # only now: adding HTML moves every header called Content-… down into the text part
        mail["Content-Language"] = one_line(envelope.locale)
    return Letter(sender, to, _bytes(mail))


def _bytes(mail: EmailMessage) -> bytes:
    try:
        raw = mail.as_bytes()
    except UnicodeError as problem:
        raise Unsendable("the text holds half a character that no mail can carry") from problem
    if any(len(line) > LONGEST for line in raw.split(b"\r\n")):
        raise Unsendable("a header is longer than mail allows")
    return raw


def _phrase(sender: Sender) -> str:
    name = one_line(sender.display)
    return f'"{quote(name)}"' if name and _is_plain(name) else _encoded(name)


def _subject(text: str) -> str:
    subject = one_line(text)
    if not subject or len(subject) > LONGEST:
        raise Unsendable("the subject is empty or longer than 998 characters")
    return subject if _is_plain(subject) else _encoded(subject)


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def _encoded(text: str) -> str:
    """Encode by RFC 2047; the newer header classes put spaces into long names, the older one does not."""
    try:
        return " ".join(Header(text, "utf-8", maxlinelen=LINE).encode().split())
    except UnicodeError as problem:
        raise Unsendable("a header holds half a character that no mail can carry") from problem


def marks(envelope: Envelope, domain: str, project: str) -> dict[str, str]:
    """Return the headers that say whose mail this is and how to leave it; ``domain``: the sender's."""
    found = {"X-Entity-Ref-ID": envelope.id, "X-Lifeloop-Id": envelope.id}
    for name, value in (("X-Lifeloop-Journey", envelope.journey), ("X-Lifeloop-Step", envelope.step)):
        if value:
            found[name] = one_line(value)
    found["Auto-Submitted"] = "auto-generated"
    found["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    found["Feedback-ID"] = _feedback(envelope, project)
    if envelope.unsubscribe:
        found["List-Unsubscribe"] = f"<{_https(envelope.unsubscribe)}>"
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        found["List-Id"] = f"<{_label(envelope.topic) or 'news'}.{_label(project) or 'lifeloop'}.{domain}>"
    return found


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
    text = _breaks(envelope.text)
    try:
        mail.set_content(text, cte="7bit" if _is_short_ascii(text) else "quoted-printable")
        if envelope.html is not None:
            mail.add_alternative(_breaks(envelope.html), subtype="html", cte="quoted-printable")
            mail.set_boundary(f"=_{envelope.id}")
    except UnicodeError as problem:
        raise Unsendable("the text holds half a character that no mail can carry") from problem


def _breaks(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_short_ascii(text: str) -> bool:
    lines = text.split("\n")
    return text.isascii() and not any(len(line) > LONGEST or CONTROL.search(line.replace("\t", "")) for line in lines)


def _https(url: str) -> str:
    if not url.startswith("https://") or not url.isascii() or CONTROL.search(url) or set(url) & set("<>, \t"):
        raise Unsendable("the unsubscribe address must be a plain https address")
    return url


def _label(text: str) -> str:
    return LABEL.sub("-", text.lower()).strip("-")
