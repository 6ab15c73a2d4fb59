"""Everything known of one person is written out, with what it means, and nothing of anybody else."""

from __future__ import annotations

import json

from lifeloop.store import consents, customers, erasing
from lifeloop.store.values import ConsentRow, SuppressionRow
from lifeloop.work.exporting import export

JOURNEY = "start: {event: order.placed}\ndelivery: {topic: service}\nsteps:\n  - send: shop/one\n  - wait: 3 days\n"


def exported(shop, key):
    with shop.space.store.reading() as tx:
        return export(shop.space, customers.find_keys(tx, [key])[key])


def lived(shop) -> None:
    shop.publish(one=JOURNEY)
    for key, city in (("ana", "Rome"), ("bo", "Oslo")):
        shop.person(key, city=city, phone=f"+31{key}", things={"contract": ({"contract_id": f"c-{key}"},)})
        shop.event(key, "order.placed", order_id=f"o-{key}")
    shop.wave()
    with shop.space.store.transaction() as tx:
        consents.record(tx, [ConsentRow(1, "news", False, 9, "*", "letter", '{"method":"page"}', "No", "v1")], 9)
        consents.suppress(tx, [SuppressionRow("sms", "+31ana", "bounced", 5)])


def test_every_part_is_there_and_readable(shop) -> None:
    lived(shop)
    found = exported(shop, "ana")
    parts = {part.name: part.rows for part in found.parts}
    assert {"customer", "object", "event", "enrollment", "visit", "message", "rendered", "consent"} <= parts.keys()
    assert parts["customer"][0]["data"] == {"city": "Rome", "first_name": "Ana"}
    assert parts["event"][0]["data"] == {"order_id": "o-ana"}
    assert parts["event"][0]["at"] == "2026-03-02T10:00:00+00:00"
    assert parts["enrollment"][0]["journey"] == "one"
    assert parts["rendered"][0]["subject"] == "Hello Ana"
    assert parts["consent"][-1]["evidence"] == {"method": "page"}
    assert [(row["address"], row["reason"]) for row in parts["suppression"]] == [("+31ana", "bounced")]


def test_nothing_of_anybody_else_is_in_it(shop) -> None:
    lived(shop)
    said = json.dumps([part.rows for part in exported(shop, "ana").parts], default=dict)
    assert "o-ana" in said
    assert not [word for word in ("bo@example.com", "o-bo", "Oslo", "c-bo") if word in said]


def test_every_part_says_what_it_is(shop) -> None:
    lived(shop)
    found = exported(shop, "ana")
    assert all(part.what for part in found.parts)
    assert found.fields["due_at"] == "when it is or was meant to happen"


def test_what_is_exported_is_what_would_be_erased(shop) -> None:
    lived(shop)
    parts = {part.name: len(part.rows) for part in exported(shop, "ana").parts if part.name != "suppression"}
    with shop.space.store.reading() as tx:
        assert parts == erasing.look(tx, customers.find_keys(tx, ["ana"])["ana"]).counts
