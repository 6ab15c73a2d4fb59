"""A kept message as a mail server would get it: all headers and the whole source, made only when looked at."""

from __future__ import annotations

import email
from email.policy import default

from lifeloop.channel import mime
from lifeloop.channel.values import Envelope
from lifeloop.journey.catalogue import Sender
from lifeloop.store.values import InboxLine, Rendered

LIST = "List-Unsubscribe"


def source_of(line: InboxLine, kept: Rendered) -> str:
    """Return the text of the mail, or of its parts where it is no mail that can be written."""
    if line.channel != "email":
        return kept.text
    try:
        return mime.write(_envelope(line, kept), line.at).raw.decode("ascii").replace("\r\n", "\n")
    except mime.Unsendable as problem:
        return f"This message cannot be written as a mail: {problem}.\n\n{kept.html or kept.text}"


def headers_of(line: InboxLine, kept: Rendered, source: str) -> tuple[tuple[str, str], ...]:
    """Return the headers as a reader sees them, decoded."""
    if line.channel == "email" and source.startswith("From: "):
        parsed = email.message_from_string(source, policy=default)
        return tuple((name, str(value)) for name, value in parsed.items())
    known = {"To": kept.to, "From": kept.sender, "Subject": kept.subject, "X-Lifeloop-Id": line.message_id}
    return tuple((name, value) for name, value in {**known, **kept.headers}.items() if value)


def _envelope(line: InboxLine, kept: Rendered) -> Envelope:
    display, _, address = kept.sender.rpartition(" <")  # as kept: a name is not quoted, whatever it holds
    return Envelope(
        id=line.message_id,
        to=kept.to,
        sender=Sender("", display, address.removesuffix(">")),
        subject=kept.subject,
        html=kept.html or None,
        text=kept.text,
        headers={name: value for name, value in kept.headers.items() if name != LIST},
        journey=line.journey,
        step=line.node,
        unsubscribe=kept.headers.get(LIST, "").strip("<>") or None,
    )
