"""Amazon SES v2: takes a mail as its bytes, so headers arrive as written; requests are signed by botocore."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar

import httpx

from lifeloop.channel.exchange import USUAL_HEADERS
from lifeloop.channel.providers.mail import Mail
from lifeloop.channel.providers.provider import AT_ONCE, NEEDED, OPTIONAL
from lifeloop.channel.providers.reply import Reply, code_of
from lifeloop.channel.providers.settings import Incomplete
from lifeloop.channel.values import Abilities, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome

SETTINGS = frozenset({
    "AccountSuspendedException", "SendingPausedException", "MailFromDomainNotVerifiedException", "NotFoundException",
    "LimitExceededException", "AccessDeniedException", "InvalidSignatureException", "UnrecognizedClientException",
    "ExpiredTokenException", "SignatureDoesNotMatch",
})  # fmt: skip
DAY_IS_USED_UP = "Daily message quota exceeded"
"""What SES says, under the same kind as being too fast, when 24 hours have had their messages."""
LATER = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling"})


class Ses:
    """SES says nothing about its limits in its answers; what the account may do is seen in its console."""

    TAKES: ClassVar[Mapping[str, str | None]] = {
        "key": NEEDED,
        "secret": NEEDED,
        "session_token": OPTIONAL,
        "region": NEEDED,
        "configuration_set": OPTIONAL,
        "base": OPTIONAL,
    }
    abilities = Abilities(batch=AT_ONCE)
    per_request = 1

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = said
        if find_spec("botocore") is None:
            raise Incomplete("ses: install it with Lifeloop:  pip install 'lifeloop[ses]'")

    def request(self, mails: Sequence[Mail], now: Instant, /) -> httpx.Request:
        """Return the signed request for one mail."""
        base = self._said["base"] or f"https://email.{self._said['region']}.amazonaws.com"
        url = f"{base}/v2/email/outbound-emails"
        body = json.dumps(self._mail(mails[0], now), separators=(",", ":")).encode()
        return httpx.Request("POST", url, headers={**USUAL_HEADERS, **self._signed(url, body)}, content=body)

    def receipts(self, mails: Sequence[Mail], reply: Reply, /) -> Sequence[Receipt]:
        """Read the id, or the kind of error: the status 400 stands for nearly all of them."""
        kind = (reply.headers.get("x-amzn-errortype") or code_of(reply.json, "__type")).partition(":")[0]
        kind = kind.rpartition("#")[2]
        if not reply.ok and DAY_IS_USED_UP in code_of(reply.json, "message"):
            return reply.used_up(mails)
        outcome = None
        if not reply.ok and (kind in SETTINGS or "not verified" in code_of(reply.json, "message")):
            outcome = Outcome.CONFIGURATION
        elif not reply.ok and kind in LATER:
            outcome = Outcome.NOT_ACCEPTED
        why = kind if kind.isalnum() else ""
        found = reply.receipt(mails[0].id, outcome, provider_id=code_of(reply.json, "MessageId"), why=why)
        return [replace(found, slow_down=found.slow_down or outcome is Outcome.NOT_ACCEPTED)]

    def _mail(self, mail: Mail, now: Instant) -> dict[str, Any]:
        chosen = self._said["configuration_set"]
        return {
            "Destination": {"ToAddresses": [mail.to]},
            "Content": {"Raw": {"Data": base64.b64encode(mail.raw(now)).decode()}},
            "EmailTags": [{"Name": name, "Value": text} for name, text in mail.tags.items()],
            **({"ConfigurationSetName": chosen} if chosen else {}),
        }

    def _signed(self, url: str, body: bytes) -> dict[str, str]:
        auth, awsrequest, credentials = (
            import_module(f"botocore.{name}") for name in ("auth", "awsrequest", "credentials")
        )
        said = self._said
        request = awsrequest.AWSRequest("POST", url, headers={"Content-Type": "application/json"}, data=body)
        known = credentials.Credentials(said["key"], said["secret"], said["session_token"] or None)
        auth.SigV4Auth(known, "ses", said["region"]).add_auth(request)
        return dict(request.headers.items())
