"""SparkPost: one mail a request, its own template language switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import httpx

from lifeloop.channel.mime import Unsendable
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import AT_ONCE, NEEDED, OPTIONAL, post
from lifeloop.channel.providers.reply import Reply, code_of, said_code
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome
from lifeloop.journey.plan import Json

PLAN_IS_USED_UP = 420


class SparkPost:
    """``base`` is https://api.eu.sparkpost.com/api/v1 for accounts in Europe."""

    TAKES: ClassVar[Mapping[str, str | None]] = {
        "token": NEEDED,
        "return_path": OPTIONAL,
        "base": "https://api.sparkpost.com/api/v1",
    }
    abilities = Abilities(batch=AT_ONCE)
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
            return [reply.receipt(mail.id, Outcome.CONFIGURATION, why="the plan's limit is reached")]
        if not reply.ok:
            return [reply.receipt(mail.id, why=said_code(reply.json, "errors", "code"))]
        if code_of(results, "total_accepted_recipients") == "0":
            return [reply.receipt(mail.id, Outcome.REJECTED, why="the address was refused", address="dead")]
        return [reply.receipt(mail.id, provider_id=code_of(results, "id"))]

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
