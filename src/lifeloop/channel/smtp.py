"""Mail over SMTP with kept connections: one recipient per message, one deadline, one of the five outcomes.

What an answer means depends on when it comes. Before the text was handed over nothing can have been accepted;
once it was, only an answer tells, and a connection that is cut then leaves it uncertain. The library does not say
whether it had begun on the text when a connection broke under DATA, so the whole of DATA counts as begun.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Literal

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from lifeloop.channel import mime
from lifeloop.channel.callbacks.reading import bounce_of
from lifeloop.channel.dkim_signing import Sign
from lifeloop.channel.secret import Secret, looked_up, secret
from lifeloop.channel.values import Abilities, Envelope, Receipt
from lifeloop.clock import Clock
from lifeloop.engine.retry import Outcome

KEPT = 4
GREETING, DEADLINE = 20.0, 60.0
"""Seconds: until a mail is begun, when nothing is said of its recipient yet; for the whole."""
TEMPORARY, PERMANENT, BEYOND = 400, 500, 600
TOO_BIG = 552
WRONG_LOGIN = 535
NEEDS_LOGIN = frozenset({530, 534, WRONG_LOGIN, 538})
TOO_FAST = frozenset({421, 454})
"""The server takes nothing more for now, or throttles: Gmail and Amazon say it so."""
DAY_IS_USED_UP = "Daily message quota exceeded"
"""What Amazon adds when 24 hours have had their messages."""

PLAIN = ("host", "port", "tls", "user")
Tls = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where to hand mail over, and how. ``tls``: ``starttls`` asks for it after greeting and insists on it."""

    host: str
    port: int = 587
    tls: Tls = "starttls"
    username: str | None = None
    password: Secret | None = None

    @classmethod
    def read(cls, settings: Mapping[str, str], environ: Mapping[str, str]) -> SmtpServer:
        """Read ``host``, ``port``, ``tls``, ``user`` and ``password``; a variable that is not set raises ``Unset``."""
        found = {name: looked_up(settings[name], environ) for name in PLAIN if name in settings}
        tls = found.get("tls", "starttls")
        if tls not in ("starttls", "tls", "none") or not found.get("port", "587").isdigit():
            raise ValueError("smtp: 'tls' is starttls, tls or none, and 'port' is a number")
        return cls(
            host=found["host"],
            port=int(found.get("port", 587)),
            tls=tls,  # type: ignore[arg-type]  # one of the three, checked above
            username=found.get("user"),
            password=secret(settings.get("password"), environ),
        )


@dataclass(slots=True)
class _Progress:
    """How far one message got."""

    begun: bool = False
    """The text may have been handed over, wholly or in part."""


class SmtpChannel:
    """Hands mail to one SMTP server over a few kept connections."""

    abilities = Abilities(batch=KEPT)

    def __init__(
        self,
        server: SmtpServer,
        clock: Clock,
        *,
        project: str,
        kept: int = KEPT,
        greeting: float = GREETING,
        deadline: float = DEADLINE,
        sign: Sign = bytes,
    ) -> None:
        self._server = server
        self._clock = clock
        self._project = project
        self._greeting = greeting
        self._deadline = deadline
        self._sign = sign
        self._places = asyncio.Semaphore(kept)
        self._idle: list[SMTP] = []

    async def send(self, batch: Sequence[Envelope], /) -> Sequence[Receipt]:
        """Hand each message over once, a few at a time."""
        return await asyncio.gather(*(self._one(envelope) for envelope in batch))

    async def knock(self, within: float) -> str | None:
        """Let the server greet us and let us in, and say goodbye; returns what is wrong, None: nothing is."""
        client = self._client()
        try:
            async with asyncio.timeout(within):
                await client.connect()
        except (SMTPException, OSError) as problem:
            client.close()
            return _at_the_door(problem, within)
        await _say_goodbye(client)
        return None

    async def close(self) -> None:
        """Say goodbye on the kept connections."""
        while self._idle:
            await _say_goodbye(self._idle.pop())

    async def _one(self, envelope: Envelope) -> Receipt:
        receipt = Receipt(id=envelope.id, outcome=Outcome.ACCEPTED, provider_id=envelope.id)
        try:
            letter = mime.write(envelope, self._clock.now(), project=self._project)
            sender = mime.address(envelope.bounces) if envelope.bounces else letter.sender
        except mime.Unsendable as problem:
            return replace(receipt, outcome=Outcome.REJECTED, provider_id=None, detail=str(problem))
        progress = _Progress()
        try:
            async with self._places, asyncio.timeout(self._deadline):
                said = await self._hand_over(replace(letter, sender=sender, raw=self._sign(letter.raw)), progress)
        except (SMTPException, OSError, TimeoutError) as problem:
            return _judged(receipt, problem, progress)
        return replace(receipt, detail=said)

    async def _hand_over(self, letter: mime.Letter, progress: _Progress) -> str:
        async with self._connection(letter.sender) as client:
            await client.rcpt(letter.to)
            progress.begun = True
            said = await client.data(letter.raw)
        return f"accepted with {said.code}"

    @asynccontextmanager
    async def _connection(self, sender: str) -> AsyncIterator[SMTP]:
        """Lend a connection that has taken MAIL FROM; put it back only if it is still in step."""
        async with asyncio.timeout(self._greeting):
            client = await self._greeted(sender)
        try:
            yield client
        except SMTPRecipientRefused:
            await self._put_back(client)
            raise
        except BaseException:
            client.close()
            raise
        self._keep(client)

    async def _greeted(self, sender: str) -> SMTP:
        """Use a kept connection if it still answers; nothing was said of the message yet, so a new one may follow."""
        while self._idle:
            try:
                return await self._begun(self._idle.pop(), sender)
            except (SMTPException, OSError):
                continue
        return await self._begun(self._client(), sender)

    async def _begun(self, client: SMTP, sender: str) -> SMTP:
        """Say from whom a mail is; a connection on which that does not come to its end is closed."""
        try:
            if not client.is_connected:
                await client.connect()
            await client.mail(sender)
        except BaseException:
            client.close()
            raise
        return client

    def _client(self) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            username=server.username,
            password=server.password.reveal() if server.password else None,
            local_hostname="localhost",
            timeout=self._deadline,
        )

    async def _put_back(self, client: SMTP) -> None:
        try:
            await client.rset()
        except (SMTPException, OSError):
            client.close()
        else:
            self._keep(client)

    def _keep(self, client: SMTP) -> None:
        if client.is_connected:
            self._idle.append(client)


async def _say_goodbye(client: SMTP) -> None:
    try:
        await client.quit(timeout=2)
    except (SMTPException, OSError):
        client.close()


def _judged(receipt: Receipt, problem: Exception, progress: _Progress) -> Receipt:
    """Class what ended a try: by the server's answer, or if there was none by how far the message got."""
    receipt = replace(receipt, provider_id=None)
    if isinstance(problem, SMTPResponseException) and TEMPORARY <= problem.code < BEYOND:
        used_up = problem.code in TOO_FAST and DAY_IS_USED_UP in problem.message
        return replace(
            receipt,
            outcome=_class_of(problem),
            slow_down=problem.code in TOO_FAST,
            used_up=used_up,
            detail=f"the mail server answered {problem.code}{_hint(problem, used_up)}",
            address="dead" if _names_nobody(problem) else None,
        )
    receipt = replace(receipt, timed_out=isinstance(problem, TimeoutError))
    what = "took too long" if receipt.timed_out else "broke off"
    if progress.begun:
        detail = f"the mail server {what} after the text may have been handed over"
        return replace(receipt, outcome=Outcome.UNCERTAIN, detail=detail)
    detail = f"the mail server {what} before the text was handed over"
    return replace(receipt, outcome=Outcome.NOT_ACCEPTED, detail=detail)


def _at_the_door(problem: Exception, within: float) -> str:
    if isinstance(problem, SMTPResponseException) and TEMPORARY <= problem.code < BEYOND:
        return f"the mail server answers {problem.code}{_hint(problem, used_up=False)}"
    if isinstance(problem, TimeoutError):
        return f"the mail server does not greet within {within:g} seconds"
    return "no mail server answers there"


def _hint(refusal: SMTPResponseException, used_up: bool) -> str:
    """Return what a number means where it is certain; the server's own words may hold addresses."""
    if used_up:
        return " (its quota is used up)"
    if refusal.code == WRONG_LOGIN:
        return " (user or password is wrong)"
    return " (nobody is there)" if _names_nobody(refusal) else ""


def _names_nobody(refusal: SMTPResponseException) -> bool:
    """Tell whether a refusal says that the recipient does not exist: what comes back by mail is read the same way."""
    refused = isinstance(refusal, SMTPRecipientRefused) and refusal.code >= PERMANENT
    return refused and bounce_of(refusal.message) == "hard"


def _class_of(refusal: SMTPResponseException) -> Outcome:
    """Class an answer of 400 to 599. What is wrong before a recipient is named is wrong for every message."""
    if refusal.code < PERMANENT:
        return Outcome.NOT_ACCEPTED
    about_this_mail = isinstance(refusal, SMTPRecipientRefused | SMTPDataError) or refusal.code == TOO_BIG
    return Outcome.REJECTED if about_this_mail and refusal.code not in NEEDS_LOGIN else Outcome.CONFIGURATION
