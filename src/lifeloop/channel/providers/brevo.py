"""Brevo: one mail a request, with a key under which a second try is recognised for half an hour."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from email.header import Header
from typing import ClassVar
from uuid import NAMESPACE_URL, uuid5

import httpx

from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import AT_ONCE, NEEDED, post
from lifeloop.channel.providers.reply import Reply, code_of, said_code
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome
from lifeloop.journey.plan import Json

HALF_AN_HOUR = 1800
SEEN_BEFORE = frozenset({"duplicate_parameter", "duplicate_request"})
CREDITS_ARE_USED_UP = "not_enough_credits"
"""Of a plan with so many a day they come back by themselves."""
SETTINGS = frozenset({"unauthorized", "account_under_validation", "permission_denied"})


class Brevo:
    """Brevo's batches share one key for all their mails, so a lost answer would be a blind second try: singles."""

    TAKES: ClassVar[Mapping[str, str | None]] = {"token": NEEDED, "base": "https://api.brevo.com/v3"}
    abilities = Abilities(batch=AT_ONCE, key_window=HALF_AN_HOUR, rate=100)
    per_request = 1

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said

    def request(self, mails: Sequence[Mail], _now: Instant, /) -> httpx.Request:
        """Return the request for one mail."""
        headers = {"api-key": self._said["token"]}
        return post(f"{self._said['base']}/smtp/email", headers=headers, json=_mail(mails[0]))

    def receipts(self, mails: Sequence[Mail], reply: Reply, /) -> Sequence[Receipt]:
        """Read the id or the code. A key that was seen before says that the first try arrived."""
        code = said_code(reply.json, "code")
        if code == CREDITS_ARE_USED_UP:
            return reply.used_up(mails)
        outcome = None
        if not reply.ok and code in SEEN_BEFORE:
            outcome = Outcome.ACCEPTED
        elif not reply.ok and code in SETTINGS:
            outcome = Outcome.CONFIGURATION
        return [reply.receipt(mails[0].id, outcome, provider_id=code_of(reply.json, "messageId"), why=code)]


def _mail(mail: Mail) -> dict[str, Json]:
    return {
        "sender": {"email": mail.sender, **({"name": _name(mail.name)} if mail.name else {})},
        "to": [{"email": mail.to}],
        **({"replyTo": {"email": mail.reply_to}} if mail.reply_to else {}),
        "subject": mail.subject,
        "textContent": mail.text,
        **({"htmlContent": mail.html} if mail.html is not None else {}),
        **({"tags": [mail.journey]} if mail.journey else {}),
        "headers": {
            **mail.headers,
            "X-Mailin-custom": json.dumps(mail.tags),
            "idempotencyKey": str(uuid5(NAMESPACE_URL, f"lifeloop:{mail.id}")),
        },
    }


def _name(name: str) -> str:
    """Brevo loses names that hold both a comma and letters beyond ASCII, unless they come encoded."""
    return Header(name, "utf-8").encode() if "," in name and not name.isascii() else name
