"""The first page: one sentence, the year as a picture, and a handful of places to begin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lifeloop.store.values import InboxFilter
from lifeloop.web import chart, words
from lifeloop.web.mailbox import Mailbox
from lifeloop.web.query import Query
from lifeloop.web.year import Shop, Year

STARTS = 5


def landing(mailbox: Mailbox, shop: Shop) -> dict[str, Any]:
    """Return what the first page shows: one sentence, the year, and where to begin."""
    year = Year(mailbox.tally(InboxFilter(kind="mail")), shop)
    if not year.tallies:
        return {"company": shop.company, "total": 0}
    people = mailbox.people(STARTS)
    names = mailbox.names({person.key for person in people})
    return {
        "company": shop.company,
        "simulated": shop.simulated,
        "total": year.total,
        "period": words.period(year.first, year.last),
        "period_short": str(year.first.year) if year.first.year == year.last.year else "the year",
        "chart": chart.draw(year.tallies, year.first, year.last, year.palette),
        "journeys": [_journey(name, year) for name in sorted(year.palette)],
        "people": [
            {
                "name": names[person.key],
                "count": person.count,
                "journeys": person.journeys,
                "address": _playing(Query(customer=person.key), year),
            }
            for person in people
        ],
        "play_all": _playing(Query(), year),
    }


def _journey(name: str, year: Year) -> dict[str, Any]:
    own = [tally for tally in year.tallies if tally.journey == name]
    return {
        "name": name,
        "count": sum(tally.count for tally in own),
        "steps": len({tally.node for tally in own}),
        "colour": year.palette[name],
        "line": chart.sparkline(own, year.first, year.last),
        "address": Query(journey=name).address(),
    }


def _playing(query: Query, year: Year) -> str:
    return replace(query, day=year.first, span="until").address() + "&play=on"
