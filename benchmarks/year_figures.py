"""A year from welcome to loyalty: five mails to everybody, waits of days and months, into the local inbox.

Five hundred people sign up each hour, and half of them buy; so more customers take longer, and each hour stays as full.
Time is moved to what falls due next, and everything else is as in earnest: every commit on disk, every message gated,
rendered, handed over, settled and kept. Reading the sign-ups and their orders is counted, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

from measure import Figure, Size, seconds
from shop import DAY, FIRST, database, stores

from lifeloop.clock import SetClock
from lifeloop.store import timeline
from lifeloop.work.ingesting import Person
from lifeloop.work.living import Deed, live
from lifeloop.work.publishing import publish
from lifeloop.work.workspace import Workspace, open_workspace

AN_HOUR = 500
HOUR = 3600
MAILS = 5
GOAL = 100_000
"""Customers for whom the goal is said; the time of fewer is written as if it were so many."""
PROJECT = """
project: year
timezone: UTC
language: en
company: {name: Bench, address: Street 1, email: bench@example.com}
email: inbox
senders: {bench: Bench <bench@example.com>}
topics: {service: {basis: contract, counts: false}}
customer: {first_name: text?, email: email?, city: text?}
events: {account.opened: {}, order.placed: {total: money}}
"""
JOURNEY = """
journey: year
phase: welcome
start: {event: account.opened}
delivery: {topic: service}
steps:
  - send: welcome
  - wait: 3 days
  - send: first-steps
  - wait:
      for: order.placed
      max: 30 days
    then:
      - send: thanks
    else:
      - send: a-hand
  - wait: 180 days
  - if: customer.city is Rome
    then:
      - milestone: rome
  - send: half-a-year
  - wait: 150 days
  - send: loyalty
"""
LETTER = """---
subject: "{title}, {{{{ customer.first_name | default('you') }}}}"
preheader: A few words about {title}
from: bench
---
Hello {{{{ customer.first_name | default('there') }}}},

thank you for being with us. Greetings to {{{{ customer.city | default('your town') }}}}.

- one thing that most people like
- another that hardly anybody knows

Write back whenever you like: a person reads it.
"""
TITLES = ("welcome", "first-steps", "thanks", "a-hand", "half-a-year", "loyalty")


def figures(size: Size) -> Iterator[Figure]:
    many = size.customers
    for store in stores():
        took, sent = lived(store, size.folder, many)
        whole = took * GOAL / many
        what = f"a year of five mails, {many:,} customers" + (f", as if {GOAL:,}" if many != GOAL else "")
        yield Figure(what, store, whole, "s", goal="year")
        yield Figure("the same: messages from due to inbox", store, sent / took, "messages/s")


def lived(store: str, folder: Path, many: int) -> tuple[float, int]:
    """Return the seconds that the year of so many customers took, and how many messages lie in the inbox."""
    root = _project(folder / f"year-{store}")
    with database(store, folder) as url:
        space = open_workspace(root, url=url, clock=SetClock(FIRST), environ={}, stay_here=True)
        try:
            assert not publish(space, FIRST).broken
            deeds = [deed for number in range(many) for deed in _life(number)]
            took = seconds(lambda: asyncio.run(live(space, deeds, FIRST + 400 * DAY + deeds[-1].at - FIRST, step=HOUR)))
            sent = _sent(space)
        finally:
            space.close()
    assert sent == MAILS * many, f"{sent:,} messages, not {MAILS * many:,}"
    return took, sent


def _project(root: Path) -> Path:
    (root / "journeys").mkdir(parents=True)
    (root / "templates").mkdir()
    (root / "lifeloop.yaml").write_text(PROJECT)
    (root / "journeys" / "year.yaml").write_text(JOURNEY)
    for name in TITLES:
        (root / "templates" / f"{name}.md").write_text(LETTER.format(title=name.replace("-", " ").capitalize()))
    return root


def _life(number: int) -> Iterator[Deed]:
    key, at = f"c{number:06}", FIRST + number // AN_HOUR * HOUR
    data = {"first_name": f"Ana {number}", "email": f"{key}@example.com", "city": "Rome" if number % 2 else "Oslo"}
    yield Deed(at, "person", key, person=Person(key, data))
    yield Deed(at, "event", key, "account.opened")
    if number % 2:
        yield Deed(at + 10 * DAY, "event", key, "order.placed", {"total": {"amount": 1999, "currency": "EUR"}})


def _sent(space: Workspace) -> int:
    with space.store.reading() as tx:
        return sum(one.messages.get("sent", 0) for one in timeline.counts(tx))
