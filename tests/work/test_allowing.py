"""Outside of production only the people who try it out get anything that leaves the machine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lifeloop.journey.allow_list import is_listed, may_reach
from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.project_file import read_catalogue
from lifeloop.journey.source import Report
from lifeloop.work.allowing import NOT_LISTED

JOURNEY = "start: {event: order.placed}\ndelivery: {topic: service}\nsteps:\n  - send: shop/one\n"


def sends(shop, **settings):
    """Let ana and bo each get a mail, by a way that leaves this machine; returns what became of them."""
    shop.publish(one=JOURNEY)
    way = shop.mail_by()
    catalogue = replace(shop.space.catalogue, **settings)
    shop.space.project = replace(shop.space.project, catalogue=catalogue)
    for key in ("ana", "bo"):
        shop.person(key)
        shop.event(key, "order.placed")
    shop.wave()
    return {one.key: (one.status, one.reason) for one in shop.messages()}, len(way.handed)


def test_in_production_everybody_gets_theirs(shop) -> None:
    assert sends(shop, email="smtp", environment="production") == (
        {"ana": ("sent", None), "bo": ("sent", None)},
        2,
    )


@pytest.mark.parametrize("environment", ["staging", "local"])
def test_elsewhere_only_who_is_listed(shop, environment) -> None:
    found, handed = sends(shop, email="smtp", environment=environment, test_addresses=("ANA@example.com",))
    assert found == {"ana": ("sent", None), "bo": ("suppressed", NOT_LISTED)}
    assert handed == 1


def test_without_a_list_nobody(shop) -> None:
    found, handed = sends(shop, email="smtp", environment="staging")
    assert {status for status, _ in found.values()} == {"suppressed"}
    assert handed == 0


def test_the_inbox_on_this_machine_takes_everything(shop) -> None:
    found, _ = sends(shop, email="inbox", environment="staging")
    assert {status for status, _ in found.values()} == {"sent"}


def test_a_dropped_mail_reserves_nothing(shop) -> None:
    sends(shop, email="smtp", environment="staging")
    assert [one.sent_at for one in shop.messages()] == [None, None]


@pytest.mark.parametrize(
    ("address", "listed"),
    [
        ("me@example.com", True),
        (" ME@Example.com", True),
        ("you@example.com", False),
        ("anybody@test.example.org", True),
        ("anybody@x.test.example.org", False),
        ("*@example.com", False),
        ("me@example.com.evil.example", False),
        ("+31612345678", True),
        ("", False),
    ],
)
def test_who_is_on_a_list(address, listed) -> None:
    assert is_listed(("me@example.com", "*@test.example.org", "+31612345678"), address) is listed


def test_texts_without_a_provider_stay_here() -> None:
    catalogue = Catalogue(environment="staging", email="smtp")
    assert may_reach(catalogue, "sms", "+31612345678")
    assert not may_reach(replace(catalogue, channels={"sms": {"provider": "twilio"}}), "sms", "+31612345678")


@pytest.mark.parametrize(
    ("text", "code"),
    [("[me@example.com, '*@example.com', '+31612345678']", None), ("me@example.com", None), ("[everybody]", "J184")],
)
def test_the_list_is_read(tmp_path, text, code) -> None:
    (tmp_path / "lifeloop.yaml").write_text(f"project: x\ntest_addresses: {text}\n")
    report = Report()
    found = read_catalogue(tmp_path, report).test_addresses
    assert [one.code for one in report.found] == ([code] if code else [])
    assert bool(found) is (code is None)
