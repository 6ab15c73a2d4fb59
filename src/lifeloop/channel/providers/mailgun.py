"""Mailgun: takes a mail as it would go over SMTP, so every header arrives as it was written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import httpx

from lifeloop.channel import answer
from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.exchange import USUAL_HEADERS
from lifeloop.channel.lookup import Question, accepted
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import AT_ONCE, NEEDED, get
from lifeloop.channel.providers.reply import Reply, code_of
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome

AGAIN = re.compile(r"try again after ([A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} [\d:]{8}[ A-Z+0-9-]*)")
A_LITTLE = 60
"""Seconds by which the clocks of two computers may differ."""
NOT_ALLOWED = "not allowed to send"


class Mailgun:
    """``base`` is https://api.eu.mailgun.net for accounts in Europe."""

    TAKES: ClassVar[Mapping[str, str | None]] = {
        "token": NEEDED,
        "domain": NEEDED,
        "base": "https://api.mailgun.net",
    }
    abilities = Abilities(lookup=True, batch=AT_ONCE, rate=50)
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

    def searches(self, question: Question, /) -> Sequence[httpx.Request]:
        """Return a search through what happened with this address since then: there is no filter for our own id."""
        url = httpx.URL(self._said["base"]).copy_with(path=f"/v3/{self._said['domain']}/events")
        about = {"begin": question.since - A_LITTLE, "ascending": "yes", "limit": 20, "recipient": question.to}
        return [next(httpx.BasicAuth("api", self._said["token"]).auth_flow(get(str(url), headers={}, params=about)))]

    def found(self, question: Question, reply: Reply, /) -> tuple[Report, ...]:
        """Read what happened with our message; if nothing but a refusal did, it was not tried."""
        items = reply.fields.get("items")
        events = [event for event in items if isinstance(event, dict)] if isinstance(items, list) else []
        ours = [event for event in events if code_of(event.get("user-variables"), "lifeloop_id") == question.id]
        if not ours:
            return ()
        report = accepted(question, code_of(ours[0].get("message"), "headers", "message-id"))
        return (replace(report, kind="rejected") if {event.get("event") for event in ours} == {"rejected"} else report,)
