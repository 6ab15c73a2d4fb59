"""SparkPost: one mail a request, its own template language switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

import httpx

from lifeloop.channel.callbacks import sparkpost
from lifeloop.channel.callbacks.values import Report
from lifeloop.channel.lookup import Question
from lifeloop.channel.mime import Unsendable
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import AT_ONCE, NEEDED, OPTIONAL, get, post
from lifeloop.channel.providers.reply import Reply, code_of, said_code
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome
from lifeloop.journey.plan import Json

PLAN_IS_USED_UP = 420
A_LITTLE = 60
"""Seconds by which the clocks of two computers may differ."""


class SparkPost:
    """``base`` is https://api.eu.sparkpost.com/api/v1 for accounts in Europe."""

    TAKES: ClassVar[Mapping[str, str | None]] = {
        "token": NEEDED,
        "return_path": OPTIONAL,
        "base": "https://api.sparkpost.com/api/v1",
    }
    abilities = Abilities(lookup=True, batch=AT_ONCE)
    per_request = 1

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said

    def request(self, mails: Sequence[Mail], _now: Instant, /) -> httpx.Request:
        """Return the request for one mail. SparkPost calculates in headers even when it is told not to."""
        mail = mails[0]
        if any("{{" in text for text in (mail.subject, *mail.headers.values())):
            raise Unsendable("SparkPost would calculate what stands between {{ and }} in the subject or a header")
        headers = {"Authorization": self._said["token"]}
        return post(f"{self._said['base']}/transmissions", headers=headers, json=self._mail(mail))

    def receipts(self, mails: Sequence[Mail], reply: Reply, /) -> Sequence[Receipt]:
        """Read the counts: a success that accepted nobody is a refusal of the address."""
        mail, results = mails[0], reply.fields.get("results")
        if reply.status == PLAN_IS_USED_UP:
            return reply.used_up(mails)
        if not reply.ok:
            return [reply.receipt(mail.id, why=said_code(reply.json, "errors", "code"))]
        if code_of(results, "total_accepted_recipients") == "0":
            return [reply.receipt(mail.id, Outcome.REJECTED, why="the address was refused", address="listed")]
        return [reply.receipt(mail.id, provider_id=code_of(results, "id"))]

    def searches(self, question: Question, /) -> Sequence[httpx.Request]:
        """Return a search through what happened with this address since then: there is no filter for our own id."""
        since = datetime.fromtimestamp(question.since - A_LITTLE, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        about = {"recipients": question.to, "from": since, "per_page": 20}
        headers = {"Authorization": self._said["token"]}
        return [get(f"{self._said['base']}/events/message", headers=headers, params=about)]

    def found(self, question: Question, reply: Reply, /) -> tuple[Report, ...]:
        """Read the events of our message: they are those that a callback brings, under the same names."""
        results = reply.fields.get("results")
        events = results if isinstance(results, list) else []
        known = (sparkpost.report_of(event) for event in events if isinstance(event, dict))
        return tuple(report for report in known if report and report.message == question.id)

    def _mail(self, mail: Mail) -> dict[str, Json]:
        return {
            "options": {
                "open_tracking": False,
                "click_tracking": False,
                "transactional": not mail.optional,
                "perform_substitutions": False,
            },
            **({"campaign_id": mail.tags["journey"][:64]} if mail.journey else {}),
            **({"return_path": self._said["return_path"]} if self._said["return_path"] else {}),
            "metadata": dict(mail.tags),
            "recipients": [{"address": {"email": mail.to}}],
            "content": {
                "from": {"email": mail.sender, **({"name": mail.name} if mail.name else {})},
                **({"reply_to": mail.reply_to} if mail.reply_to else {}),
                "subject": mail.subject,
                "text": mail.text,
                **({"html": mail.html} if mail.html is not None else {}),
                "headers": dict(mail.headers),
            },
        }
