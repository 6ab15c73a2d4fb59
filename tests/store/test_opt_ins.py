"""Requests wait for a yes, count by address, and are forgotten, on both databases."""

from lifeloop.store import customers, opt_ins
from lifeloop.store.opt_ins import OptInRow
from lifeloop.store.values import CustomerRow


def row(number, who, at, topic="news"):
    return OptInRow(f"{number:032x}"[::-1], who, topic, "Yes", "1", "website", "{}", at, at + 100)


def test_a_request_is_found_by_its_beginning_and_confirmed_once(store, world):
    (who,) = world.customers(1)
    with store.transaction() as tx:
        opt_ins.add(tx, row(1, who, 10))
        opt_ins.add(tx, row(1, who, 10))
        opt_ins.add(tx, row(2, who, 20, "offers"))

        found = opt_ins.find(tx, who, row(1, who, 10).id[:12])
        assert (found.topic, found.confirmed_at) == ("news", None)
        assert opt_ins.find(tx, who, "ffff") is None
        assert opt_ins.find(tx, who + 1, found.id) is None
        assert [opt_ins.confirm(tx, found.id, 50), opt_ins.confirm(tx, found.id, 60)] == [True, False]
        assert [one.confirmed_at for one in opt_ins.of_customer(tx, who)] == [50, None]


def test_requests_count_for_an_address_whoever_has_it(store):
    with store.transaction() as tx:
        made = customers.upsert(
            tx, [CustomerRow("a", {"email": "Ana@example.com"}), CustomerRow("b", {"email": "ana@example.com"})], 0
        ).ids
        opt_ins.add(tx, row(1, made["a"], 10))
        opt_ins.add(tx, row(2, made["b"], 20))

        assert opt_ins.recent(tx, "ANA@example.com", 5) == 2
        assert opt_ins.recent(tx, "ana@example.com", 10) == 1
        assert opt_ins.recent(tx, "bo@example.com", 0) == 0


def test_what_was_not_confirmed_is_forgotten(store, world):
    (who,) = world.customers(1)
    with store.transaction() as tx:
        for number, at in enumerate((10, 20, 30)):
            opt_ins.add(tx, row(number, who, at))
        opt_ins.confirm(tx, row(0, who, 10).id, 15)

        assert opt_ins.forget(tx, 30) == 1
        assert [one.at for one in opt_ins.of_customer(tx, who)] == [10, 30]
