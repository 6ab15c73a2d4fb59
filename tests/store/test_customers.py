"""Customers and their things: merged, and what changed told back."""

from __future__ import annotations

from lifeloop.journey.condition import DataName
from lifeloop.store import assigning, customers, objects
from lifeloop.store.opening import Store
from lifeloop.store.values import Assign, Change, CustomerRow, ObjectRow


def test_a_new_customer_is_written_and_told(store: Store) -> None:
    with store.transaction() as tx:
        done = customers.upsert(tx, [CustomerRow("ana", {"email": "Ana@Example.com", "plan": "free"})], 7)
        ana = customers.find_keys(tx, ["ana"])["ana"]
        assert customers.find_email(tx, "ana@example.COM") == (ana,)
    assert done.new == {ana.id}
    assert {(change.name.path[0], change.old, change.new) for change in done.changes} == {
        ("email", None, "Ana@Example.com"),
        ("plan", None, "free"),
    }
    assert ana.data == {"id": "ana", "email": "Ana@Example.com", "plan": "free"}


def test_what_is_missing_stays_and_null_removes(store: Store) -> None:
    with store.transaction() as tx:
        customers.upsert(tx, [CustomerRow("ana", {"plan": "free", "score": 3, "phone": "+311"})], 1)
        done = customers.upsert(tx, [CustomerRow("ana", {"plan": "plus", "phone": None}), CustomerRow("bo")], 2)
        assert customers.find_keys(tx, ["ana"])["ana"].data == {"id": "ana", "plan": "plus", "score": 3}
        assert len(done.new) == 1
        who = done.ids["ana"]
    assert set(done.changes) == {
        Change(who, DataName("customer", ("plan",)), "free", "plus"),
        Change(who, DataName("customer", ("phone",)), "+311", None),
    }


def test_writing_the_same_again_changes_nothing(store: Store) -> None:
    row = CustomerRow("ana", {"email": "ana@example.com", "tags": ["a", "é"], "vip": True, "spent": 1.5})
    with store.transaction() as tx:
        customers.upsert(tx, [row], 1)
        again = customers.upsert(tx, [row, row], 2)
        assert (again.new, again.changes) == (frozenset(), ())
        number = customers.upsert(tx, [CustomerRow("ana", {"vip": 1})], 2)
        assert [change.new for change in number.changes] == [1]


def test_texts_of_all_sorts_come_back_as_they_were(store: Store) -> None:
    text = "'; DROP TABLE customer; -- \" % _ \\ 😀 \u2028 :name"
    with store.transaction() as tx:
        customers.upsert(tx, [CustomerRow(text, {"email": text, "note": text, text: text})], 1)
        found = customers.find_keys(tx, [text])[text]
    assert found.data == {"id": text, "email": text, "note": text, text: text}


def test_set_data_reaches_customers_things_and_what_is_inside(store: Store) -> None:
    with store.transaction() as tx:
        who = customers.upsert(tx, [CustomerRow("ana", {"address": {"city": "Gent", "zip": "9000"}})], 1).ids["ana"]
        objects.upsert(tx, [ObjectRow(who, "contract", "K1", {"ends": "2027-01-01"})], 1)
        changes = assigning.set_data(
            tx,
            [
                Assign(who, DataName("customer", ("vip",)), True),
                Assign(who, DataName("customer", ("address", "city")), "Brugge"),
                Assign(who, DataName("contract", ("ends",)), "2028-01-01", "K1"),
                Assign(who, DataName("contract", ("ends",)), "2028-01-01", "gone"),
            ],
            2,
        )
        assert customers.find(tx, [who])[who].data == {
            "id": "ana",
            "vip": True,
            "address": {"city": "Brugge", "zip": "9000"},
        }
        assert [thing.fields for thing in objects.of_customers(tx, [who])] == [{"ends": "2028-01-01"}]
    assert [(str(change.name), change.old, change.new, change.object_key) for change in changes[1:]] == [
        ("customer.address", {"city": "Gent", "zip": "9000"}, {"city": "Brugge", "zip": "9000"}, None),
        ("contract.ends", "2027-01-01", "2028-01-01", "K1"),
    ]


def test_things_merge_and_their_end_is_a_change_to_unknown(store: Store) -> None:
    with store.transaction() as tx:
        who = customers.upsert(tx, [CustomerRow("ana")], 1).ids["ana"]
        objects.upsert(tx, [ObjectRow(who, "contract", "K1", {"ends": "2027-01-01", "monthly": 10})], 1)
        changed = objects.upsert(tx, [ObjectRow(who, "contract", "K1", {"monthly": 12})], 2)
        assert [(str(change.name), change.old, change.new) for change in changed] == [("contract.monthly", 10, 12)]
        assert objects.of_customers(tx, [who], ["order"]) == ()
        gone = objects.delete(tx, [(who, "contract", "K1"), (who, "contract", "K2")])
        assert objects.of_customers(tx, [who]) == ()
    assert {(str(change.name), change.old, change.new, change.object_key) for change in gone} == {
        ("contract.ends", "2027-01-01", None, "K1"),
        ("contract.monthly", 12, None, "K1"),
    }


def test_a_thousand_take_as_many_statements_as_ten(store: Store, counted) -> None:
    taken = []
    for size in (10, 1000):
        rows = [CustomerRow(f"{size}-{number}", {"plan": "free"}) for number in range(size)]
        with counted(store) as seen, store.transaction() as tx:
            ids = customers.upsert(tx, rows, 1).ids
            objects.upsert(tx, [ObjectRow(id_, "contract", "K", {"a": 1}) for id_ in ids.values()], 1)
            name = DataName("customer", ("vip",))
            assigning.set_data(tx, [Assign(id_, name, True) for id_ in ids.values()], 1)
        taken.append(len(seen))
    assert taken[0] == taken[1]
