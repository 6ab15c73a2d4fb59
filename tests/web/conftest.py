"""A store filled with a made-up year of mail: the same every time, as many as asked for."""

import asyncio
import re
from datetime import date

import httpx
import pytest

from lifeloop.clock import SetClock
from lifeloop.store import consents as consents_of
from lifeloop.store import customers, inbox, journeys, messages
from lifeloop.store.opening import open_store
from lifeloop.store.values import CustomerRow, InboxFilter, NewMessage, PlanRow, Rendered
from lifeloop.web.app import create_app
from lifeloop.web.query import start_of
from lifeloop.web.recipient import create_public_app
from lifeloop.work.ingesting import Happening, Person, ingest
from lifeloop.work.project import open_project
from lifeloop.work.publishing import publish
from lifeloop.work.wave import Wave
from lifeloop.work.workspace import open_workspace

JOURNEYS = {
    "growth": [("send-second-roof", "A second roof, {name}?")],
    "loyalty": [("send-thank-you", "Three years of sun, {name}"), ("send-gift", "A small gift is on its way")],
    "reactivation": [("send-hello-again", "We kept your seat in the sun, {name}")],
    "recovery": [("send-sorry", "We are sorry, {name}. Here is what we do now"), ("call-crm", "crm.create-task")],
    "renewal": [
        ("send-your-year", "{name}, your year in pictures"),
        ("send-offer", "What next year could look like"),
        ("send-reminder", "14 days left, {name} & family <3"),
    ],
    "satisfaction": [("send-survey", "How did we do, {name}?"), ("send-text", "Did the box arrive?")],
    "welcome": [("send-hello", "Welcome to the sun, {name}"), ("send-first-bill", "Your first bill, explained")],
}
PEOPLE = [
    "Ana Silva",
    "Bo Jansen",
    "Chen Li",
    "Daan de Vries",
    "Zoë Peeters",
    "Layla Haddad",
    "Pim Bakker",
    "Sam Okoro",
]
YEAR = start_of(date(2026, 1, 1))
DAY = 86_400

BUTTON = "background:#fbbf24;color:#22302e;padding:12px 22px;border-radius:9px;text-decoration:none"
HEAD = "padding:26px 32px;background:#0f766e;color:#fff;border-radius:14px 14px 0 0;font-size:20px"
HTML = f"""<!doctype html><html lang="en"><body style="margin:0;background:#f4f1ea;font-family:Georgia,serif">
<table role="presentation" width="100%"><tr><td align="center" style="padding:28px 12px">
<table role="presentation" style="max-width:560px;background:#fff;border-radius:14px" width="100%">
<tr><td style="{HEAD}">Sunny Energy</td></tr>
<tr><td style="padding:28px 32px;font-size:17px;line-height:1.6">
<h1 style="font-size:26px;margin:0 0 14px">{{subject}}</h1>
<p>Dear {{name}},</p><p>this year your roof made 3,214 kilowatt hours: forty thousand cups of tea.</p>
<p><a href="https://www.example.com/year" style="{BUTTON}">See your year</a></p>
<p>Warm regards,<br>Anna</p><img src="https://www.example.com/pixel.png" alt="" width="1">
</td></tr></table></td></tr></table></body></html>"""


class Client:
    """Asks an application without a socket in between, as a browser on this machine would."""

    def __init__(self, app):
        self.app = app

    def get(self, address, **options):
        return self.request("GET", address, **options)

    def request(self, method, address, **options):
        return asyncio.run(self._request(method, address, **options))

    async def _request(self, method, address, **options):
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8025") as client:
            return await client.request(method, address, **options)


def fill(url, *, mails=400, people=40):
    """Open a store and put this many mails into it."""
    store = open_store(url)
    store.migrate()
    with store.transaction() as tx:
        journeys.publish(tx, {name: PlanRow(name, f"digest-{name}", "{}") for name in JOURNEYS}, YEAR)
        customers.upsert(tx, [_person(number) for number in range(people)], YEAR)
        known = customers.find_keys(tx, [f"c{number:03}" for number in range(people)])
        made = [_mail(number, mails, people, known) for number in range(mails)]
        messages.add(tx, [message for message, _, _ in made], YEAR)
        by_time = {}
        for message, kept, _ in made:
            by_time.setdefault(message.due_at, []).append(kept)
        for at, kept in by_time.items():
            inbox.add(tx, kept, at)
    return store


def _person(number):
    first, _, last = PEOPLE[number % len(PEOPLE)].partition(" ")
    email = f"{first.lower()}.{number}@example.com".replace("ë", "e")
    return CustomerRow(f"c{number:03}", {"first_name": first, "last_name": last, "email": email})


def _mail(number, mails, people, known):
    steps = [(journey, *step) for journey, own in JOURNEYS.items() for step in own]
    journey, node, subject = steps[(number * 7 + number // 13) % len(steps)]
    key = f"c{(number * number + number) % people:03}"
    customer = known[key]
    name = customer.data["first_name"]
    day = number * 365 // mails
    day = min(364, day - day % 7 + number % 5)  # no mail at weekends
    at = YEAR + day * DAY + 9 * 3600 + number % 9 * 1800
    channel = {"call-crm": "call", "send-text": "sms"}.get(node, "email")
    kind = "call" if channel == "call" else "mail"
    said = subject.format(name=name)
    message = NewMessage(f"m{number:05}", kind, None, customer.id, journey, node, 1, f"{journey}/{node}", at, channel)
    kept = Rendered(
        message.id,
        customer.data["email"],
        "Anna from Sunny <anna@example.com>" if channel == "email" else "",
        said,
        HTML.format(subject=said, name=name) if channel == "email" else "",
        f"Dear {name},\n\nthis year your roof made 3,214 kilowatt hours.\n"
        if channel != "call"
        else '{\n  "about": "' + name + '"\n}',
        {"List-Unsubscribe": "<https://m.example.com/u/abc>"} if journey == "renewal" and channel == "email" else {},
    )
    return message, kept, at


@pytest.fixture(scope="session")
def client_of():
    return Client


@pytest.fixture(scope="session")
def filled():
    return fill


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """A year of 400 mails, read only: no page changes anything."""
    store = fill(f"sqlite:///{tmp_path_factory.mktemp('web') / 'mail.db'}")
    yield store
    store.close()


@pytest.fixture(scope="session")
def app(store):
    return create_app(store, company="Sunny & Sons <Energy>", timezone="Europe/Amsterdam", simulated=True)


@pytest.fixture
def client(app):
    return Client(app)


@pytest.fixture
def empty_client(tmp_path):
    store = open_store(f"sqlite:///{tmp_path / 'empty.db'}")
    store.migrate()
    yield Client(create_app(store, company="Nobody"))
    store.close()


SHOP = """
project: small-shop
timezone: Europe/Amsterdam
language: en
company: {name: Small Shop, address: "Street 1, Rotterdam", website: "https://www.example.com"}
web: {address: "https://mail.example.com"}
topics:
  service: {basis: contract, counts: false}
  tips: {basis: contract, titles: {en: Getting started, nl: Een goed begin}}
  news: {basis: consent, titles: {en: Stories & ideas, nl: Verhalen & ideeën}}
  offers: {basis: consent, titles: {en: Offers, nl: Aanbiedingen}}
customer:
  first_name: text?
events:
  order.placed: {}
senders: {shop: Small Shop <hello@example.com>}
approvers: {boss: boss@example.com}
"""
JOURNEY = """
journey: one
phase: welcome
start: {event: order.placed}
again: always
delivery: {topic: news}
steps:
  - send: shop/one
"""
MAIL = """---
subject: Hello
from: shop
---
[Look]({{ link("offer") }}){.button} and [read](https://www.example.com/story?a=1&b=2), or write to
[us](mailto:hello@example.com).
"""


class Recipients:
    """A small shop with its public pages: send a mail to somebody, then use the links in it."""

    def __init__(self, root, **settings):
        (root / "journeys").mkdir(parents=True)
        (root / "templates" / "shop").mkdir(parents=True)
        more = "".join(f"{name}: {value}\n" for name, value in settings.items())
        (root / "lifeloop.yaml").write_text(SHOP + more)
        (root / "journeys" / "one.yaml").write_text(JOURNEY)
        (root / "templates" / "shop" / "one.md").write_text(MAIL)
        self.clock = SetClock(start_of(date(2026, 3, 2)) + 10 * 3600)
        self.space = open_workspace(root, clock=self.clock, environ={})
        publish(self.space, self.clock.now())
        self.woken = []
        self.public = create_public_app(self.space, wake=self.woken.extend)
        self.client = Client(self.public)

    def rewrite(self, journey, **settings):
        """Let the journey, and settings that stand there already, read otherwise from now on."""
        root = self.space.root
        (root / "journeys" / "one.yaml").write_text(journey)
        for name, value in settings.items():
            file = root / "lifeloop.yaml"
            file.write_text(re.sub(rf"(?m)^{name}: .*$", f"{name}: {value}", file.read_text()))
        self.space.project = open_project(root)
        assert [one for one in self.space.project.diagnostics if one.severity == "error"] == []
        publish(self.space, self.clock.now())

    def mail(self, key="ana", *, consents=None, **data):
        """Let somebody become known and get a mail; returns it as it was handed over."""
        known = {"first_name": key.title(), "email": f"{key}@example.com", **data}
        said = {"news": True} if consents is None else consents
        happening = Happening(key, "order.placed", self.clock.now(), f"{key}:{self.clock.now()}")
        ingest(self.space, [Person(key, known, {}, said)], [happening])
        asyncio.run(Wave(self.space).run())
        with self.space.store.reading() as tx:
            line = inbox.search(tx, InboxFilter(key=key))[0]
            return inbox.find(tx, line.message_id)[1]

    def order(self, key="ana"):
        """Let another mail begin; returns what became of it at once."""
        ingest(self.space, [], [Happening(key, "order.placed", self.clock.now(), f"{key}:{self.clock.now()}")])
        return self.wave()

    def wave(self, later=0):
        """Let time go by and do what is due; returns how many were sent."""
        self.clock.set(self.clock.now() + later)
        return asyncio.run(Wave(self.space).run()).get("sent", 0)

    def link(self, mail, what):
        """Return the path of the first link of that kind in a mail."""
        return re.search(rf"https://mail\.example\.com(/{what}/[\w.-]+)", mail.html)[1]

    def said(self, key="ana"):
        """Return the present permission of somebody, and all that was written about it."""
        with self.space.store.reading() as tx:
            who = customers.find_keys(tx, [key])[key].id
            return consents_of.of_customer(tx, who), consents_of.history(tx, who)


@pytest.fixture
def recipients(tmp_path):
    made = []

    def make(**settings):
        made.append(Recipients(tmp_path / f"shop{len(made)}", **settings))
        return made[-1]

    yield make
    for one in made:
        one.space.close()
