"""Mailgun: takes a mail as it would go over SMTP, so every header arrives as it was written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import httpx

from lifeloop.channel import answer
from lifeloop.channel.exchange import USUAL_HEADERS
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import AT_ONCE, NEEDED
from lifeloop.channel.providers.reply import Reply, code_of
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome

AGAIN = re.compile(r"try again after ([A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} [\d:]{8}[ A-Z+0-9-]*)")
NOT_ALLOWED = "not allowed to send"


class Mailgun:
    """``base`` is https://api.eu.mailgun.net for accounts in Europe."""

    TAKES: ClassVar[Mapping[str, str | None]] = {
        "token": NEEDED,
        "domain": NEEDED,
        "base": "https://api.mailgun.net",
    }
    abilities = Abilities(batch=AT_ONCE)
    per_request = 1

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said

    def request(self, mails: Sequence[Mail], now: Instant, /) -> httpx.Request:
        """Return the request for one mail: a form with the mail as a file."""
        mail = mails[0]
        fields = {
            "to": mail.to,
            "o:tracking": "no",
            **({"o:tag": mail.tags["journey"][:128]} if mail.journey else {}),
            **{f"v:{name}": text for name, text in mail.tags.items()},
        }
        url = httpx.URL(self._said["base"]).copy_with(path=f"/v3/{self._said['domain']}/messages.mime")
        basic = httpx.BasicAuth("api", self._said["token"])
        files = {"message": ("message.eml", mail.raw(now), "message/rfc822")}
        request = httpx.Request("POST", url, headers=USUAL_HEADERS, data=fields, files=files)
        request.read()
        return next(basic.auth_flow(request))

    def receipts(self, mails: Sequence[Mail], reply: Reply, /) -> Sequence[Receipt]:
        """Read the id; a limit says in its text when it ends, and a domain that may not send is a setting."""
        said = code_of(reply.json, "message")
        outcome = Outcome.CONFIGURATION if reply.outcome is Outcome.REJECTED and NOT_ALLOWED in said else None
        receipt = reply.receipt(mails[0].id, outcome, provider_id=code_of(reply.json, "id").strip("<>"))
        found = AGAIN.search(said)
        if found is None or receipt.retry_after is not None:
            return [receipt]
        return [replace(receipt, retry_after=answer.retry_after({"retry-after": found[1]}, reply.now))]
