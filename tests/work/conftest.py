"""A small shop with a set clock on either database: write journeys, let things happen, run waves, look."""

from __future__ import annotations

import asyncio
import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lifeloop.channel.values import Abilities, Envelope, Receipt, Request
from lifeloop.clock import SetClock
from lifeloop.engine.retry import Outcome
from lifeloop.store import customers, enrollments, ledger, visits
from lifeloop.work.gating import Gated
from lifeloop.work.handing import hand_over
from lifeloop.work.ingesting import Happening, Ingested, Person, ingest
from lifeloop.work.project import open_project
from lifeloop.work.publishing import Published, publish
from lifeloop.work.under_way import UnderWay
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import Workspace, open_workspace

MINUTE, HOUR, DAY = 60, 3600, 86_400
MONDAY = int(datetime(2026, 3, 2, 10, tzinfo=UTC).timestamp())

PROJECT = """
project: small-shop
timezone: UTC
language: en
company: {name: Small Shop, address: Street 1, email: hello@example.com}
email: inbox
topics:
  service: {basis: contract, counts: false}
  news: {basis: consent}
customer:
  first_name: text?
  email: email?
  status: text?
  city: text?
  due: date?
  timezone: text?
  seen: text?
events:
  order.placed: {order_id: text?, total: money?}
  order.paid: {}
  answer.given: {score: 0..10}
  ours.happened: {note: text?}
objects:
  contract: {key: contract_id, ends: date?, state: text?}
segments:
  in-rome:
    - customer.city is Rome
connections:
  crm: {base: "https://crm.example.com", actions: {create: POST /things}}
senders: {shop: Small Shop <hello@example.com>}
approvers: {boss: boss@example.com}
priority: [important]
"""

TEXT = """---
subject: "Hello {{ customer.first_name | default('you') }}"
from: shop
---
A few words about {{ customer.city | default("your town") }}.
"""


KEYLESS = Abilities(batch=4)
"""A way out that would not recognise a second try, as mail servers do not."""


class Scripted:
    """A way out that answers as a test says, and notes what it was handed."""

    def __init__(self, abilities: Abilities) -> None:
        self.abilities = abilities
        self.handed: list[str] = []
        self.answers: Callable[[int, Envelope | Request], Receipt | Exception] = _accepted

    async def send(self, batch, /):
        found = []
        for item in batch:
            self.handed.append(item.id)
            answer = self.answers(len(self.handed), item)
            if isinstance(answer, Exception):
                raise answer
            found.append(answer)
        return found

    async def close(self) -> None:
        pass


def _accepted(_count: int, item: Envelope | Request) -> Receipt:
    return Receipt(id=item.id, outcome=Outcome.ACCEPTED, provider_id=f"p-{item.id}")


@dataclass
class Shop:
    """A project folder and the workspace on it."""

    root: Path
    url: str
    clock: SetClock
    space: Workspace
    opened: list[Workspace] = field(default_factory=list)

    @property
    def now(self) -> int:
        return self.clock.now()

    def write(self, **journeys: str) -> None:
        for name, text in journeys.items():
            said = textwrap.dedent(text).strip()
            (self.root / "journeys" / f"{name}.yaml").write_text(f"journey: {name}\nphase: welcome\n{said}\n")

    def publish(self, **journeys: str) -> Published:
        """Write journeys, read the project again, and make it live; the folder must be without mistakes."""
        self.write(**journeys)
        self.space.project = open_project(self.root)
        errors = [one for one in self.space.project.diagnostics if one.severity == "error"]
        assert errors == []
        return publish(self.space, self.now)

    def person(self, key: str = "ana", *, things=None, consents: Mapping[str, bool] | None = None, **data) -> Ingested:
        known = {"first_name": key.title(), "email": f"{key}@example.com"} | data
        allowed = {"news": True} if consents is None else consents
        return ingest(self.space, [Person(key, known, things or {}, allowed)])

    def people(self, count: int, **data) -> list[str]:
        keys = [f"c{number:05}" for number in range(count)]
        rows = [
            Person(key, {"first_name": key, "email": f"{key}@example.com"} | data, {}, {"news": True}) for key in keys
        ]
        ingest(self.space, rows)
        return keys

    def event(self, key: str, name: str, *, at: int | None = None, source_id: str = "", **data) -> Ingested:
        when = self.now if at is None else at
        return ingest(self.space, [], [Happening(key, name, when, source_id or f"{key}:{name}:{when}", data=data)])

    def events(self, keys: list[str], name: str, **data) -> None:
        ingest(self.space, [], [Happening(key, name, self.now, f"{key}:{name}:{self.now}", data=data) for key in keys])

    def wave(self, **options) -> dict[str, int]:
        return asyncio.run(Wave(self.space, **options).run())

    def hand_over(self, space: Workspace | None = None, **options) -> tuple[Gated, dict[str, int]]:
        """Hand over one batch, and wait until it is through."""

        async def there_and_back() -> tuple[Gated, dict[str, int]]:
            under_way = UnderWay()
            gated = hand_over(space or self.space, self.now, under_way, **({"limit": 500} | options))
            return gated, dict(await under_way.all_back())

        return asyncio.run(there_and_back())

    def go(self, seconds: int = 0, **options) -> dict[str, int]:
        """Let that much time go by, and run a wave."""
        self.clock.set(self.now + seconds)
        return self.wave(**options)

    def messages(self, key: str | None = None) -> list:
        with self.space.store.reading() as tx:
            ids = [row.id for row in tx.ask("SELECT id FROM message ORDER BY made_at, customer_id, visit, id")]
            found = ledger.find(tx, ids)
        return [found[one] for one in ids if key is None or found[one].key == key]

    def said(self, key: str | None = None) -> list[tuple[str, str]]:
        return [(one.name, one.status) for one in self.messages(key)]

    def runs(self, key: str = "ana") -> list:
        with self.space.store.reading() as tx:
            who = customers.find_keys(tx, [key])
            return list(enrollments.of_customer(tx, who[key].id)) if who else []

    def line(self, run) -> list[tuple[str, str]]:
        with self.space.store.reading() as tx:
            return [(one.what, one.detail) for one in visits.of_run(tx, run.id)]

    def customer(self, key: str = "ana") -> Mapping:
        with self.space.store.reading() as tx:
            return customers.find_keys(tx, [key])[key].data

    def candidates(self) -> list[tuple[str, int]]:
        with self.space.store.reading() as tx:
            rows = tx.ask(
                "SELECT j.name, k.due_at FROM candidate k JOIN journey j ON j.id = k.journey_id ORDER BY k.id"
            )
        return [(row.name, row.due_at) for row in rows]

    def occasions(self) -> dict[str, int]:
        with self.space.store.reading() as tx:
            return {row.zone: row.due_at for row in tx.ask("SELECT zone, due_at FROM occasion")}

    def mail_by(self, abilities: Abilities = KEYLESS) -> Scripted:
        """Let mail take a way that the test controls; without more it recognises no key."""
        way = Scripted(abilities)
        self.space.ways = replace(self.space.ways, mail=way)
        return way

    def calls_by(self, abilities: Abilities = KEYLESS) -> Scripted:
        way = Scripted(abilities)
        self.space.ways = replace(self.space.ways, calls=way)
        return way

    def again(self) -> Workspace:
        """Another process at the same database."""
        space = open_workspace(self.root, url=self.url, clock=self.clock, environ={}, owner=f"w{len(self.opened)}")
        self.opened.append(space)
        return space


@pytest.fixture
def project_folder(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    for part in ("journeys", "templates/shop", "people"):
        (root / part).mkdir(parents=True)
    (root / "lifeloop.yaml").write_text(PROJECT)
    for name in ("one", "two", "three"):
        (root / "templates" / "shop" / f"{name}.md").write_text(TEXT)
    return root


@pytest.fixture
def shop(project_folder: Path, fresh_url: Callable[[], str]) -> Iterator[Shop]:
    clock, url = SetClock(MONDAY), fresh_url()
    space = open_workspace(project_folder, url=url, clock=clock, environ={}, owner="tester")
    made = Shop(project_folder, url, clock, space)
    yield made
    for opened in (space, *made.opened):
        opened.close()
