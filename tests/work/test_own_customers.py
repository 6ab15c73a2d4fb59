"""Own customers may be written to about what they bought, where the law allows it and as long as they say nothing."""

from __future__ import annotations

import pytest
from tests.work.test_gating import DAY, HOUR, news, who

from lifeloop.store import consents
from lifeloop.work.finding import find_customer
from lifeloop.work.project import open_project
from lifeloop.work.selling import NotThen, note_sale
from lifeloop.work.watching import misused
from lifeloop.work.wave import Wave

PROJECT = "country: NL\nown_customers: {within: 3 years, countries: {DE: [], AT: [email]}}\n"
BOUGHT = {"product": "electricity", "reference": "C-1", "at": "2026-01-05", "offered": True, "source": "shop"}


def ready(shop, more: str = PROJECT) -> None:
    file = shop.root / "lifeloop.yaml"
    text = file.read_text().replace("news: {basis: consent}", "news: {basis: consent, similar_to: [electricity]}")
    file.write_text(text + more)
    shop.publish(one=news("shop/one"))


def sold(shop, **but) -> bool:
    with shop.space.store.reading() as tx:
        found = find_customer(tx, "ana")
    return note_sale(shop.space, found, **(BOUGHT | but))


def goes(shop) -> bool:
    shop.event("ana", "order.placed")
    shop.wave()
    return ("shop/one", "sent") in shop.said()


def test_a_sale_with_all_its_conditions_stands_in_for_a_yes(shop) -> None:
    ready(shop)
    shop.person("ana", consents={})
    assert sold(shop)
    assert goes(shop)


def test_nobody_is_an_own_customer_without_a_sale(shop) -> None:
    ready(shop)
    shop.person("ana", consents={})
    assert not goes(shop)


@pytest.mark.parametrize(
    "but",
    [{"offered": False}, {"product": "bicycles"}, {"at": "2022-01-05"}],
    ids=["no way to say no", "something else", "too long ago"],
)
def test_each_condition_counts(shop, but) -> None:
    ready(shop)
    shop.person("ana", consents={})
    sold(shop, **but)
    assert not goes(shop)


@pytest.mark.parametrize(("country", "may"), [("BE", True), ("DE", False), ("AT", True), ("US", False)])
def test_the_customers_country_decides(shop, country, may) -> None:
    ready(shop)
    shop.person("ana", consents={}, country=country)
    sold(shop)
    assert goes(shop) is may


def test_the_company_that_writes_must_be_the_one_that_sold(shop) -> None:
    ready(shop)
    shop.person("ana", consents={})
    sold(shop)
    file = shop.root / "lifeloop.yaml"
    file.write_text(file.read_text().replace("{within:", "{company: Another, within:"))
    shop.publish()
    assert not goes(shop)


def test_a_no_goes_first_and_holds_at_the_gate_too(shop) -> None:
    ready(shop)
    shop.person("ana", consents={})
    sold(shop)
    shop.event("ana", "order.placed")
    Wave(shop.space).admit()
    assert shop.said() == [("shop/one", "ready")]
    with shop.space.store.transaction() as tx:
        consents.unsubscribe(tx, who(shop), "news", shop.now)
    shop.wave()
    assert shop.said() == [("shop/one", "cancelled")]


def test_proof_is_not_rewritten_and_nothing_is_sold_tomorrow(shop) -> None:
    ready(shop)
    shop.person("ana", consents={})
    assert sold(shop, offered=False)
    assert not sold(shop)
    assert not goes(shop)
    with pytest.raises(NotThen):
        sold(shop, reference="C-2", at="2026-12-01")
    with pytest.raises(NotThen):
        sold(shop, reference="C-2", at="soon")


def test_a_contract_has_no_use_for_similar_products(shop) -> None:
    file = shop.root / "lifeloop.yaml"
    file.write_text(file.read_text().replace("counts: false}", "counts: false, similar_to: [electricity]}"))
    assert "J184" in [one.code for one in open_project(shop.root).diagnostics]


# Services are watched -----------------------------------------------------------------------------------------------


def test_a_service_that_sells_is_said_when_files_are_checked(shop) -> None:
    text = shop.root / "templates" / "shop" / "one.md"
    text.write_text(text.read_text() + "\nOrder now and get 10% korting.\n")
    shop.write(one=news("shop/one", "topic: service"), two=news("shop/one"))
    found = [one for one in open_project(shop.root).diagnostics if one.code == "J426"]
    assert [one.message.partition('"')[2].partition('"')[0] for one in found] == ["Order now", "10% korting"]
    assert {(one.severity, one.place.line) for one in found} == {("warning", found[0].place.line)}
    shop.write(one=news("shop/one"))
    assert [one for one in open_project(shop.root).diagnostics if one.code == "J426"] == []


def test_who_gets_too_much_service_is_counted(shop) -> None:
    file = shop.root / "lifeloop.yaml"
    file.write_text(file.read_text().replace("counts: false}", "counts: false, watch: 2 per week}"))
    more = "  - wait: 1 hour\n  - send: shop/two\n  - wait: 1 hour\n  - send: shop/three\n"
    shop.publish(one=news("shop/one", "topic: service") + more)
    shop.person("ana")
    shop.event("ana", "order.placed")
    shop.wave()
    shop.go(HOUR)
    with shop.space.store.reading() as tx:
        assert misused(shop.space, tx) == ()
    shop.go(HOUR)
    with shop.space.store.reading() as tx:
        (found,) = misused(shop.space, tx)
    assert (found.topic, found.words) == ("service", "1 person got more than 2 per week, 3 at the most")
    shop.go(8 * DAY)
    with shop.space.store.reading() as tx:
        assert misused(shop.space, tx) == ()
