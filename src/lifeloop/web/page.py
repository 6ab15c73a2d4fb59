"""The inbox page: from a query and the mailbox to the values that its templates show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from lifeloop.store.values import InboxLine, InboxTally, Rendered
from lifeloop.web import chart, source, words
from lifeloop.web.mailbox import Mailbox
from lifeloop.web.query import PER_PAGE, Query, Span, View, read_span
from lifeloop.web.year import Shop, Year, year_of

SPANS: Mapping[Span, str] = {"all": "", "until": "up to {}", "week": "7 days to {}", "day": "{}"}


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


def inbox(mailbox: Mailbox, shop: Shop, query: Query, *, playing: bool) -> dict[str, Any]:
    """Return everything the inbox page shows."""
    year = year_of(mailbox, shop)
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
    year = year or year_of(mailbox, shop)
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
    year = year_of(mailbox, shop)
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
