"""Rendered messages as they were handed over, for the inbox page."""

from __future__ import annotations

from collections.abc import Sequence

from lifeloop.clock import Instant
from lifeloop.store.transaction import Tx
from lifeloop.store.values import InboxFilter, InboxLine, InboxPerson, InboxTally, Rendered


def add(tx: Tx, rows: Sequence[Rendered], at: Instant) -> None:
    """Keep what was handed over; the same message again replaces it."""
    raise NotImplementedError


def search(tx: Tx, wanted: InboxFilter, *, offset: int = 0, limit: int = 50) -> tuple[InboxLine, ...]:
    """Mails that fit, newest first."""
    raise NotImplementedError


def count(tx: Tx, wanted: InboxFilter) -> int:
    """How many fit."""
    raise NotImplementedError


def find(tx: Tx, message_id: str) -> tuple[InboxLine, Rendered] | None:
    """One mail."""
    raise NotImplementedError


def days(tx: Tx) -> tuple[tuple[Instant, int], ...]:
    """Days (UTC midnight) with mail, and how many: for the day slider."""
    raise NotImplementedError


def tally(tx: Tx, wanted: InboxFilter) -> tuple[InboxTally, ...]:
    """How many fit, by day, journey and step, in one statement: for the histogram and the lists beside it."""
    raise NotImplementedError


def people(tx: Tx, limit: int = 12) -> tuple[InboxPerson, ...]:
    """Customers with mail, from most journeys first, then most mails, then by key."""
    raise NotImplementedError
