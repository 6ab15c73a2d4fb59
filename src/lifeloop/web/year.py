"""Whose mails they are and the days they span: what every page begins from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from lifeloop.store.values import InboxTally
from lifeloop.web import chart
from lifeloop.web.mailbox import Mailbox
from lifeloop.web.query import Query, day_of


@dataclass(frozen=True)
class Shop:
    """Whose inbox it is: what the pages need to know besides the mails."""

    company: str
    zone: ZoneInfo = ZoneInfo("UTC")
    simulated: bool = False
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Year:
    """All the mailbox holds, counted once per request."""

    tallies: Sequence[InboxTally]
    shop: Shop

    @cached_property
    def first(self) -> date:
        """The first day shown."""
        first = self.shop.first or min(day_of(tally.day) for tally in self.tallies)
        return max(first, self.last - timedelta(days=chart.MOST_DAYS))

    @cached_property
    def last(self) -> date:
        """The last day shown."""
        return self.shop.last or max(day_of(tally.day) for tally in self.tallies)

    @cached_property
    def palette(self) -> dict[str, int]:
        """The colour of each journey."""
        return chart.colours(self.tallies)

    @cached_property
    def total(self) -> int:
        """How many messages there are."""
        return sum(tally.count for tally in self.tallies)


def year_of(mailbox: Mailbox, shop: Shop) -> Year:
    """Count all there is, once."""
    return Year(mailbox.tally(Query().filter()), shop)
