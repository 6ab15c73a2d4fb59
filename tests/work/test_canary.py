"""A word of their own in everything we know of each customer: it must come to them, and to nobody and nothing else."""

from __future__ import annotations

import logging
import re

from lifeloop.channel.values import Abilities
from lifeloop.work import handing
from lifeloop.work.ingesting import Happening, Person, ingest

PEOPLE = 40
CANARY = re.compile(r"canary(\d{4})x")

TEXT = """---
subject: "{{ customer.first_name | default('you') }} and {{ event.order_id | default('it') }}"
from: shop
---
{{ customer.city | default('x') }} {{ customer.status | default('x') }} {{ contract.state | default('x') }}
{{ start.order_id | default('x') }} {{ journey.kept | default('x') }}
"""

JOURNEY = """
start:
  - {date: 300 days before contract.ends, at: 10:00}
  - {event: order.placed}
again: always
delivery: {topic: service}
steps:
  - set: {kept: customer.seen}
  - send: shop/one
  - wait: {for: order.placed, max: 3 days}
    then: [{send: shop/one}]
  - call: crm.create
    with: {name: "{{ customer.first_name | default('-') }}", state: "{{ contract.state | default('-') }}"}
  - ask: boss
    question: May {{ customer.first_name | default('they') }} have it?
    max: 2 days
    then: [{send: shop/one}]
"""


def word(number: int) -> str:
    return f"canary{number:04}x"


def test_nobody_gets_a_word_of_anybody_else_and_the_log_gets_none(shop, caplog, monkeypatch) -> None:
    (shop.root / "templates" / "shop" / "one.md").write_text(TEXT)
    shop.write(canary=JOURNEY)
    caplog.set_level(logging.DEBUG)
    seen: dict[str, set[str]] = {}
    shop.space = shop.again()
    shop.publish()

    def note(whole):
        def noted(space, one, now, ahead):
            found = whole(space, one, now, ahead)
            said = repr(vars_of(found))
            seen.setdefault(one.message.key, set()).update(CANARY.findall(said))
            return found

        return noted

    for name in ("envelope_of", "request_of", "question_of"):
        monkeypatch.setattr(handing, name, note(getattr(handing, name)))
    for way in (shop.mail_by, shop.calls_by):
        way(Abilities(key_window=86_400, batch=8))
    people = [
        Person(
            f"{number:04}",
            {name: word(number) for name in ("first_name", "city", "status", "seen")}
            | {"email": f"{word(number)}@example.com"},
            {"contract": ({"contract_id": word(number), "ends": "2026-12-27", "state": word(number)},)},
        )
        for number in range(PEOPLE)
    ]
    ingest(shop.space, people)
    for day in range(4):
        orders = [
            Happening(key.key, "order.placed", shop.now, f"{key.key}:{day}", data={"order_id": word(int(key.key))})
            for key in people
        ]
        ingest(shop.space, [], orders)
        shop.go(86_400, batch=17)
    foreign = {key: words - {key} for key, words in seen.items() if words - {key}}
    assert foreign == {}
    assert len(seen) == PEOPLE
    assert all(key in words for key, words in seen.items())
    assert CANARY.findall(caplog.text) == []


def vars_of(item) -> dict:
    return {name: getattr(item, name) for name in type(item).__dataclass_fields__}


def test_an_error_about_somebody_says_nothing_about_them(shop, caplog, monkeypatch) -> None:
    caplog.set_level(logging.DEBUG)
    shop.publish(one="start: {event: order.placed}\ndelivery: {topic: service}\nsteps:\n  - send: shop/one\n")
    shop.person("ana", first_name=word(1), email=f"{word(1)}@example.com")
    shop.event("ana", "order.placed", order_id=word(1))

    def broken(_space, one, _now, _ahead):
        raise ValueError(str(one.facts.customer))

    monkeypatch.setattr(handing, "envelope_of", broken)
    shop.wave()
    (message,) = shop.messages()
    assert message.status == "held"
    assert CANARY.findall(f"{caplog.text} {message.reason}") == []
