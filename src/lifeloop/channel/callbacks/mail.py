"""Mail that comes back, read as what happened: delivery reports, complaints, absences, replies, and ways to leave.

Anybody can write a mail. So what it says of an address is believed only if it comes with the mark that our own mail
to that address carried; without it a report may say that something came back, and nothing stands against anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime
from hashlib import blake2b
from itertools import islice

from lifeloop.channel import plus
from lifeloop.channel.callbacks.reading import bounce_of, code
from lifeloop.channel.callbacks.values import Bounce, Kind, Report
from lifeloop.channel.callbacks.written import word_of
from lifeloop.clock import Instant

MOST_PARTS, MOST_RECIPIENTS, MOST_TEXT = 50, 20, 20_000
ACTIONS: dict[str, Kind] = {
    "failed": "bounced", "delayed": "deferred", "delivered": "delivered", "relayed": "accepted",
}  # fmt: skip
COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list"})
WENT_TO = ("to", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")
AUTOMATIC = re.compile(
    r"automatic reply|auto(?:matic)?[ -]?response|autoreply|out of (?:the )?office|automatisch antwoord|afwezig|"
    r"r[\xe9e]ponse automatique|absence du bureau|automatische antwort|abwesenheit|respuesta autom",
    re.IGNORECASE,
)
_ID = re.compile(r"<?([0-9a-f]{32})@")
_OURS = re.compile(r"^X-Lifeloop-Id:[ \t]*([0-9a-f]{32})\b", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[!-~]{1,64}@[!-~]{1,190}")
_DAEMON = re.compile(r"mailer-daemon|postmaster|mail delivery (?:sub)?system", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mail:
    """What one mail says. ``leaves``: the token of somebody who ends a topic by it."""

    reports: tuple[Report, ...] = ()
    leaves: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Read:
    """A mail taken apart, as far as it matters."""

    mail: Message
    text: str = field(repr=False)
    key: str
    at: Instant | None
    message: str | None
    """Our message, proved by the mark in an address of ours."""


def read_mail(raw: bytes, secret: bytes) -> Mail:
    """Return what a mail says; nothing for one that says nothing of ours. It raises for no mail whatever."""
    mail, text = message_from_bytes(raw), raw.decode("latin-1")
    if token := plus.token_in(_went_to(mail)):
        return Mail(leaves=token)
    key = blake2b((_header(mail, "message-id") or text).encode(), digest_size=16).hexdigest()
    read = _Read(mail, text, key, _moment(mail), plus.message_in(text, secret))
    for reading in (_complaint, _delivery, _old_fashioned, _absence, _reply):
        found = tuple(reading(read))
        if found:
            return Mail(found)
    return Mail()


def read_written(mail: Message, key: str) -> tuple[Report, ...]:
    """Return what a mail says that somebody else took in and apart: a reply, an absence, or nothing of ours."""
    read = _Read(mail, "", key, _moment(mail), None)
    return tuple(_absence(read)) or tuple(_reply(read, needs_message=False))


def _delivery(read: _Read) -> Iterator[Report]:
    """Read a delivery report as RFC 3464 has it: a part about the mail, then one about each address."""
    for part in _parts(read.mail, "message/delivery-status"):
        blocks = part.get_payload()
        for number, block in enumerate(blocks[1 : MOST_RECIPIENTS + 1] if isinstance(blocks, list) else ()):
            if isinstance(block, Message) and (kind := ACTIONS.get(_header(block, "action").lower())):
                yield _about(read, kind, block, number)


def _about(read: _Read, kind: Kind, block: Message, number: int) -> Report:
    status, said = _header(block, "status"), _header(block, "diagnostic-code")
    graded = bounce_of(said, status) if bounce_of(said) == "soft" else bounce_of(said)
    return _report(
        read,
        kind,
        f"{number}",
        who=_typed(_header(block, "original-recipient")) or _typed(_header(block, "final-recipient")),
        bounce=_proved(read, graded) if kind == "bounced" else None,
        reason=code(status),
    )


def _old_fashioned(read: _Read) -> Iterator[Report]:
    """Read what servers write that know no reports, such as Exim and qmail: prose, and our mail behind it."""
    if not _DAEMON.search(_header(read.mail, "from")) or _header(read.mail, "auto-submitted").lower() == "no":
        return
    failed = _header(read.mail, "x-failed-recipients")
    if not failed and not _returned(read):
        return
    prose = read.text[:MOST_TEXT].partition("copy of")[0]
    delayed = re.search(r"warning|delayed|not yet been delivered", _header(read.mail, "subject"), re.IGNORECASE)
    who = _typed(failed.partition(",")[0])
    if delayed:
        yield _report(read, "deferred", "0", who=who)
    else:
        yield _report(read, "bounced", "0", who=who, bounce=_proved(read, bounce_of(_body_of(prose))))


def _complaint(read: _Read) -> Iterator[Report]:
    """Read a complaint as RFC 5965 has it. One that nothing proves is none: it would silence somebody for good."""
    for part in _parts(read.mail, "message/feedback-report"):
        blocks = part.get_payload()
        block = blocks[0] if isinstance(blocks, list) and blocks else None
        what = _header(block, "feedback-type").lower() if isinstance(block, Message) else ""
        if what in COMPLAINTS and read.message is not None:
            kind: Kind = "unsubscribed" if what.startswith("opt-out") else "complained"
            yield _report(read, kind, "0", reason=code(what))


def _absence(read: _Read) -> Iterator[Report]:
    """Read what programs answer while people are away: neither a reply nor a bounce."""
    submitted = _header(read.mail, "auto-submitted").partition(";")[0].strip().lower()
    precedence = _header(read.mail, "precedence").lower()
    told = submitted not in ("", "no") or precedence in ("auto_reply", "bulk", "junk", "list")
    told = told or any(read.mail.get(name) is not None for name in ("x-autoreply", "x-autorespond", "list-id"))
    if told or AUTOMATIC.search(_header(read.mail, "subject")):
        yield _report(read, "autoreplied", "0")


def _reply(read: _Read, *, needs_message: bool = True) -> Iterator[Report]:
    """Read what a person writes back. A reply that says nothing but STOP is meant as it is said."""
    message = read.message or _answered(read.mail)
    if message is None and needs_message:
        return
    asked = word_of(_first_line(read.mail))
    kind: Kind = "unsubscribed" if asked == "stop" else "replied"
    who = next((address for _, address in getaddresses([_header(read.mail, "from")])), "")
    word = asked if asked and kind == "replied" else ""
    yield _report(read, kind, "0", message=message, who=who, word=word)


def _report(
    read: _Read,
    kind: Kind,
    part: str,
    *,
    message: str | None = None,
    who: str = "",
    bounce: Bounce | None = None,
    reason: str = "",
    word: str = "",
) -> Report:
    return Report(
        key=f"{read.key}:{part}",
        kind=kind,
        at=read.at,
        message=message or read.message or _returned(read),
        recipient=who if _ADDRESS.fullmatch(who) else None,
        believed=False,
        bounce=bounce,
        reason=reason,
        word=word,
    )


def _proved(read: _Read, graded: Bounce) -> Bounce:
    """Return a grade that something proves; else it came back, and may have been somebody's joke."""
    return "soft" if graded == "hard" and read.message is None else graded


def _returned(read: _Read) -> str | None:
    """Return the message that lies behind a report, by the headers that come back with it."""
    found = _OURS.search(read.text)
    return found[1].lower() if found else None


def _answered(mail: Message) -> str | None:
    found = _ID.search(f"{_header(mail, 'in-reply-to')} {_header(mail, 'references')[-2000:]}")
    return found[1] if found else None


def _first_line(mail: Message) -> str:
    for part in _parts(mail, "text/plain"):
        body = part.get_payload(decode=True)
        text = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
        return next((line.strip() for line in text[:MOST_TEXT].splitlines() if line.strip()), "")
    return ""


def _parts(mail: Message, kind: str) -> Iterator[Message]:
    return (part for part in islice(mail.walk(), MOST_PARTS) if part.get_content_type() == kind)


def _header(mail: Message, name: str) -> str:
    return " ".join(str(mail.get(name, "")).split())


def _went_to(mail: Message) -> str:
    return " ".join(str(value) for name in WENT_TO for value in mail.get_all(name, []))


def _typed(written: str) -> str:
    """Return the address of a field such as ``rfc822; ana@example.com``."""
    return written.rpartition(";")[2].strip().strip("<>")


def _body_of(text: str) -> str:
    return text.replace("\r\n", "\n").partition("\n\n")[2]


def _moment(mail: Message) -> Instant | None:
    try:
        return int(parsedate_to_datetime(_header(mail, "date")).timestamp())
    except (ValueError, TypeError, OverflowError):
        return None
