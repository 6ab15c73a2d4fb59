"""What a provider answered to one request, and the receipts that are written from it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from lifeloop.channel import answer
from lifeloop.channel.exchange import Exchange
from lifeloop.channel.values import AboutAddress, Receipt
from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome
from lifeloop.journey.plan import Json

NOT_THERE = frozenset({404, 405, 410})
A_MOMENT = 1_000_000_000
"""A larger number of a rate limit's end is a moment, a smaller one is a number of seconds."""
SHOWN = re.compile(r"[A-Za-z0-9_.:\[\]-]{1,80}")
RESETS = ("ratelimit-reset", "x-sib-ratelimit-reset", "x-ratelimit-reset")


class Item(Protocol):
    """What is handed over: it has our id."""

    @property
    def id(self) -> str:
        """The message id."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. ``json`` is None when it was none, or broke off: then the status alone must do."""

    who: str
    status: int
    headers: Mapping[str, str]
    json: Json
    text: str
    outcome: Outcome
    wait: int | None
    said: str
    now: Instant

    @classmethod
    def read(cls, who: str, got: Exchange, now: Instant) -> Reply:
        """Read an exchange whose head arrived. An address that is not there is a setting, never a message's fault."""
        status = got.status or 0
        body = got.body or b""
        return cls(
            who=who,
            status=status,
            headers=got.headers,
            json=answer.parsed(body),
            text=body.decode("utf-8", "replace"),
            outcome=Outcome.CONFIGURATION if status in NOT_THERE else got.outcome,
            wait=asked_wait(got.headers, now),
            said=got.in_words(who),
            now=now,
        )

    @property
    def ok(self) -> bool:
        """Whether the status says that the provider took the request."""
        return self.outcome is Outcome.ACCEPTED

    @property
    def fields(self) -> dict[str, Json]:
        """The answer's fields; none when it is something else."""
        return self.json if isinstance(self.json, dict) else {}

    def receipts(self, items: Sequence[Item], outcome: Outcome | None = None, *, why: str = "") -> list[Receipt]:
        """Return the same receipt for each. Several mails refused as one are not at fault: the request is."""
        found = outcome or self.outcome
        if found is Outcome.REJECTED and len(items) > 1:
            found = Outcome.CONFIGURATION
        return [self.receipt(item.id, found, why=why) for item in items]

    def used_up(self, items: Sequence[Item]) -> list[Receipt]:
        """Return what follows for each from an account whose quota is used up: nobody can repair that but time."""
        why = "its quota is used up"
        found = (self.receipt(item.id, Outcome.NOT_ACCEPTED, why=why) for item in items)
        return [replace(one, slow_down=True, used_up=True) for one in found]

    def receipt(
        self,
        message: str,
        outcome: Outcome | None = None,
        *,
        provider_id: Json = None,
        why: str = "",
        address: AboutAddress | None = None,
    ) -> Receipt:
        """Return the receipt of one message. ``why`` may hold codes and our words, never the provider's prose."""
        known = str(provider_id) if isinstance(provider_id, str | int) and provider_id != "" else None
        found = outcome or self.outcome
        taken = found is Outcome.ACCEPTED
        return Receipt(
            id=message,
            outcome=found,
            provider_id=known if taken else None,
            retry_after=None if taken else self.wait,
            slow_down=found is Outcome.NOT_ACCEPTED and answer.is_too_fast(self.status, self.headers),
            detail=f"{self.said} ({why})" if why else self.said,
            address=address,
        )


def asked_wait(headers: Mapping[str, str], now: Instant) -> int | None:
    """Return the seconds a provider asks for, in any of the ways in which they say it; at most a day."""
    if (wait := answer.retry_after(headers, now)) is not None:
        return wait
    for name in RESETS:
        text = headers.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) <= 12:  # noqa: PLR2004  # 12 digits are 30,000 years
            seconds = int(text) - now if int(text) > A_MOMENT else int(text)
            return min(max(seconds, 0), answer.LONGEST_WAIT)
    return None


def code_of(found: Json, *names: str) -> str:
    """Return a code somewhere in an answer, as text; empty when there is none."""
    for name in names:
        if isinstance(found, list):
            found = found[0] if found else None
        found = found.get(name) if isinstance(found, dict) else None
    return str(found) if isinstance(found, str | int) else ""


def said_code(found: Json, *names: str) -> str:
    """Return a code that may be shown to people: one word. Anything longer may hold an address, and is left out."""
    code = code_of(found, *names)
    return code if SHOWN.fullmatch(code) else ""
