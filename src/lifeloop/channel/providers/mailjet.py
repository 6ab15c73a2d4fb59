"""Mailjet v3.1: up to 50 complete mails in one request, one status for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import httpx

from lifeloop.channel import answer
from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.lookup import Question, accepted
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import NEEDED, get, post
from lifeloop.channel.providers.reply import Reply, code_of, said_code
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome
from lifeloop.journey.plan import Json

BATCH = 50


class Mailjet:
    """An answer in the four hundreds may still be about some of the mails only, so each status is read."""

    TAKES: ClassVar[Mapping[str, str | None]] = {
        "key": NEEDED,
        "secret": NEEDED,
        "base": "https://api.mailjet.com/v3.1",
    }
    abilities = Abilities(lookup=True, batch=BATCH)
    per_request = BATCH

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said

    def request(self, mails: Sequence[Mail], _now: Instant, /) -> httpx.Request:
        """Return one request with all mails."""
        body = {"Messages": [_mail(mail) for mail in mails]}
        request = post(f"{self._said['base']}/send", headers={}, json=body)
        return next(httpx.BasicAuth(self._said["key"], self._said["secret"]).auth_flow(request))

    def receipts(self, mails: Sequence[Mail], reply: Reply, /) -> Sequence[Receipt]:
        """Read each status; without any, nothing was sent."""
        items = reply.fields.get("Messages")
        if not isinstance(items, list) or len(items) != len(mails):
            return reply.receipts(mails, why=said_code(reply.json, "ErrorCode"))
        return [_receipt(mail, item, reply) for mail, item in zip(mails, items, strict=True)]

    def searches(self, question: Question, /) -> Sequence[httpx.Request]:
        """Return a search by our id, which stands in Mailjet's older interface."""
        url = f"{self._said['base'].removesuffix('.1')}/REST/message"
        request = get(url, headers={}, params={"CustomID": question.id, "Limit": 1})
        return [next(httpx.BasicAuth(self._said["key"], self._said["secret"]).auth_flow(request))]

    def found(self, question: Question, reply: Reply, /) -> tuple[Report, ...]:
        """Read the list: a message in it was taken, unless Mailjet says that it did not try."""
        theirs, status = (code_of(reply.fields.get("Data"), name) for name in ("ID", "Status"))
        if status == "blocked":
            return (replace(accepted(question, theirs), kind="rejected", reason=status),)
        return (accepted(question, theirs),) if theirs else ()


def _receipt(mail: Mail, item: Json, reply: Reply) -> Receipt:
    if code_of(item, "Status") == "success":
        return reply.receipt(mail.id, Outcome.ACCEPTED, provider_id=code_of(item, "To", "MessageID"))
    status = code_of(item, "Errors", "StatusCode")
    outcome = answer.outcome_of(int(status), has_retry_after=False) if status.isdigit() else Outcome.REJECTED
    found = Outcome.REJECTED if outcome is Outcome.ACCEPTED else outcome
    return reply.receipt(mail.id, found, why=said_code(item, "Errors", "ErrorCode"))


def _mail(mail: Mail) -> dict[str, Json]:
    return {
        "From": {"Email": mail.sender, **({"Name": mail.name} if mail.name else {})},
        "To": [{"Email": mail.to}],
        **({"ReplyTo": {"Email": mail.reply_to}} if mail.reply_to else {}),
        "Subject": mail.subject,
        "TextPart": mail.text,
        **({"HTMLPart": mail.html} if mail.html is not None else {}),
        "Headers": dict(mail.headers),
        "CustomID": mail.id,
        "TrackOpens": "disabled",
        "TrackClicks": "disabled",
    }
