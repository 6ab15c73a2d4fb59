"""Postmark: up to 500 complete mails in one request; statuses stand in the answer, one for each, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import httpx

from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.lookup import Question, accepted
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import NEEDED, OPTIONAL, get, post
from lifeloop.channel.providers.reply import Reply, code_of, said_code
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome
from lifeloop.journey.plan import Json

BATCH = 100
"""Postmark takes 500; an answer about 100 stays well below what is read of an answer."""
INACTIVE = "406"
SETTINGS = frozenset({"10", "400", "401", "405", "412", "413", "1101"})
"""Key, sender signature, credits, account not approved yet, stream: nothing gets through until it is put right."""
LATER = frozenset({"100", "429"})


class Postmark:
    """Streams are kept apart: ``broadcast`` takes what can be unsubscribed from, ``stream`` everything else."""

    TAKES: ClassVar[Mapping[str, str | None]] = {
        "token": NEEDED,
        "stream": "outbound",
        "broadcast": OPTIONAL,
        "base": "https://api.postmarkapp.com",
    }
    abilities = Abilities(lookup=True, batch=BATCH, concurrency=10)
    per_request = BATCH

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said

    def request(self, mails: Sequence[Mail], _now: Instant, /) -> httpx.Request:
        """Return one request with all mails in an array."""
        headers = {"X-Postmark-Server-Token": self._said["token"]}
        return post(f"{self._said['base']}/email/batch", headers=headers, json=[self._mail(mail) for mail in mails])

    def receipts(self, mails: Sequence[Mail], reply: Reply, /) -> Sequence[Receipt]:
        """Read one status for each mail; a refusal of the whole request has a code as well."""
        if not reply.ok:
            return reply.receipts(mails, _meaning(code_of(reply.json, "ErrorCode")), why=_why(reply.json))
        if not isinstance(reply.json, list) or len(reply.json) != len(mails):
            return reply.receipts(mails)
        return [_receipt(mail, item, reply) for mail, item in zip(mails, reply.json, strict=True)]

    def searches(self, question: Question, /) -> Sequence[httpx.Request]:
        """Return one search in each stream: without a name only the first is looked through."""
        headers = {"X-Postmark-Server-Token": self._said["token"]}
        streams = dict.fromkeys(stream for stream in (self._said["stream"], self._said["broadcast"]) if stream)
        about: dict[str, object] = {"count": 1, "offset": 0, "metadata_lifeloop_id": question.id}
        url = f"{self._said['base']}/messages/outbound"
        return [get(url, headers=headers, params={**about, "messagestream": stream}) for stream in streams]

    def found(self, question: Question, reply: Reply, /) -> tuple[Report, ...]:
        """Read the list: a message in it was taken."""
        theirs = code_of(reply.fields.get("Messages"), "MessageID")
        return (accepted(question, theirs),) if theirs else ()

    def _mail(self, mail: Mail) -> dict[str, Json]:
        stream = self._said["broadcast"] if mail.optional and self._said["broadcast"] else self._said["stream"]
        return {
            "From": mail.from_line,
            "To": mail.to,
            "Subject": mail.subject,
            "TextBody": mail.text,
            **({"HtmlBody": mail.html} if mail.html is not None else {}),
            **({"ReplyTo": mail.reply_to} if mail.reply_to else {}),
            "Tag": mail.journey,
            "Metadata": {name: text[:80] for name, text in mail.tags.items()},
            "Headers": [{"Name": name, "Value": value} for name, value in mail.headers.items()],
            "TrackOpens": False,
            "TrackLinks": "None",
            "MessageStream": stream,
        }


def _receipt(mail: Mail, item: Json, reply: Reply) -> Receipt:
    code = code_of(item, "ErrorCode")
    if code in {"0", ""}:
        return reply.receipt(mail.id, Outcome.ACCEPTED, provider_id=code_of(item, "MessageID"))
    outcome = _meaning(code) or Outcome.REJECTED
    return reply.receipt(mail.id, outcome, why=_why(item), address="listed" if code == INACTIVE else None)


def _meaning(code: str) -> Outcome | None:
    if code in SETTINGS:
        return Outcome.CONFIGURATION
    return Outcome.NOT_ACCEPTED if code in LATER else None


def _why(found: Json) -> str:
    code = said_code(found, "ErrorCode")
    said = {INACTIVE: "the address is inactive there", "10": "the server token is not valid"}.get(code)
    return f"code {code}" + (f": {said}" if said else "") if code else ""
