"""From a query and the mailbox to the values that the templates show, and to HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from lifeloop.store.values import InboxLine, InboxTally, Rendered
from lifeloop.web import chart, source, words
from lifeloop.web.mailbox import Mailbox
from lifeloop.web.query import PER_PAGE, Query, Span, View, day_of, read_span

STARTS = 5
SPANS: Mapping[Span, str] = {"all": "", "until": "up to {}", "week": "7 days to {}", "day": "{}"}


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


def environment(zone: ZoneInfo) -> Environment:
    """Return the templates of these pages, escaping everything."""
    made = Environment(
        loader=PackageLoader("lifeloop.web", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": words.number,
        "day": words.long_day,
        "initials": words.initials,
        "channel": words.channel,
        "long": lambda at: words.long_time(words.local(at, zone)),
        "short": lambda at: words.short_time(words.local(at, zone)),
        "iso": lambda at: words.local(at, zone).isoformat(),
    }
    return made


def landing(mailbox: Mailbox, shop: Shop) -> dict[str, Any]:
    """Return what the first page shows: one sentence, the year, and where to begin."""
    year = Year(mailbox.tally(Query().filter()), shop)
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


def inbox(mailbox: Mailbox, shop: Shop, query: Query, *, playing: bool) -> dict[str, Any]:
    """Return everything the inbox page shows."""
    year = Year(mailbox.tally(Query().filter()), shop)
    tallies = (
        year.tallies if query.filter_of_all_days() == Query().filter() else mailbox.tally(query.filter_of_all_days())
    )
    opened = _opened(mailbox, query, year)
    parts = listed(mailbox, shop, query, year)
    return {
        **parts,
        **_timeline(query, tallies, year),
        "company": shop.company,
        "playing": playing,
        "title": opened["subject"] if opened else f"Messages · {shop.company}",
        "open": opened,
        "view": opened["view"] if opened else None,
        "journeys": _journey_chips(query, tallies, year),
        "steps": _step_chips(query, tallies),
        "customer_name": mailbox.names({query.customer})[query.customer] if query.customer else "",
    }


def listed(mailbox: Mailbox, shop: Shop, query: Query, year: Year | None = None) -> dict[str, Any]:
    """Return the list alone, which is all that changes while the year plays."""
    year = year or Year(mailbox.tally(Query().filter()), shop)
    wanted = query.filter()
    count = mailbox.count(wanted)
    pages = max(1, -(-count // PER_PAGE))
    query = replace(query, page=min(query.page, pages))
    found = mailbox.search(wanted, offset=(query.page - 1) * PER_PAGE, limit=PER_PAGE)
    names = mailbox.names({line.key for line in found})
    return {
        "query": query,
        "count": count,
        "pages": pages,
        "span_words": SPANS[query.span].format(words.long_day(query.day)) if query.day else "",
        "lines": [{**_line(line, names, year), "address": query.but(mail=line.message_id)} for line in found],
    }


def slid(mailbox: Mailbox, shop: Shop, query: Query, params: Mapping[str, str]) -> str:
    """Return the address of the day that the slider stands at: what a browser without scripts is sent on to."""
    year = Year(mailbox.tally(Query().filter()), shop)
    text = params.get("n", "")
    if not year.tallies or not text.isascii() or not text.isdigit():
        return query.address()
    day = min(year.first + timedelta(days=min(int(text[:9]), chart.MOST_DAYS)), year.last)
    span = read_span(params.get("span"))
    return replace(query, day=day, span="until" if span == "all" else span, page=1).address()


def _line(line: InboxLine, names: Mapping[str, str], year: Year) -> dict[str, Any]:
    return {
        "id": line.message_id,
        "who": names.get(line.key, line.key),
        "key": line.key,
        "at": line.at,
        "subject": line.subject,
        "channel": line.channel,
        "journey": line.journey,
        "step": line.node,
        "colour": year.palette.get(line.journey, 0),
    }


def _opened(mailbox: Mailbox, query: Query, year: Year) -> dict[str, Any] | None:
    found = mailbox.find(query.mail) if query.mail else None
    if found is None:
        return None
    line, kept = found
    tabs = _tabs(line, kept)
    view = query.view if query.view in tabs else tabs[0]
    written = source.source_of(line, kept) if view in ("headers", "source") else ""
    return {
        **_line(line, mailbox.names({line.key}), year),
        "to": kept.to,
        "sender": kept.sender,
        "text": kept.text,
        "tabs": tabs,
        "view": view,
        "source": written,
        "headers": source.headers_of(line, kept, written),
        "frame": f"/mail/{quote(line.message_id, safe='')}/frame" + ("?images=on" if query.images else ""),
    }


def _tabs(line: InboxLine, kept: Rendered) -> tuple[View, ...]:
    if line.channel != "email":
        return ("text", "headers")
    return ("html", "text", "headers", "source") if kept.html else ("text", "headers", "source")


def _timeline(query: Query, tallies: Sequence[InboxTally], year: Year) -> dict[str, Any]:
    kept = [(name, getattr(query, name)) for name in ("q", "journey", "step", "customer", "day", "span")]
    shown = {"kept": [(name, value) for name, value in kept if value and value != "all"]}
    if not year.tallies:
        return {**shown, "chart": None}
    drawn = chart.draw(tallies, year.first, year.last, year.palette)
    place = drawn.index(query.day) if query.day else drawn.days - 1
    width = {"week": 7, "day": 1}.get(query.span, place + 1)
    return {
        **shown,
        "chart": drawn,
        "place": place,
        "sooner": max(0, place + 1 - width),
        "slider_day": drawn.day(place),
        "shown_span": "until" if query.span == "all" else query.span,
    }


def _journey_chips(query: Query, tallies: Sequence[InboxTally], year: Year) -> list[dict[str, Any]]:
    counts = Counter[str]()
    for tally in year.tallies if query.journey else tallies:
        counts[tally.journey] += tally.count
    return [
        {"name": name, "count": counts[name], "colour": colour, "address": query.but(journey=name, step="", mail="")}
        for name, colour in sorted(year.palette.items())
    ]


def _step_chips(query: Query, tallies: Sequence[InboxTally]) -> list[dict[str, Any]]:
    if not query.journey:
        return []
    counts = Counter[str]()
    for tally in tallies:
        counts[tally.node] += tally.count
    return [{"name": name, "count": counts[name], "address": query.but(step=name, mail="")} for name in sorted(counts)]


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
