"""Resend: single mails with a key that is recognised for a day, or whole batches without one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import httpx

from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import NEEDED, post
from lifeloop.channel.providers.reply import Reply, code_of, said_code
from lifeloop.channel.providers.settings import Incomplete
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome
from lifeloop.journey.plan import Json

A_DAY = 86_400
LARGEST_BATCH = 100
REQUESTS_A_SECOND = 5.0
DAY_IS_USED_UP = "daily_quota_exceeded"
MEANING = {
    "monthly_quota_exceeded": Outcome.CONFIGURATION,
    # The key is known with other words: an earlier try arrived, and the customer changed before its answer came.
    "invalid_idempotent_request": Outcome.ACCEPTED,
}


class Resend:
    """``batch: 100`` sends faster; a batch is tried again in another make-up, so its key would recognise nothing."""

    TAKES: ClassVar[Mapping[str, str | None]] = {"token": NEEDED, "batch": "1", "base": "https://api.resend.com"}

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said
        if not said["batch"].isdigit() or not 1 <= int(said["batch"]) <= LARGEST_BATCH:
            raise Incomplete(f"resend: 'batch' is a number from 1 to {LARGEST_BATCH}")
        self.per_request = int(said["batch"])
        self.abilities = Abilities(
            batch=max(self.per_request, int(REQUESTS_A_SECOND)),
            key_window=A_DAY if self.per_request == 1 else None,
            rate=REQUESTS_A_SECOND * self.per_request,
        )

    def request(self, mails: Sequence[Mail], _now: Instant, /) -> httpx.Request:
        """Return the request: one mail under its key, or an array of which the sound ones are taken."""
        headers = {"Authorization": f"Bearer {self._said['token']}"}
        if self.per_request == 1:
            headers["Idempotency-Key"] = mails[0].id
            return post(f"{self._said['base']}/emails", headers=headers, json=_mail(mails[0]))
        headers["x-batch-validation"] = "permissive"
        return post(f"{self._said['base']}/emails/batch", headers=headers, json=[_mail(mail) for mail in mails])

    def receipts(self, mails: Sequence[Mail], reply: Reply, /) -> Sequence[Receipt]:
        """Read ids and errors. Two tries under one key at the same time leave it open which of them counted."""
        if not reply.ok:
            name = said_code(reply.json, "name")
            if name == DAY_IS_USED_UP:
                return reply.used_up(mails)
            return reply.receipts(mails, MEANING.get(name), why=name)
        if self.per_request == 1:
            return [reply.receipt(mails[0].id, provider_id=reply.fields.get("id"))]
        return _each(mails, reply)


def _each(mails: Sequence[Mail], reply: Reply) -> Sequence[Receipt]:
    """The answer lists the ids of the mails that were taken, in order, and the places of those that were not."""
    errors, data = reply.fields.get("errors"), reply.fields.get("data")
    refused = {item.get("index") for item in errors if isinstance(item, dict)} if isinstance(errors, list) else set()
    ids = iter(data if isinstance(data, list) else [])
    return [
        reply.receipt(mail.id, Outcome.REJECTED, why="not valid")
        if place in refused
        else reply.receipt(mail.id, provider_id=code_of(next(ids, None), "id"))
        for place, mail in enumerate(mails)
    ]


def _mail(mail: Mail) -> dict[str, Json]:
    return {
        "from": mail.from_line,
        "to": [mail.to],
        **({"reply_to": [mail.reply_to]} if mail.reply_to else {}),
        "subject": mail.subject,
        "text": mail.text,
        **({"html": mail.html} if mail.html is not None else {}),
        "headers": dict(mail.headers),
        "tags": [{"name": name, "value": text} for name, text in mail.tags.items()],
    }
