"""Parquet files: the same guesses and the same rejects as a table, and no more memory for a large one."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from pyarrow import parquet

from lifeloop.store import customers, events
from lifeloop.work.importing.guessing import Said
from lifeloop.work.importing.meaning import Habits
from lifeloop.work.importing.opening import count_lines, open_import
from lifeloop.work.importing.parquet import ParquetTable, is_parquet
from lifeloop.work.importing.problems import MappingError, UnreadableFileError
from lifeloop.work.importing.running import import_rows

PEOPLE = {
    "customer_id": [1001, 1002, 1003],
    "First name": ["Bo", None, "Dee"],
    "E-mail": ["bo@example.com", "cas@example", None],
    "due": [date(2027, 6, 30), None, date(2026, 12, 31)],
}
ORDERS = {
    "customer": ["1001", "1001"],
    "when": [datetime(2026, 3, 1, 14, 30, tzinfo=UTC), None],
    "id": ["A-17", "A-18"],
    "total": [1249.5, 3.0],
}


@pytest.fixture
def bring(shop, tmp_path):
    def bring(data, said=None):
        path = tmp_path / "data.parquet"
        parquet.write_table(pa.table(data), path)
        rejected = []
        opened = open_import(path, shop.space.catalogue, said or Said(), Habits())
        done = import_rows(shop.space, opened.rows(), reject=rejected.append)
        opened.close()
        return opened, done, rejected

    return bring


def test_customers_come_in_by_the_names_of_their_columns(shop, bring):
    opened, done, rejected = bring(PEOPLE)
    assert opened.written == "Parquet"
    assert (done.taken, [(one.row, one.column) for one in rejected]) == (2, [(2, "E-mail")])
    with shop.space.store.reading() as tx:
        bo = customers.find_keys(tx, ["1001"])["1001"].data
    assert (bo["first_name"], bo["email"], bo["due"]) == ("Bo", "bo@example.com", "2027-06-30")


def test_events_come_in_with_their_times_and_numbers(shop, bring):
    said = Said("events", None, "order.placed", at="when", columns={"total": "total"})
    _, done, rejected = bring(ORDERS, said)
    assert (done.events, [one.reason for one in rejected]) == (1, ["it does not say when"])
    with shop.space.store.reading() as tx:
        (event,) = events.after(tx, 0, 10)
    assert (event.message_id, event.at, event.data["total"]) == ("A-17", 1_772_375_400, 1249.5)


def test_every_kind_of_value_is_the_text_a_table_would_hold(tmp_path):
    path = tmp_path / "kinds.parquet"
    data = {
        "a": [True],
        "b": [b"\xc3\xa9"],
        "c": [[1, date(2026, 1, 2)][:1]],
        "d": [{"x": date(2026, 1, 2)}],
        "e": [1.5],
    }
    parquet.write_table(pa.table(data), path)
    table = ParquetTable(path)
    (row,) = table.rows()
    table.close()
    assert [*row.cells[:3], json.loads(row.cells[3]), row.cells[4]] == ["true", "é", "[1]", {"x": "2026-01-02"}, "1.5"]


def test_a_large_file_needs_no_more_memory_than_a_small_one(tmp_path):
    path = tmp_path / "large.parquet"
    count = 150_000
    words = pa.array([f"{number:>040}" for number in range(count)])
    table = pa.table({"id": words, "first_name": words, "city": words})
    parquet.write_table(table, path, row_group_size=count, use_dictionary=False, compression="none")
    del table, words
    before, most = pa.total_allocated_bytes(), 0
    opened = ParquetTable(path)
    for row in opened.rows():
        if row.number % 5000 == 0:
            most = max(most, pa.total_allocated_bytes() - before)
    opened.close()
    assert count_lines(path) == count == row.number
    assert most < path.stat().st_size / 2


def test_what_only_looks_like_one_is_said(shop, tmp_path):
    path = tmp_path / "broken.parquet"
    path.write_bytes(b"PAR1 and then nothing")
    with pytest.raises(UnreadableFileError, match="begins like a Parquet file"):
        open_import(path, shop.space.catalogue, Said(), Habits())
    assert not is_parquet(tmp_path / "nowhere")


def test_a_file_whose_columns_say_nothing_is_let_go(shop, tmp_path):
    path = tmp_path / "odd.parquet"
    parquet.write_table(pa.table({"x": [1]}), path)
    with pytest.raises(MappingError):
        open_import(path, shop.space.catalogue, Said(), Habits())


def test_without_what_reads_it_it_is_said_what_to_install(shop, tmp_path, monkeypatch):
    path = tmp_path / "people.parquet"
    parquet.write_table(pa.table(PEOPLE), path)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(UnreadableFileError) as found:
        open_import(path, shop.space.catalogue, Said(), Habits())
    assert "lifeloop[parquet]" in found.value.hint
