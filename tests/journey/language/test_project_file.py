from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from lifeloop.journey.catalogue import Action, Catalogue, Connection, Delivery, Limit, Sender, Topic
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.length import Length
from lifeloop.journey.moment import Hours
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Report

WHOLE = """
project: sunny-energy
timezone: Europe/Lisbon
language: pt-BR
country: PT
environment: production
grace: 2 days
delivery: {hours: weekdays 09:00-19:00, gap: 20 hours, limit: 3 per week, topic: news, timezone: customer,
           holidays: avoid}
topics:
  service: {basis: contract, counts: false}
  news: {titles: {en: News, nl: Nieuws}}
  plain:
customer:
  first_name: text
  email: email
events:
  order.delivered: {order_id: text, total: money}
  setup.finished: {}
  setup.started:
objects:
  contract: {key: contract_id, ends: date?}
segments:
  big: [customer.first_name is Ana]
  bigger: customer is in big and order.delivered happened
predicates:
  churn-risk: sunny.predicates:churn_risk
connections:
  crm: {base: env.CRM_URL, token: env.CRM_TOKEN, actions: {create-task: post /tasks}}
senders:
  anna: Anna from Sunny <anna@example.com>
  plain: info@example.com
  noor: {from: Noor <noor@example.com>, reply_to: help@example.com}
approvers: {retention-lead: lead@example.com}
values: {gift: 25, offer: 10%, open: true, code: "007"}
company: {name: Sunny, address: Zonnekade 12}
priority: [recovery, welcome]
people: folk/
email: smtp
channels:
  smtp: {host: mail.example.com, port: 587, user: env.SMTP_USER, password: env.SMTP_PASSWORD, tls: starttls}
"""


@pytest.fixture
def read(tmp_path: Path):
    def run(text: str) -> tuple[Catalogue, list[Diagnostic]]:
        (tmp_path / "lifeloop.yaml").write_text(text)
        report = Report()
        return read_catalogue(tmp_path, report), report.found

    return run


def test_a_whole_project_is_read(read):
    found, mistakes = read(WHOLE)
    assert mistakes == []
    assert (found.project, found.timezone, found.language, found.country) == (
        "sunny-energy",
        "Europe/Lisbon",
        "pt-BR",
        "PT",
    )
    assert (found.environment, found.grace, found.people, found.email) == (
        "production",
        Length(days=2),
        "folk/",
        "smtp",
    )
    hours = Hours((1, 2, 3, 4, 5), time(9), time(19))
    limit = Limit(3, Length(days=7))
    assert found.delivery == Delivery(hours, Length(seconds=72000), limit, "news", "customer", "avoid")
    assert found.topics == {
        "service": Topic("service", "contract", counts=False),
        "news": Topic("news", titles={"en": "News", "nl": "Nieuws"}),
        "plain": Topic("plain"),
    }
    crm = Connection(
        "crm", "env.CRM_URL", "env.CRM_TOKEN", None, {"create-task": Action("create-task", "POST", "/tasks")}
    )
    assert found.connections == {"crm": crm}
    assert found.senders == {
        "anna": Sender("anna", "Anna from Sunny", "anna@example.com"),
        "plain": Sender("plain", "plain", "info@example.com"),
        "noor": Sender("noor", "Noor", "noor@example.com", "help@example.com"),
    }
    assert found.values == {"gift": 25, "offer": "10%", "open": True, "code": "007"}
    assert list(found.segments) == ["big", "bigger"]
    assert list(found.objects["contract"].attributes) == ["contract_id", "ends"]
    assert found.channels["smtp"]["password"] == "env.SMTP_PASSWORD"
    assert found.priority == ("recovery", "welcome")
    assert found.company["address"] == "Zonnekade 12"


def test_what_lifeloop_needs_is_always_declared(read):
    found, _ = read(WHOLE)
    assert not found.customer["email"].optional
    assert {"email", "phone", "locale", "timezone"} <= set(found.customer)
    assert {"unsubscribed", "complained", "bounced", "setup.started"} <= set(found.events)


def test_a_missing_file_is_reported_and_the_standard_words_remain(tmp_path: Path):
    report = Report()
    found = read_catalogue(tmp_path, report)
    assert [one.code for one in report.found] == ["J009"]
    assert "email" in found.customer


# The text, the code, the line and the column, words of the label.
WRONG = [
    ("time_zone: Europe/Lisbon", "J105", (1, 1), 'did you mean "timezone"?'),
    ("smtp: {}", "J105", (1, 1), 'did you mean "channels"?'),
    ("links: {}", "J105", (1, 1), 'did you mean "web"?'),
    ("render: {processes: many}", "J184", (1, 21), "a whole number from 0 to 64"),
    ("web: {address: http://mail.example.com}", "J184", (1, 16), "https://mail.example.com"),
    ("web: {address: 'https://user@example.com'}", "J184", (1, 16), "https://mail.example.com"),
    ("web: {address: 'https://example.com/?a=b'}", "J184", (1, 16), "https://mail.example.com"),
    ("web: {adress: https://mail.example.com}", "J105", (1, 7), 'did you mean "address"?'),
    ("web: {secret: abcdef}", "J182", (1, 15), "env.LIFELOOP_LINK_SECRET"),
    ("environment: live\nweb: {address: https://mail.example.com}", "J106", (2, 6), "env.LIFELOOP_LINK_SECRET"),
    ("tracking: everything", "J109", (1, 11), "off, aggregate, individual"),
    ("tracking: individual", "J106", (1, 11), "https://mail.example.com"),
    ("timezone: Europe/Lisbom", "J184", (1, 11), "Europe/Lisbon"),
    ("timezone: Lisbon", "J184", (1, 11), "Europe/Lisbon"),
    ("language: English", "J184", (1, 11), "en, nl"),
    ("country: nl", "J184", (1, 10), "NL"),
    ("grace: 1", "J111", (1, 8), "1 what?"),
    ("delivery: {hours: always}", "J117", (1, 19), "weekdays 09:00-18:00"),
    ("delivery: {limits: 2 per week}", "J105", (1, 12), 'did you mean "limit"?'),
    ("delivery: {topic: news}", "J161", (1, 19), "declared"),
    ("delivery: {holidays: dance}", "J109", (1, 22), "avoid, ignore"),
    ("topics:\n  news: {basis: law}", "J109", (2, 17), "contract, consent"),
    ("customer:\n  age: nubmer", "J181", (2, 8), 'did you mean "number"?'),
    ("customer: text", "J104", (1, 11), ""),
    ("events:\n  a.b: {x: strin}", "J181", (2, 12), ""),
    ("objects:\n  contract: {ends: date}", "J106", (2, 3), "key: contract_id"),
    ("segments:\n  a: [customer.emial is present]", "J123", (2, 7), "customer.email"),
    ("predicates: {x: somewhere}", "J109", (1, 17), "package.module:function"),
    ("connections:\n  crm: {base: crm.example.com}", "J184", (2, 15), "https://"),
    ("connections:\n  crm: {token: env.X}", "J106", (2, 3), "base: env.CRM_URL"),
    ("connections:\n  crm: {base: env.X, actions: {a: SEND /x}}", "J109", (2, 35), "POST /tasks"),
    ("senders: {anna: Anna}", "J183", (1, 17), "<anna@example.com>"),
    ("email: pigeon", "J109", (1, 8), "inbox"),
    ("email: smtp", "J106", (1, 8), "host: mail.example.com"),
    ("channels: {smtp: {host: x, port: many}}", "J184", (1, 34), "587"),
    ("channels: {smtp: {host: x, tls: maybe}}", "J109", (1, 33), "starttls"),
    ("channels: {smpt: {host: x}}", "J105", (1, 12), 'did you mean "smtp"?'),
    ("channels: {http: {allow_privat: 10.0.0.0/8}}", "J105", (1, 19), 'did you mean "allow_private"?'),
    ("values: {x: [1]}", "J104", (1, 13), ""),
    ("- project", "J012", (1, 1), "project: my-project"),
]


@pytest.mark.parametrize(
    ("text", "code", "place", "label"), WRONG, ids=[text.replace("\n", " ")[:40] for text, *_ in WRONG]
)
def test_each_mistake_has_its_place(read, text: str, code: str, place: tuple[int, int], label: str):
    _, found = read(text)
    assert [(one.code, (one.place.line, one.place.column)) for one in found] == [(code, place)]
    assert label in found[0].label
    assert found[0].place.file == "lifeloop.yaml"


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("connections: {crm: {base: env.X, token: sk-live-9f8a7b}}", "env.CRM_TOKEN"),
        ("connections: {crm: {base: env.X, secret: whsec_abcdef}}", "env.CRM_SECRET"),
        ("channels: {smtp: {host: x, password: hunter2}}", "env.SMTP_PASSWORD"),
        ("connections: {crm: {base: env.X, token: $CRM_KEY}}", "env.CRM_KEY"),
    ],
)
def test_a_pasted_secret_is_refused_and_not_repeated(read, line: str, right: str):
    catalogue, found = read(line)
    assert [one.code for one in found] == ["J182"]
    assert found[0].suggestions[0].text == right
    for secret in ("sk-live-9f8a7b", "whsec_abcdef", "hunter2"):
        assert secret not in f"{found}{catalogue}"


def test_segments_may_not_ask_about_themselves(read):
    catalogue, found = read(
        "segments:\n  a: [customer is in b]\n  b: [not (customer is in a)]\n  c: [customer is in a]\n"
    )
    assert [(one.code, one.place.line) for one in found] == [("J185", 2), ("J185", 3)]
    assert list(catalogue.segments) == ["c"]


def test_one_wrong_part_leaves_the_others(read):
    catalogue, found = read("senders:\n  a: A <a@example.com>\n  b: B\n  c: c@example.com\n")
    assert len(found) == 1
    assert list(catalogue.senders) == ["a", "c"]


def test_a_misspelt_type_counts_as_the_nearest_so_that_it_is_told_once(read):
    text = (
        "customer:\n  age: nubmer?\n  town: colour\nsegments:\n  old: [customer.age is above 60, customer.town is X]\n"
    )
    catalogue, found = read(text)
    assert [(one.code, one.place.line) for one in found] == [("J181", 2), ("J181", 3)]
    assert list(catalogue.segments) == ["old"]
