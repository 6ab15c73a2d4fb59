"""An envelope as the bytes of a mail: plain ASCII headers that survive the trip, text first, then HTML.

The mail is put together here, byte by byte, because Python's own mail policy cannot be used as it comes: it encodes a
long ``List-Unsubscribe`` address into something no mailbox provider reads, it lets line breaks into header names, it
mangles addresses that are not ASCII, it emits eight-bit bodies that relays rewrite, and it takes forty times as long.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, quote
from functools import lru_cache

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from lifeloop.channel import mime_text
from lifeloop.channel.mime_text import LONGEST
from lifeloop.channel.values import Envelope
from lifeloop.clock import Instant
from lifeloop.journey.catalogue import Sender

NAME = re.compile(r"[!-9;-~]{1,76}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LINE = 76
LABEL = re.compile(r"[^a-z0-9-]+")
PLAIN_HTTPS = re.compile(r"https://[!-+\--;=?-~]*")
"""Printable letters of ASCII without those that end an address in a list of them: < > , and spaces."""
PLAIN_ADDRESS = re.compile(
    r"(?!postmaster@)[a-z0-9_+-]{1,31}(?:\.[a-z0-9_+-]{1,31})?@(?:[a-z0-9]{1,31}(?:-[a-z0-9]{1,31})?\.){1,3}([a-z]{2,20})"
)
"""What nearly every address looks like; such a one is right, and needs no library to say so."""
SPECIAL = frozenset(name.rpartition(".")[2] for name in SPECIAL_USE_DOMAIN_NAMES)
WRITTEN_LATER = frozenset({"content-type", "content-transfer-encoding", "mime-version"})


class Unsendable(ValueError):  # noqa: N818  # said of a message, it is the word
    """This message cannot be made into a correct mail; the text says why without naming the address."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A finished mail, with the two addresses the mail server is told."""

    sender: str
    to: str
    raw: bytes = field(repr=False)


def address(text: str) -> str:
    """Return the address as mail carries it: checked, lower-case domain, the domain in its ASCII form."""
    plain = PLAIN_ADDRESS.fullmatch(text)
    return text if plain and plain[1] not in SPECIAL else _looked_into(text)


@lru_cache(maxsize=256)
def _looked_into(text: str) -> str:
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
    headers = {
        "From": f"{_phrase(envelope.sender)} <{sender}>".strip(),
        "To": to,
        **({"Reply-To": address(envelope.sender.reply_to)} if envelope.sender.reply_to else {}),
        "Subject": _subject(envelope.subject),
        "Date": _date(now),
        **_names(envelope, sender.rpartition("@")[2], project),
    }
    headers |= _extras(envelope.headers, headers)
    try:
        return Letter(sender, to, _head(headers) + _body(envelope))
    except UnicodeError as problem:
        raise Unsendable("the text holds half a character that no mail can carry") from problem


def _names(envelope: Envelope, domain: str, project: str) -> dict[str, str]:
    return {
        "Message-ID": f"<{one_line(envelope.id)}@{domain}>",
        **marks(envelope, domain, project),
        **({"Content-Language": one_line(envelope.locale)} if envelope.locale else {}),
    }


def _head(headers: Mapping[str, str]) -> bytes:
    """Write the headers: ASCII, folded only at spaces, the first word always on the line of the name."""
    values = "".join(headers.values())
    if not values.isascii() or CONTROL.search(values):
        raise Unsendable("a header holds characters that mail does not carry")
    lines = [line for name, value in headers.items() for line in _folded(name, value)]
    if max(map(len, lines)) > LONGEST:
        raise Unsendable("a header is longer than mail allows")
    return "\r\n".join([*lines, "MIME-Version: 1.0", ""]).encode()


def _folded(name: str, value: str) -> list[str]:
    if len(name) + 2 + len(value) <= LINE:
        return [f"{name}: {value}"]
    first, *others = value.split(" ")
    lines = [f"{name}: {first}"]
    for word in others:
        if len(lines[-1]) + 1 + len(word) <= LINE:
            lines[-1] += f" {word}"
        else:
            lines.append(f" {word}")
    return lines


@lru_cache(maxsize=16)
def _date(now: Instant) -> str:
    return format_datetime(datetime.fromtimestamp(now, UTC))


@lru_cache(maxsize=256)
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
    try:
        return mime_text.words(text)
    except UnicodeError as problem:
        raise Unsendable("a header holds half a character that no mail can carry") from problem


def marks(envelope: Envelope, domain: str, project: str) -> dict[str, str]:
    """Return the headers that say whose mail this is and how to leave it; ``domain``: the sender's."""
    found = {"X-Entity-Ref-ID": envelope.id, "X-Lifeloop-Id": envelope.id}
    found |= _shared_marks(envelope.journey, envelope.step, envelope.topic, project)
    if envelope.unsubscribe:
        mailed = f", <mailto:{address(envelope.unsubscribe_mail)}>" if envelope.unsubscribe_mail else ""
        found["List-Unsubscribe"] = f"<{_https(envelope.unsubscribe)}>{mailed}"
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        found["List-Id"] = f"<{_label(envelope.topic) or 'news'}.{_label(project) or 'lifeloop'}.{domain}>"
    return found


@lru_cache(maxsize=1024)
def _shared_marks(journey: str, step: str, topic: str, project: str) -> Mapping[str, str]:
    """Return what all messages of a step have in common."""
    found = {"X-Lifeloop-Journey": one_line(journey), "X-Lifeloop-Step": one_line(step)}
    return {
        **{name: value for name, value in found.items() if value},
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
        "Feedback-ID": _feedback(step, journey, topic, project),
    }


def _feedback(step: str, journey: str, topic: str, project: str) -> str:
    """Gmail groups complaints by these; the last part must stay the same and have 5 to 15 characters."""
    fields = [_label(part) or "none" for part in (step, journey, topic)]
    return ":".join([*(name[:60] for name in fields), _label(project)[:15].ljust(5, "0")])


def _extras(extras: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that a message adds by itself; none may stand there twice."""
    found: dict[str, str] = {}
    taken = {name.lower() for name in headers} | WRITTEN_LATER if extras else set()
    for name, text in extras.items():
        if not NAME.fullmatch(name):
            raise Unsendable("a header has a name that mail does not carry")
        if name.lower() in taken:
            raise Unsendable(f"the header {name} is written by Lifeloop itself")
        taken.add(name.lower())
        value = one_line(text)
        found[name] = value if _is_plain(value) else _encoded(value)
    return found


def _body(envelope: Envelope) -> bytes:
    """Write the rest: the last headers, and the text, before the HTML if there is any."""
    how, text = mime_text.body(envelope.text)
    plain = b'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: %b\r\n\r\n%b' % (how, text)
    if envelope.html is None:
        return plain
    edge = f"=_{envelope.id}".encode()  # quoted-printable writes no such thing
    html = b'Content-Type: text/html; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return b"".join((
        b'Content-Type: multipart/alternative; boundary="%b"\r\n\r\n' % edge,
        *(b"--%b\r\n%b\r\n" % (edge, part) for part in (plain, html + mime_text.quoted(envelope.html))),
        b"--%b--\r\n" % edge,
    ))  # fmt: skip


def _https(url: str) -> str:
    if not PLAIN_HTTPS.fullmatch(url):
        raise Unsendable("the unsubscribe address must be a plain https address")
    return url


@lru_cache(maxsize=1024)
def _label(text: str) -> str:
    return LABEL.sub("-", text.lower()).strip("-")
