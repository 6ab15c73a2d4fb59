"""Imports into a real database, both kinds: nothing twice, nothing lost, and a dry run leaves nothing behind."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime

import pytest

from lifeloop.store import consents, customers, events, objects
from lifeloop.work.importing import running
from lifeloop.work.importing.guessing import Said
from lifeloop.work.importing.meaning import Habits
from lifeloop.work.importing.opening import open_import
from lifeloop.work.importing.problems import Rejected
from lifeloop.work.importing.rehearsing import rehearse_rows
from lifeloop.work.importing.rejects import Rejects
from lifeloop.work.importing.running import import_rows
from lifeloop.work.project import open_project

MAPPING = """
source: till
customers: {id: who, email: "{who}@example.com", city: town}
consents: {news: agrees}
events:
  - {name: order.placed, at: day, data: {order_id: nr, total: paid}}
"""
HEAD = "who,town,agrees,day,nr,paid\n"


class Desk:
    """Imports files into a shop and keeps what was rejected."""

    def __init__(self, shop, folder):
        self.shop = shop
        self.folder = folder
        self.rejected = []

    def open(self, name, text, said=None, mapping=None, **habits):
        path = self.folder / name
        path.write_text(text)
        if mapping:
            (self.folder / "map.yaml").write_text(mapping)
        return open_import(
            path,
            self.shop.space.catalogue,
            said or Said(),
            Habits(**habits),
            self.folder / "map.yaml" if mapping else None,
        )

    def bring(self, name, text, said=None, mapping=None, **habits):
        file = self.open(name, text, said, mapping, **habits)
        return import_rows(self.shop.space, file.rows(), reject=self.rejected.append, source=file.source)

    def try_out(self, name, text, said=None, mapping=None):
        return rehearse_rows(self.shop.space, self.open(name, text, said, mapping).rows(), reject=self.rejected.append)

    def count(self, table):
        with self.shop.space.store.reading() as tx:
            return tx.ask(f"SELECT count(*) AS number FROM {table}")[0].number  # noqa: S608  # our own tables

    def allowed(self, key):
        with self.shop.space.store.reading() as tx:
            return consents.of_customer(tx, customers.find_keys(tx, [key])[key].id)

    def events(self, key):
        with self.shop.space.store.reading() as tx:
            return events.of_customer(tx, customers.find_keys(tx, [key])[key].id, 100)


@pytest.fixture
def desk(shop, tmp_path):
    return Desk(shop, tmp_path)


def rows(count, customers_=7):
    lines = [f"c{n % customers_},Rome,yes,2026-02-{28 - n % 28:02},N{n},{n}.5" for n in range(count)]
    return HEAD + "\n".join(lines) + "\n"


def test_one_row_makes_a_customer_and_an_event_and_the_same_file_again_adds_nothing(desk):
    first = desk.bring("till.csv", rows(2500), mapping=MAPPING)
    again = desk.bring("till.csv", rows(2500), mapping=MAPPING)
    assert (first.taken, first.new_customers, first.events, first.known) == (2500, 7, 2500, 0)
    assert (again.taken, again.new_customers, again.events, again.known) == (2500, 0, 0, 2500)
    assert (desk.count("customer"), desk.count("event"), desk.count("consent")) == (7, 2500, 7)
    assert desk.shop.customer("c1")["email"] == "c1@example.com"
    assert desk.rejected == []


def test_two_rows_that_say_the_same_are_two_events_also_when_read_again(desk):
    text = HEAD + "a,Rome,yes,2026-02-01,N1,5\n" * 3
    assert desk.bring("till.csv", text, mapping=MAPPING).events == 3
    assert desk.bring("till.csv", text, mapping=MAPPING).known == 3
    assert desk.bring("till.csv", text + "b,Rome,yes,2026-02-01,N1,5\n", mapping=MAPPING).events == 1


def test_an_id_that_comes_again_with_other_content_is_refused_and_the_first_stays(desk):
    said = Said(kind="events", event="order.placed", at="day", id="nr")
    desk.bring("a.csv", "customer_id,day,nr,total\na,2026-02-01,N1,5\n", said)
    done = desk.bring("a.csv", "customer_id,day,nr,total\na,2026-02-01,N1,6\na,2026-02-01,N2,7\n", said)
    assert (done.events, done.taken, done.rejected) == (1, 1, 1)
    (refused,) = desk.rejected
    assert (refused.row, "N1" in refused.reason, refused.value) == (2, True, "N1")
    assert [event.data["total"] for event in desk.events("a")] == [5, 7]


def test_a_bad_cell_costs_its_row_and_nothing_else(desk):
    text = HEAD + (
        "a,Rome,yes,2026-02-01,N1,5\n"
        "b,Rome,yes,2026-02-31,N2,5\n"
        "c,Rome,perhaps,2026-02-01,N3,5\n"
        ",Rome,yes,2026-02-01,N4,5\n"
        "e,Rome,yes,2026-02-01,N5,much\n"
        "f,Rome,yes,2062-02-01,N6,5\n"
        "g,Rome,yes,2026-02-01,N7,5\n"
    )
    done = desk.bring("till.csv", text, mapping=MAPPING)
    assert (done.rows, done.taken, done.rejected, desk.count("customer")) == (7, 2, 5, 2)
    told = {one.row: (one.column, one.reason) for one in desk.rejected}
    assert told[3] == ("day", '"2026-02-31" is not a date and time such as 2026-12-31 09:00')
    assert told[4] == ("agrees", '"perhaps" is neither yes nor no')
    assert told[5] == ("who", "it does not say which customer")
    assert told[6] == ("paid", '"much" is not a number')
    assert "future" in told[7][1]


def test_who_said_no_stays_with_it_whatever_an_older_file_says(desk):
    desk.bring("till.csv", HEAD + "a,Rome,yes,2026-02-01,N1,5\n", mapping=MAPPING)
    with desk.shop.space.store.transaction() as tx:
        consents.unsubscribe(tx, customers.find_keys(tx, ["a"])["a"].id, "news", desk.shop.now)
    desk.bring("till.csv", HEAD + "a,Rome,yes,2026-02-01,N1,5\nb,Rome,no,2026-02-01,N2,5\n", mapping=MAPPING)
    assert (desk.allowed("a"), desk.allowed("b")) == ({"news": False}, {"news": False})


def test_a_no_in_a_file_takes_permission_away(desk):
    desk.bring("till.csv", HEAD + "a,Rome,yes,2026-02-01,N1,5\n", mapping=MAPPING)
    desk.bring("till.csv", HEAD + "a,Rome,no,2026-02-01,N1,5\n", mapping=MAPPING)
    assert desk.allowed("a") == {"news": False}


def test_an_empty_cell_changes_nothing(desk):
    desk.bring("p.csv", "id,city,status\na,Rome,active\n")
    desk.bring("p.csv", "id,city,status\na,,former\n")
    assert (desk.shop.customer("a")["city"], desk.shop.customer("a")["status"]) == ("Rome", "former")


def test_a_dry_run_says_who_would_enter_and_leaves_nothing_behind(desk):
    desk.shop.write(
        orders="start: {event: order.placed}\ndelivery: {topic: service}\nsteps:\n  - send: shop/one\n",
        birthdays="start: {date: customer.due, at: 9:00}\nagain: always\nsteps: [{send: shop/two, topic: service}]\n",
    )
    desk.shop.space.project = open_project(desk.shop.root)
    today = datetime.fromtimestamp(desk.shop.now, UTC).date().isoformat()
    said = Said(kind="events", event="order.placed", at="day")
    found = desk.try_out("o.csv", f"customer_id,day\na,{today}\nb,{today}\nc,2025-01-01\n", said)
    people = desk.try_out("p.csv", f"id,due\nd,{today}\ne,2026-12-24\nf,someday\n")
    assert (found.entering, found.done.events) == ({"orders": 2}, 3)
    assert (people.entering, people.done.taken, people.done.rejected) == ({"birthdays": 1}, 2, 1)
    assert [desk.count(table) for table in ("customer", "event", "journey", "enrollment", "message")] == [0] * 5


def test_an_import_wakes_who_waits_for_it_and_old_events_start_nothing(desk):
    desk.shop.publish(
        orders="start: {event: order.placed}\nagain: always\ndelivery: {topic: service}\nsteps: [{send: shop/one}]"
    )
    said = Said(kind="events", event="order.placed", at="day")
    done = desk.bring("o.csv", "customer_id,day\na,2026-03-02 09:30\nb,1997-01-01\n", said)
    desk.shop.wave()
    assert done.journeys == {"orders"}
    assert [len(desk.shop.runs(key)) for key in "ab"] == [1, 0]


LINES = [
    {"id": "1", "first_name": "Fay", "email": "fay@example.com", "consents": {"news": "ja"}, "due": "2026-12-24"},
    {"id": "1", "contracts": [{"contract_id": "C-1", "ends": "2026-06-30"}, {"contract_id": "C-2"}]},
    {"event": "order.placed", "customer": "1", "at": "2026-02-01T10:00:00+01:00", "id": "e-1", "total": "12.50"},
    {"type": "track", "event": "Order Placed", "userId": "1", "messageId": "m", "timestamp": 1770000000},
    {"type": "identify", "userId": "2", "traits": {"first_name": "Gil"}, "context": {"ip": "127.0.0.1"}},
    {"specversion": "1.0", "type": "order.paid", "source": "/s", "id": "c-1", "subject": "2", "time": "2026-02-01"},
]


def test_json_lines_bring_customers_and_events_in_several_forms(desk):
    text = "\n".join(json.dumps(line) for line in LINES)
    done = desk.bring("all.jsonl", text)
    assert (desk.rejected, done.taken, done.events) == ([], 6, 3)
    assert desk.shop.customer("1")["due"] == "2026-12-24"
    assert desk.shop.customer("2")["first_name"] == "Gil"
    assert [(event.name, event.data) for event in desk.events("1")] == [
        ("order.placed", {"total": 12.5}),
        ("order.placed", {}),
    ]
    with desk.shop.space.store.reading() as tx:
        things = objects.of_customers(tx, [customers.find_keys(tx, ["1"])["1"].id])
    assert [(thing.key, thing.fields.get("ends")) for thing in things] == [("C-1", "2026-06-30"), ("C-2", None)]
    assert desk.bring("all.jsonl", text).known == 3


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("{", "", "is not JSON"),
        ("[1]", "", "one object"),
        ('{"a": "\\u0000", "id": "1"}', "", "NUL"),
        ('{"a": "\\ud800", "id": "1"}', "", "half of a character"),
        ('{"id": NaN}', "", "is not JSON"),
        ("[" * 100_000, "", "is not JSON"),
        ('{"first_name": "Bo"}', "id", "which customer"),
        ('{"event": "order.place", "customer": "1", "at": "2026-02-01"}', "event", 'did you mean "order.placed"'),
        ('{"event": "order.placed", "at": "2026-02-01"}', "customer", "which customer"),
        ('{"event": "order.placed", "customer": "1"}', "at", "does not say when"),
        ('{"event": "order.placed", "customer": "1", "at": "soon"}', "at", "is not a date and time"),
        ('{"id": "1", "email": "nowhere"}', "email", "is not an e-mail address"),
        ('{"id": "1", "timezone": "Mars/Base"}', "timezone", "is not a time zone"),
        ('{"id": "1", "consents": {"nws": true}}', "consents", "is not a topic"),
        ('{"id": "1", "contracts": [{"ends": "2026-01-01"}]}', "contract", "has no contract_id"),
    ],
)
def test_a_bad_line_is_named_and_the_next_one_is_read(desk, line, column, reason):
    done = desk.bring("x.jsonl", '{"id": "0"}\n' + line + '\n{"id": "9"}\n')
    (refused,) = desk.rejected
    assert (done.taken, refused.row, refused.column) == (2, 2, column)
    assert reason in refused.reason


def test_the_number_of_statements_does_not_grow_with_the_batch(desk, counted):
    desk.shop.publish(orders="start: {event: order.placed}\nagain: always\nsteps: [{send: shop/one, topic: service}]")
    seen = []
    for size in (10, 1000):
        with counted(desk.shop.space.store) as statements:
            desk.bring(f"{size}.csv", rows(size, customers_=size), mapping=MAPPING, source=f"s{size}")
        seen.append(len(statements))
    assert seen[0] == seen[1]


def test_a_row_with_several_mistakes_tells_all_of_them(desk):
    desk.bring("till.csv", HEAD + ",Rome,perhaps,2026-02-31,N1,much\n", mapping=MAPPING)
    (refused,) = desk.rejected
    assert (refused.column, refused.reason.split("; ")) == (
        "who",
        [
            "it does not say which customer",
            'agrees: "perhaps" is neither yes nor no',
            'day: "2026-02-31" is not a date and time such as 2026-12-31 09:00',
            'paid: "much" is not a number',
        ],
    )


def test_a_line_with_several_mistakes_tells_all_of_them(desk):
    line = {
        "event": "order.placed",
        "customer": "a",
        "at": "2026-02-01",
        "properties": {"total": "much", "order_id": [1]},
    }
    desk.bring("orders.jsonl", json.dumps(line) + "\n")
    (refused,) = desk.rejected
    assert (refused.column, refused.reason.count("; ")) == ("total", 1)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rejects_are_written_as_their_file_is_and_can_be_read_again(desk, tmp_path, delimiter):
    head = ("id", "since", "note")
    rows = [head, ("a", "2026-02-31", "one; two, three"), ("b", "2026-02-01", "")]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows) + "\n"
    file = desk.open("people.csv", text, delimiter=delimiter)
    rejects = Rejects(tmp_path / "people.rejects.csv", file.header, file.delimiter)
    rejects.add(Rejected(2, "no such day", "since", "2026-02-31", rows[1]))
    written = rejects.close().read_text(encoding="utf-8-sig")
    assert next(csv.reader(written.splitlines()[1:], delimiter=delimiter))[4:] == list(rows[1])
    again = desk.open("people.rejects.csv", written)
    assert (again.delimiter, again.header) == (delimiter, head)


@pytest.mark.postgres
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_large_import_lets_the_database_count_its_rows(desk, monkeypatch):
    monkeypatch.setattr(running, "BATCH", 10)
    desk.bring("people.csv", "customer_id,city\n" + "".join(f"c{n},Rome\n" for n in range(200)))
    with desk.shop.space.store.reading() as tx:
        counted = tx.ask("SELECT reltuples FROM pg_class WHERE oid = 'customer'::regclass")[0].reltuples
    assert counted >= 160
