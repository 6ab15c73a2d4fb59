from __future__ import annotations

from pathlib import Path

import pytest

from lifeloop.journey.catalogue import Catalogue
from lifeloop.journey.diagnostic import Diagnostic
from lifeloop.journey.people import read_people
from lifeloop.journey.person import Person
from lifeloop.journey.source import Report


@pytest.fixture
def read(catalogue: Catalogue, tmp_path: Path):
    def run(text: str) -> tuple[dict[str, Person], list[Diagnostic]]:
        (tmp_path / "ana.yaml").write_text(text)
        report = Report()
        return read_people(tmp_path, catalogue, report), report.found

    return run


def test_a_person_is_typed_by_the_catalogue(read):
    people, found = read("""
first_name: Ana
plan: premium
contract_end: 2026-06-30
yearly_value: 640
auto_renews: no
last_score: "9"
phone: "+351 912 345 678"
left_because:
contracts:
  - {contract_id: A-1, holder: ours, ends: 2026-06-30}
  - {contract_id: 17, holder: competitor}
consents: {inspiration: true, service: false}
""")
    assert found == []
    ana = people["ana"]
    assert ana.customer == {
        "first_name": "Ana",
        "plan": "premium",
        "contract_end": "2026-06-30",
        "yearly_value": 640,
        "auto_renews": False,
        "last_score": 9,
        "phone": "+351 912 345 678",
    }
    ours = {"contract_id": "A-1", "holder": "ours", "ends": "2026-06-30"}
    assert ana.things == {"contract": (ours, {"contract_id": "17", "holder": "competitor"})}
    assert ana.consents == {"inspiration": True, "service": False}


def test_one_thing_and_a_list_of_consents_are_enough(read):
    people, found = read("contract: {contract_id: A-1}\nconsents: [inspiration]\n")
    assert found == []
    assert people["ana"].things == {"contract": ({"contract_id": "A-1"},)}
    assert people["ana"].consents == {"inspiration": True}


@pytest.mark.parametrize(
    ("text", "code", "place", "label"),
    [
        ("frist_name: Ana", "J123", (1, 1), 'did you mean "first_name"?'),
        ("shoe_size: 43", "J123", (1, 1), "customer has"),
        ("plan: premum", "J126", (1, 7), 'did you mean "premium"?'),
        ("contract_end: 30.06.2026", "J126", (1, 15), ""),
        ("last_score: 12", "J126", (1, 13), ""),
        ("last_score: [1, 2]", "J126", (1, 13), ""),
        ("consents: [insipration]", "J161", (1, 12), 'did you mean "inspiration"?'),
        ("consents: {inspiration: perhaps}", "J126", (1, 25), ""),
        ("contract: {holder: ours}", "J106", (1, 11), ""),
        ("contracts: [{contract_id: 1, hodler: ours}]", "J123", (1, 30), 'did you mean "holder"?'),
        ("contracts: [{contract_id: 1}, {contract_id: 1}]", "J005", (1, 13), ""),
        ("- Ana", "J104", (1, 1), ""),
    ],
)
def test_each_mistake_has_its_place(read, text: str, code: str, place: tuple[int, int], label: str):
    _, found = read(text)
    first = found[0]
    assert (first.code, (first.place.line, first.place.column)) == (code, place)
    assert label in first.label


def test_a_folder_that_is_not_there_has_no_people(catalogue: Catalogue, tmp_path: Path):
    report = Report()
    assert read_people(tmp_path / "nobody", catalogue, report) == {}
    assert report.found == []


def test_a_broken_file_leaves_the_others(read, tmp_path: Path):
    (tmp_path / "bo.yaml").write_text("first_name: 'Bo\n")
    people, found = read("first_name: Ana\n")
    assert list(people) == ["ana"]
    assert [(one.code, one.place.file.rpartition("/")[2]) for one in found] == [("J001", "bo.yaml")]
