"""SendGrid v3: one mail a request, its own tracking and unsubscribe links switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import httpx

from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.lookup import Question, accepted
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import AT_ONCE, NEEDED, get, post
from lifeloop.channel.providers.reply import Reply, code_of, said_code
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.journey.plan import Json

OFF: dict[str, Json] = {"enable": False}


class SendGrid:
    """SendGrid keeps categories and custom arguments for long: only our own ids go into them."""

    TAKES: ClassVar[Mapping[str, str | None]] = {"token": NEEDED, "base": "https://api.sendgrid.com"}
    abilities = Abilities(lookup=True, batch=AT_ONCE, rate=100)
    per_request = 1

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said

    def request(self, mails: Sequence[Mail], _now: Instant, /) -> httpx.Request:
        """Return the request for one mail."""
        headers = {"Authorization": f"Bearer {self._said['token']}"}
        return post(f"{self._said['base']}/v3/mail/send", headers=headers, json=_mail(mails[0]))

    def receipts(self, mails: Sequence[Mail], reply: Reply, /) -> Sequence[Receipt]:
        """Read the id from a header: the body of a success is empty."""
        field = said_code(reply.json, "errors", "field")
        provider_id = reply.headers.get("x-message-id", "")
        return [reply.receipt(mails[0].id, provider_id=provider_id, why=f"about {field}" if field else "")]

    def searches(self, question: Question, /) -> Sequence[httpx.Request]:
        """Return a search in the email activity, which SendGrid sells apart; without it the answer is a refusal."""
        headers = {"Authorization": f"Bearer {self._said['token']}"}
        about = {"limit": 1, "query": f"(unique_args['lifeloop_id']=\"{question.id}\")"}
        return [get(f"{self._said['base']}/v3/messages", headers=headers, params=about)]

    def found(self, question: Question, reply: Reply, /) -> tuple[Report, ...]:
        """Read the list: a message in it was taken. Its id begins with the one that sending gives."""
        theirs = code_of(reply.fields.get("messages"), "msg_id")
        return (accepted(question, theirs.partition(".")[0]),) if theirs else ()


def _mail(mail: Mail) -> dict[str, Json]:
    contents = [("text/plain", mail.text), *([("text/html", mail.html)] if mail.html is not None else [])]
    return {
        "personalizations": [{"to": [{"email": mail.to}], "custom_args": dict(mail.tags)}],
        "from": {"email": mail.sender, **({"name": mail.name} if mail.name else {})},
        **({"reply_to": {"email": mail.reply_to}} if mail.reply_to else {}),
        "subject": mail.subject,
        "content": [{"type": kind, "value": text} for kind, text in contents],
        "headers": dict(mail.headers),
        **({"categories": [mail.journey]} if mail.journey else {}),
        "tracking_settings": {"click_tracking": OFF, "open_tracking": OFF, "subscription_tracking": OFF},
    }
