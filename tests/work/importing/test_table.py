"""CSV files as people really have them: each bad row costs itself and never its neighbours."""

from __future__ import annotations

import csv
import tracemalloc

import pytest

from lifeloop.work.importing.problems import Rejected, UnreadableFileError
from lifeloop.work.importing.rejects import Rejects
from lifeloop.work.importing.table import Row, Table


def table(tmp_path, content, **options):
    path = tmp_path / "people.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Table(path, **options)


def read(tmp_path, content, **options):
    found = list(table(tmp_path, content, **options).rows())
    return {one.number: list(one.cells) for one in found if isinstance(one, Row)}, {
        one.row: one.reason for one in found if isinstance(one, Rejected)
    }


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_what_stands_between_cells_is_found_out(tmp_path, mark):
    quoted = '"a, b; c"'
    good, bad = read(tmp_path, f"id{mark}name{mark}note\n1{mark}Bo{mark}{quoted}\n2{mark}Cas{mark}d\n")
    assert (good, bad) == ({2: ["1", "Bo", "a, b; c"], 3: ["2", "Cas", "d"]}, {})


def test_a_single_column_is_a_table_too(tmp_path):
    assert read(tmp_path, "email\nbo@example.com\ncas@example.com\n")[0] == {
        2: ["bo@example.com"],
        3: ["cas@example.com"],
    }


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        ("id,name\n1,José\n".encode(), "utf-8"),
        ("id,name\n1,José\n".encode("utf-8-sig"), "utf-8-sig"),
        ("id,name\r\n1,José\r\n".encode("cp1252"), "cp1252"),
        ("id,name\n1,José\n".encode("utf-16"), "utf-16"),
    ],
)
def test_every_common_encoding_is_read(tmp_path, raw, encoding):
    opened = table(tmp_path, raw)
    assert (opened.columns, opened.encoding) == (("id", "name"), encoding)
    assert [list(row.cells) for row in opened.rows()] == [["1", "José"]]


def test_a_line_of_another_encoding_far_down_is_still_read(tmp_path):
    plain = "".join(f"{number},x\n" for number in range(20_000)).encode()
    good, bad = read(tmp_path, b"id,name\n" + plain + "20000,Zoë\n".encode("cp1252"))
    assert (bad, good[20_002]) == ({}, ["20000", "Zoë"])


def test_bad_rows_are_named_with_their_line_and_the_others_are_read(tmp_path):
    good, bad = read(
        tmp_path,
        b"id;name;note\n"
        b"1;Bo;fine\n"
        b'"2;Cas;never closed\n'
        b"3;Dee;fine\n"
        b"4;E\x00va;nul\n"
        b"5;Fay\n"
        b'"6";"two\nlines";fine\n'
        b'7;"G"il;inside\n'
        b"\n"
        b"8;Hal;fine\n",
    )
    assert good == {
        2: ["1", "Bo", "fine"],
        4: ["3", "Dee", "fine"],
        7: ["6", "two\nlines", "fine"],
        11: ["8", "Hal", "fine"],
    }
    assert {row: reason.split(" ")[0:4] for row, reason in bad.items()} == {
        3: ["a", "quotation", "mark", "opens"],
        5: ["the", "line", "holds", "a"],
        6: ["the", "row", "has", "2"],
        9: ["a", "quotation", "mark", "stands"],
    }


def test_a_cell_of_fifty_megabytes_costs_one_row_and_little_memory(tmp_path):
    content = b"id,name\n1,Bo\n2," + b"z" * 50_000_000 + b"\n3,Cas\n"
    path = tmp_path / "big.csv"
    path.write_bytes(content)
    tracemalloc.start()
    rows = list(Table(path).rows())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [type(row).__name__ for row in rows] == ["Row", "Rejected", "Row"]
    assert "longer than" in rows[1].reason
    assert peak < 12_000_000


def test_a_cell_within_the_line_limit_but_too_long_costs_one_row(tmp_path):
    good, bad = read(tmp_path, "id,name\n1," + "q" * (csv.field_size_limit() + 1) + "\n2,Bo\n")
    assert (good, list(bad)) == ({3: ["2", "Bo"]}, [2])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n  \n", "is empty"),
        (b"PK\x03\x04" + b"\x00" * 50, "Excel workbook"),
        (b"\x1f\x8b\x08" + b"\x00" * 50, "compressed"),
        (bytes(range(256)) * 8, "not a text file"),
        (b"1001,bo@example.com\n1002,cas@example.com\n", "looks like data"),
        (b"id,name,name\n1,a,b\n", 'two columns of .* called "name"'),
        (b'"id,name\n1,Bo\n', "first line"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(tmp_path, content, said):
    with pytest.raises(UnreadableFileError, match=said):
        table(tmp_path, content)


def test_what_is_not_there_or_is_a_folder_is_said(tmp_path):
    with pytest.raises(UnreadableFileError, match="there is no file"):
        Table(tmp_path / "nothing.csv")
    with pytest.raises(UnreadableFileError, match="is a folder"):
        Table(tmp_path)


def test_a_rejects_file_can_be_read_again(tmp_path):
    good, bad = read(tmp_path, 'row,column,value,reason,id,name\n3,name,x,why,1,"\'=Bo"\n')
    assert (good, bad) == ({2: ["1", "=Bo"]}, {})


def test_an_unknown_encoding_or_delimiter_is_said(tmp_path):
    with pytest.raises(UnreadableFileError, match="no encoding"):
        table(tmp_path, "a,b\n", encoding="klingon")
    with pytest.raises(UnreadableFileError, match="cannot stand between"):
        table(tmp_path, "a,b\n", delimiter="::")


def test_the_line_by_which_spreadsheets_tell_their_delimiter_is_taken_away(tmp_path):
    good, bad = read(tmp_path, "sep=;\nid;name\n1;a,b,c,d\n")
    assert (good, bad) == ({3: ["1", "a,b,c,d"]}, {})


FORMULAS = [
    "=HYPERLINK(1)", "  =1+1", "\t=1", "\r=1", "\n=1", "-2+3", "@SUM(1)", "+31 6 12345678", "=1,5;x",
    "'=1", "''=1", "' +1",
]  # fmt: skip
HARMLESS = ["-2", "-1.249,50", "'-2", "'s-Gravenhage", "'s", "a=1", "2+2", "", "'"]


def test_no_cell_of_a_rejects_file_is_a_formula_and_each_comes_back_as_it_was(tmp_path):
    rejects = Rejects(tmp_path / "people.rejects.csv", ("id", "=name", "note"))
    for number, cell in enumerate(FORMULAS + HARMLESS, 1):
        rejects.add(Rejected(number, "@why", "=name", cell, (str(number), cell, "x")))
    path = rejects.close()
    with path.open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    assert head[5] == "'=name"
    assert [row[2:4] for row in rows[:1]] == [["'=HYPERLINK(1)", "'@why"]]
    assert [row[5] for row in rows] == [f"'{cell}" for cell in FORMULAS] + HARMLESS
    again = Table(path)
    assert again.columns == ("id", "=name", "note")
    assert [row.cells[1] for row in again.rows()] == [cell.strip() for cell in FORMULAS + HARMLESS]
