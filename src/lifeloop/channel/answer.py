"""What an HTTP answer means: its class, how long to wait, and the JSON inside."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lifeloop.clock import Instant
from lifeloop.engine.retry import Outcome
from lifeloop.journey.plan import Json

LONGEST_WAIT = 86_400
OK, MULTIPLE, BAD, SERVER = 200, 300, 400, 500
NEEDS_A_PERSON = frozenset({401, 402, 403, 407})
TOLD_TO_COME_BACK = frozenset({408, 425, 429})
CONFLICT, TOO_MANY, UNAVAILABLE = 409, 429, 503


def outcome_of(status: int, *, has_retry_after: bool) -> Outcome:
    """Return the class of a status.

    A conflict (409) is uncertain: it is what a receiver says whose first handling of the same key still runs.
    """
    if OK <= status < MULTIPLE:
        return Outcome.ACCEPTED
    if MULTIPLE <= status < BAD or status in NEEDS_A_PERSON:
        return Outcome.CONFIGURATION
    if status in TOLD_TO_COME_BACK or (status == UNAVAILABLE and has_retry_after):
        return Outcome.NOT_ACCEPTED
    if BAD <= status < SERVER and status != CONFLICT:
        return Outcome.REJECTED
    return Outcome.UNCERTAIN


def is_too_fast(status: int | None, headers: Mapping[str, str]) -> bool:
    """Tell whether an answer asks to be left alone for a while, whatever message it was about."""
    return status == TOO_MANY or (status == UNAVAILABLE and "retry-after" in headers)


def retry_after(headers: Mapping[str, str], now: Instant) -> int | None:
    """Return the seconds asked for, at most a day; what cannot be understood or lies in the past is None."""
    text = headers.get("retry-after", "").strip()
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else _until(text, now)  # noqa: PLR2004  # 12 digits are 30,000 years
    return min(seconds, LONGEST_WAIT) if seconds is not None and seconds >= 0 else None


def parsed(body: bytes) -> Json:
    """Return the JSON of an answer; anything else is None, for the answer is information, not the outcome."""
    try:
        found: Json = json.loads(body, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return found


def _until(text: str, now: Instant) -> int | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(datetime.timestamp(aware)) - now


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
